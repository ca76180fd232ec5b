"""Median time of a training step of the scalar GPT against MicroGPT's own way of doing it.

    python tests/benchmarks/scalar_step.py NAMES.txt [STEPS] [ROUNDS]

Both train the same model on the same names from the same seed, each in a process of its own, the
two processes taking turns, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# tests/ for the plain way, and the root lest tests/gpt be taken for the package.
sys.path[:0] = map(str, Path(__file__).parents[1:3])


def plain_losses(documents: list[str]) -> Iterator[float]:
    from plain_microgpt import PlainMicroGPT

    sys.setrecursionlimit(200_000)  # it sorts its graph recursively
    return PlainMicroGPT(documents).train(1000)


def our_losses(documents: list[str]) -> Iterator[float]:
    from gpt.corpus.tokenizer import CharTokenizer
    from gpt.scalar.model import Config
    from gpt.scalar.train import initial_training_state, train

    rng = random.Random(42)
    rng.shuffle(documents)
    tokenizer = CharTokenizer.from_documents(documents)
    config = Config(vocab_size=tokenizer.vocab_size)
    tokens = [tokenizer.encode_document(document) for document in documents]
    return (report.loss for report in train(config, initial_training_state(config, rng), tokens))


WAYS = {"plain": plain_losses, "gpt.scalar": our_losses}


def measure(way: str, path: str, steps: int) -> None:
    """In the child: time each step and print the times, the losses and the peak memory."""
    documents = [line.strip() for line in Path(path).read_text().splitlines() if line.strip()]
    losses, seconds = [], []
    stream = WAYS[way](documents)
    for _ in range(steps):
        start = time.perf_counter()
        losses.append(next(stream))
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "losses": losses, "peak": peak}))


def main() -> None:
    path = sys.argv[1]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    results: dict[str, list[dict]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--measure", way, path, str(steps)]
            finished = subprocess.run(command, check=True, capture_output=True, text=True)
            results[way].append(json.loads(finished.stdout))

    pairs = zip(results["plain"][0]["losses"], results["gpt.scalar"][0]["losses"], strict=True)
    print(f"{rounds} rounds of {steps} steps; largest difference of a loss: ", end="")
    print(f"{max(abs(a - b) for a, b in pairs):.1e} nats")
    print(f"{'':12}{'median ms':>12}{'min ms':>10}{'max ms':>10}{'peak MB':>10}")
    medians = {}
    for way, runs in results.items():
        ms = [1000 * second for run in runs for second in run["seconds"]]
        medians[way] = statistics.median(ms)
        peak = max(run["peak"] for run in runs)
        print(f"{way:12}{medians[way]:12.2f}{min(ms):10.2f}{max(ms):10.2f}{peak:10.0f}")
    by_round = [
        statistics.median(plain["seconds"]) / statistics.median(ours["seconds"])
        for plain, ours in zip(results["plain"], results["gpt.scalar"], strict=True)
    ]
    print(f"ratio of medians {medians['plain'] / medians['gpt.scalar']:.1f}", end="; by round ")
    print(", ".join(f"{ratio:.1f}" for ratio in by_round))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
