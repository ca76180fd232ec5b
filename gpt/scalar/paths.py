"""A gradient as a sum over paths: each way from a value to the output, as the product of its edges.

The chain rule, read forwards: d(output)/d(value) = Σ over paths of Π local gradients. There can be
more paths than atoms in the universe; counting them and finding the largest still takes one pass.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from gpt.scalar.value import Value, computed_values


@dataclass(frozen=True)
class Path:
    """One way to the output: the values on it, from the value asked about to the output."""

    contribution: float
    values: tuple[Value, ...]
    child_indices: tuple[int, ...]
    """Which child of values[i + 1] values[i] is: tells `a * a`'s two edges apart."""


@dataclass(frozen=True)
class PathSum:
    """All paths: their exact number, the largest by size, and the sum of the others."""

    count: int
    largest: tuple[Path, ...]
    rest: float


def sum_over_paths(root: Value, value: Value, gradient: float, at_most: int = 5) -> PathSum:
    """Take d(root)/d(value) = `gradient` apart into its paths.

    Goes from the output down and keeps, for every value on the way, the number of paths and the
    `at_most` largest. Along an edge all contributions are scaled alike, so the largest of a value
    are among the largest of its parents.
    """
    counts: dict[Value, int] = {root: 1}
    best: dict[Value, Sequence[Path]] = {root: [Path(1.0, (root,), ())]}
    for parent in reversed(computed_values(root)):
        if parent not in counts:
            continue  # only another member of its family leads to the output
        extended: dict[Value, list[Path]] = {}
        pairs = zip(parent.children, parent.local_gradients, strict=True)
        for index, (child, local_gradient) in enumerate(pairs):
            counts[child] = counts.get(child, 0) + counts[parent]
            extended.setdefault(child, []).extend(
                Path(
                    path.contribution * local_gradient,
                    (child, *path.values),
                    (index, *path.child_indices),
                )
                for path in best[parent]
            )
        for child, paths in extended.items():
            candidates = [*best.get(child, ()), *paths]
            best[child] = heapq.nlargest(at_most, candidates, key=lambda p: abs(p.contribution))
    largest = tuple(best.get(value, ()))
    count = counts.get(value, 0)
    shown = sum(path.contribution for path in largest)
    return PathSum(count, largest, 0.0 if len(largest) == count else gradient - shown)
