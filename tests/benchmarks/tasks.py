"""Each task learnt by its own preset: loss against the floor, accuracy and seconds, as a table.

    python tests/benchmarks/tasks.py [--task NAME ...] [--seeds 1337 ...] [--preset NAME]

Runs `python -m gpt train` with one thread, as a person would, in a folder that is then deleted. The
loss is that of the last weights on every example held out; "process" is the loss of the process
that drew these examples, which lies beside the floor by chance.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gpt.corpus.tasks import TASKS, generate_corpus
from gpt.corpus.tasks.task import Example
from gpt.runs.data import split_corpus
from gpt.runs.evaluation import evaluate_run
from gpt.runs.journal import read_records
from gpt.runs.run import Run

LEARNT = 0.99


def train(task: str, preset: str, seed: int, folder: Path) -> Run:
    command = [sys.executable, "-m", "gpt", "train", "--corpus", task, "--preset", preset]
    command += ["--seed", str(seed), "--threads", "1", "--device", "cpu", "--run", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GPT_RUNS": str(folder.parent)}
    subprocess.run(
        command, check=True, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return Run(folder)


def seconds_until_learnt(run: Run) -> str:
    """Training time until so many of the answers' tokens are right; evaluation excluded."""
    milliseconds = 0.0
    for record in read_records(run.metrics_file):
        milliseconds += record.get("milliseconds", 0.0)
        if record.get("validation_accuracy", 0.0) > LEARNT:
            return f"{milliseconds / 1000:.1f}"
    return "-"


def surprise_of_the_process(task: str) -> float:
    """The loss of who knows the process, on the very examples that are held out."""
    examples = [Example.of(each) for each in split_corpus(generate_corpus(task)).validation]
    surprises = [-math.log(TASKS[task].probability(each)) for each in examples]
    return sum(surprises) / sum(len(each.answer) + 1 for each in examples)


def row(name: str, seed: int, preset: str | None) -> str:
    """One run, from nothing to its evaluation, as a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(name, preset or name, seed, Path(folder) / name)
        status, evaluation = run.status(), evaluate_run(run)
        learnt = seconds_until_learnt(run)
    answers, blind = evaluation.answers, TASKS[name].blind_floor
    assert answers is not None
    losses = [evaluation.loss, answers.floor, surprise_of_the_process(name)]
    shown = "".join(f"{abs(loss):9.4f}" for loss in losses)
    return (
        f"{name:9}{seed:6}{status.step:7,}{shown}{'' if blind is None else f'{blind:.4f}':>9}"
        f"{answers.accuracy:9.2%}{answers.exact_match:9.2%}{status.seconds:9.1f}{learnt:>9}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337])
    parser.add_argument("--preset", help="the same for all (default: the preset of each task)")
    arguments = parser.parse_args()
    columns = ("loss", "floor", "process", "blind", "tokens", "answers", "seconds", "to 99 %")
    print(f"{'task':9}{'seed':>6}{'steps':>7}" + "".join(f"{each:>9}" for each in columns))
    for name in arguments.task:
        for seed in arguments.seeds:
            print(row(name, seed, arguments.preset), flush=True)


if __name__ == "__main__":
    main()
