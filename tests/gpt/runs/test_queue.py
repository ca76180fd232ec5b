from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gpt.runs.queue import FOLDER, Turn, waiting

# Takes its turn, says so, keeps it until it is told to leave or killed.
PROGRAM = """
import sys, time
from pathlib import Path
from gpt.runs.queue import Turn
turn = Turn(Path(sys.argv[1]), Path(sys.argv[2]))
while not turn.take():
    time.sleep(0.01)
print("mine", flush=True)
sys.stdin.readline()
turn.leave()
print("left", flush=True)
sys.stdin.readline()
"""


@contextmanager
def contender(runs: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(runs), str(runs / name)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def nudge(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def names_in_queue(runs: Path) -> list[str]:
    return [ticket.run.name for ticket in waiting(runs)]


def test_one_at_a_time_in_the_order_in_which_they_came(runs: Path, wait_until: Any) -> None:
    with contender(runs, "a") as a:
        assert said(a) == "mine"
        with contender(runs, "b") as b:
            wait_until(lambda: names_in_queue(runs) == ["b"])
            with contender(runs, "c") as c:
                wait_until(lambda: names_in_queue(runs) == ["b", "c"])
                nudge(a)
                assert said(a) == "left"
                assert said(b) == "mine"
                assert names_in_queue(runs) == ["c"]
                nudge(b)
                assert said(b) == "left"
                assert said(c) == "mine"
                assert names_in_queue(runs) == []


def test_whoever_is_killed_makes_way(runs: Path, wait_until: Any) -> None:
    with contender(runs, "a") as a, contender(runs, "b") as b:
        first, second = (a, b) if wait_until(lambda: names_in_queue(runs)) == ["b"] else (b, a)
        with contender(runs, "c") as c:
            wait_until(lambda: len(names_in_queue(runs)) == 2)
            assert said(first) == "mine"
            # The one who waits dies, then the one who trains: the last one's turn has come.
            second.send_signal(signal.SIGKILL)
            first.send_signal(signal.SIGKILL)
            assert said(c) == "mine"


def test_a_turn_is_kept_until_it_is_left_and_can_be_taken_again(runs: Path) -> None:
    one, other = Turn(runs, runs / "one"), Turn(runs, runs / "other")
    assert one.take() and one.take()
    assert not other.take()
    assert not other.take()
    one.leave()
    assert not one.take()
    assert other.take()
    other.leave()
    assert one.take()
    one.leave()
    assert waiting(runs) == []


def test_leaving_the_queue_lets_the_next_move_up(runs: Path) -> None:
    trainer, impatient, patient = (Turn(runs, runs / name) for name in ("a", "b", "c"))
    assert trainer.take() and not impatient.take() and not patient.take()
    impatient.leave()
    trainer.leave()
    assert patient.take()


def test_rubbish_in_the_queue_does_not_block_it(runs: Path) -> None:
    folder = runs / FOLDER
    folder.mkdir(parents=True)
    for i, contents in enumerate(["", "{}", "[]", '{"run": 3}', '{"run": "a", "pid": "x"}']):
        (folder / f"{i:020}-1.json").write_text(contents)
    dead = {"run": "a", "pid": os.getpid(), "started": 1.0, "host": platform.node()}
    (folder / f"{9:020}-1.json").write_text(json.dumps(dead))
    turn = Turn(runs, runs / "a")
    assert turn.take()
    # Whoever joins clears away what belongs to a process that is no more.
    assert not (folder / f"{9:020}-1.json").exists()
    turn.leave()


def test_a_ticket_that_somebody_took_away_is_written_anew(runs: Path) -> None:
    trainer, waiter = Turn(runs, runs / "a"), Turn(runs, runs / "b")
    assert trainer.take() and not waiter.take()
    for ticket in waiting(runs):
        ticket.path.unlink()
    time.sleep(0.001)
    assert not waiter.take()
    trainer.leave()
    assert waiter.take()
