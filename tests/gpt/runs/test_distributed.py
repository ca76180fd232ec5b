"""Runs that torchrun trains in two processes: same folder, same losses, same steering."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from gpt.corpus.tasks import generate_corpus
from gpt.runs.config import RunError
from gpt.runs.control import ask_to_train, pause_run, set_learning_rate, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.runs.training import open_training
from gpt.tensor.distributed import Workers

LONG = {"steps": 100_000, "schedule": "constant", "dropout": 0.0, "sample_interval": None}
COPY = generate_corpus("copy")


@contextmanager
def torchrun(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """`gpt` in two processes, ended with the context."""
    command = "from torch.distributed.run import main; main()"
    launcher = [sys.executable, "-c", command, "--standalone", "--nproc-per-node", "2", "-m", "--"]
    with subprocess.Popen(
        [*launcher, "gpt", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                for each in psutil.Process(process.pid).children():
                    each.kill()
                process.kill()


def train_until(run: Run, step: int) -> None:
    """Trains in this process alone, and stops after that step."""

    def stop(record: Record) -> None:
        if record["step"] == step:
            stop_run(run, "test")

    ask_to_train(run, "test")
    assert train_run(run, on_record=stop).step == step


def check_agreement(found: Run, expected: Run, steps: int) -> None:
    """What the first steps report is the same to 1e-5."""
    pairs = zip(read_records(found.metrics_file), read_records(expected.metrics_file), strict=True)
    for ours, theirs in list(pairs)[: steps + 1]:
        assert ours.keys() == theirs.keys()
        for name in ours.keys() - {"milliseconds", "tokens_per_second", "update_ratios"}:
            assert ours[name] == pytest.approx(theirs[name], rel=1e-5), (ours["step"], name)


def test_a_run_goes_from_one_process_to_two_and_back_as_if_it_had_not(
    tiny: Any, wait_until: Callable[..., Any]
) -> None:
    # Five rows: one process computes three of them, the other two.
    run, undisturbed = (tiny.run("tensor", batch_size=5, **LONG) for _ in range(2))
    train_until(run, 8)
    ask_to_train(run, "test")
    set_learning_rate(run, 0.002, "test")
    with torchrun("train", "--run", run.path) as process:
        wait_until(lambda: run.status().step >= 25)
        pause_run(run, "test")
        wait_until(lambda: run.status().state == "paused")
        paused = run.status().step
        assert run.status().pid in [p.pid for p in psutil.Process(process.pid).children()]
        ask_to_train(run, "test")
        wait_until(lambda: run.status().step > paused)
        stop_run(run, "test")
        out, _ = process.communicate(timeout=30)
    stopped = run.status().step
    assert (run.status().state, process.returncode) == ("stopped", 0)
    # Only the first of the two has spoken, and written.
    assert out.count(f"{run.name}: stopped after step {stopped:,} in ") == 1
    train_until(run, stopped + 5)

    train_until(undisturbed, 8)
    set_learning_rate(undisturbed, 0.002, "test")
    train_until(undisturbed, stopped + 5)
    check_agreement(run, undisturbed, steps=30)


def test_a_task_is_learnt_by_two_as_by_one_and_the_death_of_one_loses_nothing(
    runs: Any, wait_until: Callable[..., Any]
) -> None:
    settings = {"batch_size": 4, "n_embd": 16, "n_layer": 1, "evaluation_windows": 200}
    settings |= {"evaluation_interval": 7, "optimiser": "muon", "save_interval": 0.0}
    config = configure(PRESETS["copy"], COPY, LONG | settings)
    run, alone = create_run(config, COPY), create_run(config, COPY)
    with torchrun("train", "--run", run.path) as process:
        wait_until(lambda: run.status().step >= 21)
        first = run.status().pid
        (other,) = (p for p in psutil.Process(process.pid).children() if p.pid != first)
        other.kill()
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    sentence = "One of its 2 processes ended without a word; resuming it loses nothing."
    assert (run.status().state, run.status().message) == ("failed", sentence)
    assert err.count(f"gpt: {sentence}") == 1
    last = read_records(run.metrics_file)[-1]["step"]
    train_until(run, last + 3)
    train_until(alone, last + 3)
    check_agreement(run, alone, steps=20)


def test_plain_numbers_are_refused_to_several_processes(tiny: Any) -> None:
    with pytest.raises(RunError, match="A GPT made of plain numbers trains in one process"):
        open_training(tiny.config("scalar"), tiny.corpus, None, Workers(0, 2))
