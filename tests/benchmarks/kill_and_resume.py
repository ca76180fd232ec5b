"""Kills a training process at random moments, resumes it, and compares with an undisturbed run.

    python tests/benchmarks/kill_and_resume.py [--kills 20] [--preset gpt-small] [--corpus names]

A table: at which step each kill came, from which step the next process went on, and what differs in
the end, which should be nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time

import psutil
import torch

from gpt.corpus.catalogue import load_corpus
from gpt.runs.journal import Record, read_records
from gpt.runs.launch import resume_run, start_run
from gpt.runs.library import create_run, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.runs.recorder import read_state_values
from gpt.runs.run import Run
from gpt.runs.session import train_run

TIMES = ("milliseconds", "tokens_per_second")


def outcome(run: Run) -> dict[str, object]:
    """Everything that a run leaves and that must not depend on interruptions."""
    metrics: list[Record] = [
        {name: value for name, value in record.items() if name not in TIMES}
        for record in read_records(run.metrics_file)
    ]
    weights = {path.name: path.read_bytes() for path in run.checkpoints_folder.iterdir()}
    samples, histograms = (read_records(f) for f in (run.samples_file, run.histograms_file))
    return {"metrics": metrics, "weights": weights, "samples": samples, "histograms": histograms}


def kill_at_random(run: Run, rng: random.Random, longest: float) -> tuple[int, int] | None:
    """The steps written and the steps saved when the kill came; None if the run was over before."""
    time.sleep(rng.uniform(0, longest))
    status = run.status()
    if status.state == "finished":
        return None
    if status.pid is not None:
        process = psutil.Process(status.pid)
        process.kill()
        process.wait()
    metrics, values = read_records(run.metrics_file), read_state_values(run)
    assert not list_runs().unreadable
    return metrics[-1]["step"] if metrics else 0, values["progress"]["step"] if values else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--preset", default="gpt-small")
    parser.add_argument("--corpus", default="names")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds until a kill")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_RUNS"] = folder
        corpus = load_corpus(arguments.corpus)
        changes = {"steps": arguments.steps, "save_interval": 0.5}
        config = configure(PRESETS[arguments.preset], corpus, changes)
        undisturbed = create_run(config, corpus)
        train_run(undisturbed)

        run = create_run(config, corpus)
        start_run(run)
        print(f"{'kill':>4} {'written':>8} {'saved':>6}")
        for i in range(arguments.kills):
            steps = kill_at_random(run, rng, arguments.longest)
            if steps is None:
                break
            print(f"{i + 1:4} {steps[0]:8} {steps[1]:6}", flush=True)
            resume_run(run, "benchmark")
        while run.status().is_active:
            time.sleep(0.1)
        found, expected = outcome(run), outcome(undisturbed)
        differing = [name for name in expected if found[name] != expected[name]]
        print(f"{run.status().state}; differs in: {', '.join(differing) or 'nothing'}")


if __name__ == "__main__":
    main()
