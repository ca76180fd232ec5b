from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gpt.runs import status as status_module
from gpt.runs.process import ProcessIdentity, own_process
from gpt.runs.status import Status, read_status, write_status

RUNNING = Status("running", time.time(), steps=100, step=40, train_loss=1.5)


def test_a_status_survives_the_disk(tmp_path: Path) -> None:
    status = RUNNING.taken_by(own_process())
    write_status(tmp_path / "status.json", status)
    assert read_status(tmp_path / "status.json") == status
    assert os.listdir(tmp_path) == ["status.json"]


@pytest.mark.parametrize(
    "contents", ["", "[]", "{}", '{"state": "dancing"}', '{"state": "running", "steps": "many"}']
)
def test_what_is_no_status_is_refused(tmp_path: Path, contents: str) -> None:
    (tmp_path / "status.json").write_text(contents)
    with pytest.raises(ValueError):
        read_status(tmp_path / "status.json")


def test_a_living_process_is_believed() -> None:
    status = RUNNING.taken_by(own_process())
    assert status.seen_now() is status


def test_a_recycled_process_number_is_not_mistaken_for_the_trainer() -> None:
    own = own_process()
    seen = RUNNING.taken_by(replace(own, started=own.started - 100)).seen_now()
    assert seen.state == "interrupted"
    assert seen.message == (
        "Its process ended after step 40 without a word; resuming it loses nothing."
    )


def test_a_killed_process_is_dead_even_before_its_parent_has_taken_note() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        identity = ProcessIdentity(process.pid, started, own_process().host)
        assert identity.is_alive()
        process.send_signal(signal.SIGKILL)
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not identity.is_alive()


@pytest.mark.parametrize(("age", "state"), [(0, "running"), (100, "interrupted")])
def test_a_trainer_on_another_machine_is_judged_by_its_heartbeat(age: float, state: str) -> None:
    elsewhere = ProcessIdentity(1, 0.0, "another-machine")
    status = replace(RUNNING.taken_by(elsewhere), heartbeat=time.time() - age)
    assert status.seen_now().state == state


@pytest.mark.parametrize(("age", "state"), [(0, "queued"), (100, "interrupted")])
def test_a_trainer_has_a_while_to_come_up(age: float, state: str) -> None:
    assert Status("queued", time.time() - age, steps=10).seen_now().state == state


@pytest.mark.parametrize("state", ["stopped", "finished", "failed"])
def test_what_has_ended_needs_no_process(state: str) -> None:
    status = replace(RUNNING, state=state, heartbeat=0.0)
    assert status.seen_now() is status


def test_on_a_full_disk_the_old_status_makes_room_for_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, contents: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "status.json"
    write_status(path, replace(RUNNING, message="a long story " * 20))
    monkeypatch.setattr(status_module, "write_whole", fail)
    failed = replace(RUNNING, state="failed", message="The disk is full.")
    write_status(path, failed)
    assert read_status(path) == failed
