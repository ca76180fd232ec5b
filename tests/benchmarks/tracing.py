"""What it costs to keep every activation of a forward pass, as a table.

    python tests/benchmarks/tracing.py [--repeats 40] [--threads 1] [--preset NAME ...] [--keep]

Times are milliseconds of processor time, best of many, plain and traced in turn. With `--keep` the
process keeps the memory that it frees (`gpt.lens.memory`), as the app does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch

from gpt.lens.heads import label_heads, measure_heads
from gpt.lens.memory import keep_freed_memory
from gpt.lens.trace import trace
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS

VOCAB_SIZE = 65
BATCHES = ((1, 64), (12, 64), (1, 256))


def processor_times(functions: list[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Milliseconds of each, taken in turn so that whatever else goes on meets all alike."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats + 3):
        for function, taken in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            taken.append(1000 * (time.process_time() - start))
    return [taken[3:] for taken in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--preset", nargs="+", choices=PRESETS, default=["nanogpt-cpu", "fast"])
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.keep:
        print("memory is kept" if keep_freed_memory() else "this system cannot keep memory")
    columns = ("plain", "traced", "ratio", "of medians", "scores", "labels")
    print(f"{'preset':12} {'B':>3} {'T':>4}" + "".join(f"{column:>11}" for column in columns))
    generator = torch.Generator().manual_seed(1)
    for name in arguments.preset:
        for B, T in BATCHES:
            config = PRESETS[name].model(VOCAB_SIZE, block_size=T)
            model = build_model(config, generator).eval()
            tokens = torch.randint(VOCAB_SIZE, (B, T), generator=generator)
            with torch.no_grad():
                plain, traced = processor_times(
                    [partial(model, tokens), partial(trace, model, tokens)], arguments.repeats
                )
            patterns, text = trace(model, tokens[0]).patterns, tokens[0]
            scores = measure_heads(patterns, text)
            measuring, labelling = processor_times(
                [partial(measure_heads, patterns, text), partial(label_heads, scores, text)],
                arguments.repeats,
            )
            figures = (
                min(plain),
                min(traced),
                min(traced) / min(plain),
                median(traced) / median(plain),
                median(measuring),
                median(labelling),
            )
            print(f"{name:12} {B:3} {T:4}" + "".join(f"{figure:11.2f}" for figure in figures))


if __name__ == "__main__":
    main()
