"""Curves as SVG text: drawings that any browser shows, of numbers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 480, 240
WIDE, HIGH = 980, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 24, 32, 46
MOST_POINTS = 600  # of a line: about one a pixel
TICKS = 5
LABEL_HEIGHT = 15  # of the name of a level; those nearer to one another share a line of text


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


class Level(NamedTuple):
    """A value to set the lines beside, dashed across the drawing, and its name."""

    name: str
    value: float


def draw_curves(
    lines: Sequence[Line],
    title: str,
    *,
    unit: str = "",
    levels: Sequence[Level] = (),
    is_wide: bool = False,
) -> str:
    """Lines over the steps on common axes; numbers that are not finite are left out.

    Args:
        lines: what was measured.
        title: what the drawing shows, for those who do not see it.
        unit: of the values, above their axis; none where a caption says it.
        levels: what to set the lines beside.
        is_wide: whether it takes the whole width of a page.
    """
    width, height = (WIDE, HIGH) if is_wide else (WIDTH, HEIGHT)
    shown = [_finite(line) for line in lines]
    values = [value for line in shown for value in line.values]
    steps = [step for line in shown for step in line.steps]
    if not values:
        return ""
    values += [level.value for level in levels]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or abs(high) or 1.0
    low, high, last = low - room, high + room, max(*steps, 1)

    def x(step: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * step / last

    def y(value: float) -> float:
        return TOP + (height - TOP - BOTTOM) * (high - value) / (high - low)

    right = width - RIGHT
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f'<text x="0" y="14">{escape(unit)}</text>' if unit else "",
        f'<text x="{right}" y="{height - 6}" text-anchor="end">step</text>',
    ]
    for tick in _ticks(low, high):
        parts.append(
            f'<path class="grid-line" d="M{LEFT} {y(tick):.1f}H{right}"/>'
            f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in _ticks(0, last):
        parts.append(
            f'<text x="{x(tick):.1f}" y="{height - 26}" text-anchor="middle">{tick:,g}</text>'
        )
    parts += [f'<path class="level" d="M{LEFT} {y(each.value):.1f}H{right}"/>' for each in levels]
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
    lowest = max(y(value) for line in shown for value in line.values)
    for level_height, names in _named_together([(y(each.value), each) for each in levels]):
        # Above its line; but below where nothing else is, out of the way of the curves.
        place = level_height + (16 if level_height >= lowest else -5)
        parts.append(
            f'<text class="level-name" x="{right}" y="{place:.1f}"'
            f' text-anchor="end">{escape(names)}</text>'
        )
    return "".join([*parts, "</svg>"])


def thin(values: Sequence[float], most: int = MOST_POINTS) -> list[int]:
    """At most so many places of a series, evenly, with both its ends."""
    if len(values) <= most:
        return list(range(len(values)))
    return sorted({round(i * (len(values) - 1) / (most - 1)) for i in range(most)})


def _named_together(placed: Sequence[tuple[float, Level]]) -> list[tuple[float, str]]:
    """Where to write which names: those of levels that would cover one another as one."""
    written: list[tuple[float, str]] = []
    lowest = -math.inf
    for height, level in sorted(placed):
        name = f"{level.name} {level.value:.2f}"
        if height - lowest < LABEL_HEIGHT:
            written[-1] = (written[-1][0], f"{written[-1][1]}, {name}")
        else:
            written.append((height, name))
        lowest = height
    return written


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
