"""Starting a run as a process of its own, which outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psutil

from gpt.corpus.catalogue import downloads_folder
from gpt.runs.control import ask_to_train
from gpt.runs.library import list_runs, runs_folder, unwritable
from gpt.runs.run import Run
from gpt.runs.status import Status, read_status

NICENESS = 10

_PROJECT = Path(__file__).resolve().parents[2]


def start_run(run: Run) -> None:
    """Starts `python -m gpt train --run DIR`, detached and at lower priority.

    It goes on from where the run stands, and waits by itself until no other run trains.

    Raises RunError if the folder cannot be written.
    """
    config = run.config()
    try:
        # Until the process says so itself, somebody has to say that it is on its way.
        run.write_status(
            replace(_last_status(run, config.training.steps), state="queued", message=None)
        )
        with run.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gpt", "train", "--run", str(run.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(config.compute.threads),
                # A Ctrl-C for the app, or the end of its terminal, is none for the training.
                start_new_session=True,
            )
    except OSError as error:
        raise unwritable(run.path, error) from None
    lower_priority(process.pid)
    # Whoever started a process has to take note of its end, or it stays as a zombie.
    Thread(target=process.wait, name=f"end of {run.name}", daemon=True).start()


def resume_run(run: Run, who: str) -> None:
    """Lets a paused run go on, and starts one again that was stopped, killed or has failed.

    Raises RunError if the folder cannot be written.
    """
    ask_to_train(run, who)
    # Asked first, looked after: a trainer that is about to stop either sees the wish or is gone.
    if not run.status().is_active:
        start_run(run)


def restart_queued() -> list[Run]:
    """Starts the runs again that were waiting when the machine went down, oldest first."""
    revived = []
    for summary in reversed(list_runs().runs):
        was_waiting = _last_status(summary.run, 0).state == "queued"
        if was_waiting and summary.status.state == "interrupted":
            start_run(summary.run)
            revived.append(summary.run)
    return revived


def lower_priority(pid: int) -> None:
    """Lets everybody else's processes go first, this app's among them."""
    with suppress(psutil.Error, OSError):
        # Windows has classes in place of numbers.
        psutil.Process(pid).nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS))


def environment(threads: int) -> dict[str, str]:
    """For a process of ours: paths that do not depend on the current folder, and so many threads.

    Libraries read the number of threads once, when they are loaded.
    """
    paths = [str(_PROJECT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "GPT_RUNS": str(runs_folder()),
        "GPT_DATA": str(downloads_folder().absolute()),
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
    }


def _last_status(run: Run, steps: int) -> Status:
    try:
        written = read_status(run.status_file)
    except (OSError, ValueError):
        written = Status("queued", time.time(), steps)
    return replace(written, heartbeat=time.time(), pid=None, process_started=None, host=None)
