"""A gradient as the sum of its uses: every position of every example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.charts.quick_figure import Axis, Bars, Cells, Numbers, Panel, QuickFigure
from explorer.charts.tokens import visible


def uses_figure(
    contributions: Numbers, texts: Sequence[Sequence[str]], chosen: tuple[int, int]
) -> QuickFigure:
    """What each position of each example adds to a gradient, `(B, T)`, with the sums of both.

    `texts` are the tokens that are read there; `chosen`, counted from 0, is framed. On the axes
    positions and examples count from 1.
    """
    B, T = contributions.shape
    largest = full_colour(contributions)
    of_positions, of_examples = contributions.sum(0), contributions.sum(1)
    cells = Cells(
        contributions,
        -largest,
        largest,
        chosen,
        "contribution",
        "{text}  at position {x} of example {y}\nadds {z}",
        texts=[[visible(text) for text in row] for row in texts],
    )
    has_examples = B > 1  # of one alone, the sum is that of all
    left, beside = (0.0, 0.86 if has_examples else 1.0), (0.875, 1.0)
    above, below = ((0.0, 0.21), (0.26, 1.0)) if has_examples else ((0.0, 0.5), (0.56, 1.0))
    by_position = Bars(of_positions, True, "sum", "position {x}, of all examples: {y}")
    by_example = Bars(of_examples, False, "sum", "example {y}, of all positions: {x}")
    panels = [
        Panel("position", "example", [cells], left, below),
        Panel("position", "of positions", [by_position], left, above),
        Panel("of examples", "example", [by_example], beside, below),
    ]
    return QuickFigure(
        {
            "position": Axis(0.5, T + 0.5, "position", most_ticks=10, is_whole=True),
            "example": Axis(B + 0.5, 0.5, "example", most_ticks=min(B, 8), is_whole=True),
            "of positions": Axis(*_ends(of_positions), "sum", most_ticks=4),
            "of examples": Axis(*_ends(of_examples), "sum", most_ticks=2),
        },
        panels if has_examples else panels[:2],
        left=76,
        below=48,
        enlarged_as=f"{B} {T}",
        scale_title="and beyond",
    )


def full_colour(contributions: Numbers) -> float:
    """From which number on a use has the full colour.

    A few uses may outweigh all others; those still want to be seen.
    """
    sizes = np.abs(contributions[contributions != 0])
    return float(np.quantile(sizes, 0.98)) if len(sizes) else 1.0


def _ends(sums: Numbers) -> tuple[float, float]:
    """Of an axis for bars: from zero, with some room beyond the longest of either sign."""
    low, high = min(0.0, float(sums.min())), max(0.0, float(sums.max()))
    room = 0.06 * (high - low) or 1.0
    return low - room * (low < 0), high + room * (high > 0 or low == 0)
