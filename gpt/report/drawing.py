"""Curves and attention patterns as SVG text: drawings that any browser shows, of numbers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 480, 220
WIDE, HIGH = 980, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 10, 34
MOST_POINTS = 600  # of a line: about one a pixel
TICKS = 5
SHADES = 10  # of a weight; below half of the first nothing is drawn


class Line(NamedTuple):
    """Something measured over the steps.

    Attributes:
        kind: which style it takes.
        steps, values: at which step what was measured.
        has_dots: whether each measurement is marked, and tells its number.
    """

    kind: str
    steps: Sequence[float]
    values: Sequence[float]
    has_dots: bool = False


def draw_curves(lines: Sequence[Line], title: str, unit: str, *, is_wide: bool = False) -> str:
    """Lines over the steps on common axes; numbers that are not finite are left out."""
    width, height = (WIDE, HIGH) if is_wide else (WIDTH, HEIGHT)
    shown = [_finite(line) for line in lines]
    values = [value for line in shown for value in line.values]
    steps = [step for line in shown for step in line.steps]
    if not values:
        return ""
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or abs(high) or 1.0
    low, high, last = low - room, high + room, max(*steps, 1)

    def x(step: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * step / last

    def y(value: float) -> float:
        return TOP + (height - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
    ]
    for tick in _ticks(low, high):
        parts.append(
            f'<path class="grid-line" d="M{LEFT} {y(tick):.1f}H{width - RIGHT}"/>'
            f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in _ticks(0, last):
        parts.append(
            f'<text x="{x(tick):.1f}" y="{height - 16}" text-anchor="middle">{tick:,g}</text>'
        )
    parts.append(
        f'<text x="{width - RIGHT}" y="{height - 2}" text-anchor="end">step</text>'
        f'<text x="0" y="{height - 2}">{escape(unit)}</text>'
    )
    for line in shown:
        points = [(x(step), y(value)) for step, value in zip(line.steps, line.values, strict=True)]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        parts.append(f'<path class="{line.kind}" d="M{path}"/>' if points else "")
        if line.has_dots:
            parts += [
                f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="3">'
                f"<title>step {step:,g}: {value:.4f}</title></circle>"
                for (a, b), step, value in zip(points, line.steps, line.values, strict=True)
            ]
    return "".join([*parts, "</svg>"])


def draw_pattern(pattern: Sequence[Sequence[float]], title: str) -> str:
    """An attention pattern `(T, T)`: rows are queries, columns keys, the future is grey.

    Weights are drawn in ten shades; cells of one shade that touch in a row are one shape.
    """
    T = len(pattern)
    shades: dict[int, list[str]] = {}
    for row, weights in enumerate(pattern):
        start = 0
        levels = [round(SHADES * weight) for weight in weights[: row + 1]]
        for column in range(row + 1):
            is_last = column == row
            if is_last or levels[column + 1] != levels[column]:
                if levels[column] > 0:
                    width = column + 1 - start
                    shades.setdefault(levels[column], []).append(
                        f"M{start} {row}h{width}v1h-{width}z"
                    )
                start = column + 1
    steps = "".join(f"H{row + 1}V{row + 1}" for row in range(T))
    future = f"M0 0{steps}V0z".replace(f"H{T}V{T}V0z", f"H{T}V0z")
    cells = "".join(
        f'<path class="weight" fill-opacity="{level / SHADES:g}" d="{"".join(pieces)}"/>'
        for level, pieces in sorted(shades.items())
    )
    return (
        f'<svg viewBox="0 0 {T} {T}" role="img" aria-label="{escape(title)}" '
        f'shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path class="future" d="{future}"/>{cells}</svg>'
    )


def thin(values: Sequence[float], most: int = MOST_POINTS) -> list[int]:
    """At most so many places of a series, evenly, with both its ends."""
    if len(values) <= most:
        return list(range(len(values)))
    return sorted({round(i * (len(values) - 1) / (most - 1)) for i in range(most)})


def _finite(line: Line) -> Line:
    pairs = [
        (step, value)
        for step, value in zip(line.steps, line.values, strict=True)
        if math.isfinite(value)
    ]
    return line._replace(steps=[step for step, _ in pairs], values=[value for _, value in pairs])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two: 1, 2 or 5 of some power of ten apart."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    first = math.ceil(low / step)
    return [round(i * step, 10) for i in range(first, math.floor(high / step) + 1)]
