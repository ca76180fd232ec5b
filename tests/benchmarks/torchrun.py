"""One process beside several under torchrun, at the same total batch: losses and time of a step.

    python tests/benchmarks/torchrun.py [--preset gpt-small] [--corpus names] [--processes 1 2]
                                        [--steps 40] [--optimiser muon] [--any-other-setting ...]

Each trains the same run into a folder of its own, one after the other, one thread a process. The
losses are those that the runs have written down.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from gpt.commands.settings import add_setting_flags, chosen_settings
from gpt.corpus.catalogue import load_corpus
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run

SHOWN = 10
WARM_UP_STEPS = 3


def train(run: Run, processes: int) -> list[Record]:
    """Trains a run by so many processes; returns what it says of each step."""
    launcher = [
        "torch.distributed.run",
        "--standalone",
        f"--nproc-per-node={processes}",
        "-m",
        "--",
    ]
    subprocess.run(
        [
            *(sys.executable, "-m"),
            *(launcher if processes > 1 else []),
            *("gpt", "train", "--run", str(run.path)),
        ],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return read_records(run.metrics_file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="gpt-small", choices=PRESETS)
    parser.add_argument("--corpus")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    add_setting_flags(parser)
    arguments = parser.parse_args()
    preset = PRESETS[arguments.preset]
    corpus = load_corpus(arguments.corpus or preset.corpus)
    # Dropout would be another in each process, and samples would only take time.
    common = {"steps": 40, "dropout": 0.0, "sample_interval": None}
    config = configure(preset, corpus, common | chosen_settings(arguments))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_RUNS"] = folder
        runs = {
            n: train(create_run(config, corpus, path=Path(folder, str(n))), n)
            for n in arguments.processes
        }

    first, *others = runs.values()
    print(f"{'step':>5}" + "".join(f"{f'{n} process(es)':>16}" for n in runs) + "   difference")
    largest = 0.0
    for i, records in enumerate(zip(first, *others, strict=True)):
        name = "train_loss" if "train_loss" in records[0] else "validation_loss"
        losses = [record[name] for record in records]
        largest = max(largest, max(losses) - min(losses))
        if i % max(1, len(first) // SHOWN) == 0 or i + 1 == len(first):
            shown = "".join(f"{loss:16.8f}" for loss in losses)
            print(f"{records[0]['step']:5}{shown}   {max(losses) - min(losses):.1e}")
    print(f"largest difference of all {len(first)}: {largest:.1e} nats")
    for n, records in runs.items():
        times = [r["milliseconds"] for r in records if "milliseconds" in r][WARM_UP_STEPS:]
        print(f"{n} process(es): {median(times):.1f} ms a step")


if __name__ == "__main__":
    main()
