"""Milliseconds of a training step for each preset, as a table.

    python tests/benchmarks/tensor_training.py [--steps 30] [--threads 1 2] [--preset NAME ...]

The tokens are random: what they say does not change what a step costs.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from statistics import median, quantiles

import torch

from gpt.tensor.batches import get_batch
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS
from gpt.tensor.training import Trainer

VOCAB_SIZE = 65
WARM_UP_STEPS = 3


def step_times(name: str, steps: int) -> list[float]:
    """Milliseconds of that many steps of a preset, without evaluation and inspection."""
    preset = PRESETS[name]
    generator = torch.Generator().manual_seed(preset.training.seed)
    model = build_model(preset.model(VOCAB_SIZE), generator)
    data = torch.randint(VOCAB_SIZE, (100_000,), generator=generator)
    training = replace(
        preset.training,
        steps=steps + WARM_UP_STEPS,
        warmup_steps=0,
        inspection_interval=None,
    )
    draw_batch = partial(get_batch, data, model.config.block_size, training.batch_size)
    reports = Trainer(model, training, draw_batch=draw_batch).run()
    return [r.milliseconds for r in reports if r.milliseconds is not None][WARM_UP_STEPS:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--preset", nargs="+", choices=PRESETS, default=["nanogpt-cpu"])
    arguments = parser.parse_args()
    print(f"{'preset':14} {'threads':>7} {'parameters':>11} {'memory MB':>10} {'ms':>7} {'p95':>7}")
    for name in arguments.preset:
        model, training = PRESETS[name].model(VOCAB_SIZE), PRESETS[name].training
        memory = model.training_memory(training.batch_size) / 1e6
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            times = step_times(name, arguments.steps)
            print(
                f"{name:14} {threads:7} {model.parameter_count():11,} {memory:10.1f} "
                f"{median(times):7.1f} {quantiles(times, n=20)[-1]:7.1f}"
            )


if __name__ == "__main__":
    main()
