"""Runs as processes of their own: started, steered, killed and taken up again."""

from __future__ import annotations

import os
import platform
import random
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from gpt.runs.control import pause_run, set_learning_rate, stop_run
from gpt.runs.journal import read_records
from gpt.runs.launch import NICENESS, restart_queued, resume_run, start_run
from gpt.runs.queue import waiting
from gpt.runs.run import Run
from gpt.runs.status import Status


def state_of(run: Run) -> str:
    return run.status().state


def n_steps(run: Run) -> int:
    # Asked again and again while it trains, so without parsing.
    return run.metrics_file.read_bytes().count(b"\n") if run.metrics_file.exists() else 0


def kill(run: Run) -> None:
    pid = run.status().pid
    assert pid is not None and pid != os.getpid()
    process = psutil.Process(pid)
    process.kill()
    process.wait()


def test_a_run_is_a_process_of_low_priority_that_does_not_belong_to_us(
    tiny: Any, wait_until: Any
) -> None:
    run = tiny.run(steps=100_000)
    start_run(run)
    assert state_of(run) == "queued"
    wait_until(lambda: state_of(run) == "running")
    process = psutil.Process(run.status().pid)
    assert process.cmdline()[1:] == ["-m", "gpt", "train", "--run", str(run.path)]
    assert process.nice() >= NICENESS
    # A Ctrl-C at our terminal goes to our process group.
    assert os.getpgid(process.pid) != os.getpgid(0)
    stop_run(run, "test")
    wait_until(lambda: state_of(run) == "stopped")
    wait_until(lambda: not psutil.pid_exists(process.pid))
    assert [e["who"] for e in read_records(run.events_file)] == ["trainer", "test"]


@pytest.mark.parametrize(("kind", "steps", "kills"), [("scalar", 300, 5), ("tensor", 100, 2)])
def test_a_run_killed_at_random_moments_ends_as_if_it_had_not_been(
    tiny: Any, wait_until: Any, kind: str, steps: int, kills: int
) -> None:
    changes = {"steps": steps, "save_interval": 0.05, "evaluation_interval": 20}
    expected = tiny.everything(tiny.trained(kind, **changes))
    run, rng = tiny.run(kind, **changes), random.Random(os.urandom(8))
    start_run(run)
    killed_at = []
    for i in range(kills):
        # Some steps on from where it stands, and then within a few more.
        goal = (i + 1) * steps * 4 // 5 // (kills + 1)
        wait_until(lambda goal=goal: n_steps(run) >= goal)
        time.sleep(rng.uniform(0, 0.02))
        if not run.status().is_active:
            break
        kill(run)
        killed_at.append(n_steps(run))
        status = run.status()
        assert status.state == "interrupted"
        assert "resuming it loses nothing" in str(status.message)
        resume_run(run, "test")
        assert state_of(run) in ("queued", "running")
    wait_until(lambda: state_of(run) == "finished")
    assert tiny.everything(run) == expected, f"killed at steps {killed_at}"
    assert killed_at
    # Nothing half-written is left behind.
    assert not [path for path in run.path.rglob(".*") if path.name != ".trainer.lock"]


def test_pause_resume_and_a_new_learning_rate_reach_the_process(tiny: Any, wait_until: Any) -> None:
    run = tiny.run(steps=100_000)
    start_run(run)
    wait_until(lambda: n_steps(run) > 3)
    pause_run(run, "Ann")
    wait_until(lambda: state_of(run) == "paused")
    pid, rested_at = run.status().pid, n_steps(run)
    set_learning_rate(run, 0.125, "Ben")
    time.sleep(0.3)
    assert n_steps(run) == rested_at
    resume_run(run, "Ann")
    wait_until(lambda: n_steps(run) > rested_at)
    assert run.status().pid == pid
    assert read_records(run.metrics_file)[rested_at]["learning_rate"] == 0.125
    stop_run(run, "Ann")
    wait_until(lambda: state_of(run) == "stopped")
    steered = [(e["who"], e["what"]) for e in read_records(run.events_file)][1:]
    assert steered == [
        ("Ann", "pause"),
        ("Ben", "learning_rate"),
        ("Ann", "resume"),
        ("Ann", "stop"),
    ]


def test_runs_wait_for_each_other_without_anybody_watching(
    tiny: Any, runs: Path, wait_until: Any
) -> None:
    first, second, third = (tiny.run(steps=steps) for steps in (100_000, 5, 5))
    start_run(first)
    wait_until(lambda: state_of(first) == "running")
    for i, run in enumerate((second, third)):
        start_run(run)
        wait_until(lambda i=i: len(waiting(runs)) == i + 1)
    assert [ticket.run for ticket in waiting(runs)] == [second.path, third.path]
    assert (state_of(second), state_of(third)) == ("queued", "queued")
    kill(first)
    wait_until(lambda: state_of(third) == "finished")
    assert state_of(second) == "finished"
    assert second.status().heartbeat <= third.status().heartbeat


def test_a_queued_run_can_be_stopped(tiny: Any, runs: Path, wait_until: Any) -> None:
    first, second = tiny.run(steps=100_000), tiny.run(steps=5)
    start_run(first)
    wait_until(lambda: state_of(first) == "running")
    start_run(second)
    wait_until(lambda: waiting(runs))
    stop_run(second, "test")
    wait_until(lambda: state_of(second) == "stopped")
    assert n_steps(second) == 0
    wait_until(lambda: not waiting(runs))  # its place is left a moment after it says so
    resume_run(second, "test")
    stop_run(first, "test")
    wait_until(lambda: state_of(second) == "finished")


def test_what_waited_when_the_machine_went_down_waits_again(tiny: Any, wait_until: Any) -> None:
    waited, ran, done = tiny.run(steps=3), tiny.run(steps=3), tiny.trained(steps=3)
    for run, state in ((waited, "queued"), (ran, "running")):
        gone = {"pid": os.getpid(), "process_started": 1.0, "host": platform.node()}
        run.write_status(Status(state, time.time(), 3, **gone))  # type: ignore[arg-type]
    assert [state_of(run) for run in (waited, ran, done)] == [
        "interrupted",
        "interrupted",
        "finished",
    ]
    assert restart_queued() == [waited]
    wait_until(lambda: state_of(waited) == "finished")
    assert state_of(ran) == "interrupted"


def test_two_resumes_at_once_start_one_trainer(tiny: Any, wait_until: Any) -> None:
    run = tiny.run(steps=400)
    start_run(run)
    start_run(run)
    wait_until(lambda: state_of(run) == "finished")
    assert [m["step"] for m in read_records(run.metrics_file)] == list(range(401))
    wait_until(lambda: "is being trained by another process already" in run.log_file.read_text())


def test_a_failure_is_told_without_a_traceback(tiny: Any, wait_until: Any) -> None:
    run = tiny.run("tensor", device="abacus")
    start_run(run)
    wait_until(lambda: state_of(run) == "failed")
    assert "There is no device abacus on this machine" in str(run.status().message)
    wait_until(lambda: "gpt: There is no device abacus" in run.log_file.read_text())
    assert "Traceback" not in run.log_file.read_text()
