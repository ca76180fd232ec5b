"""Attention patterns as SVG text: a map of who looks at whom, with the tokens beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from gpt.corpus.signs import visible

SIZE = 240  # of a whole map, labels and all, in the units in which text has its size
LABEL_SIZE = 9
LEAST_ROOM = 0.9 * LABEL_SIZE  # from a label to the next
CHARACTER_WIDTH = 0.62 * LABEL_SIZE  # of a monospace type
MOST_CHARACTERS = 6
GAP = 3
SHADES = 20  # of a weight
FAINTEST = 0.12  # the opacity of the first shade, which still stands out from nothing
LEAST_WEIGHT = 0.01  # below it nothing is drawn


def draw_pattern(pattern: Sequence[Sequence[float]], tokens: Sequence[str], title: str) -> str:
    """An attention pattern `(T, T)`: rows are queries, columns keys, the future is grey.

    Cells of one shade that touch in a row are one shape. Every token stands beside its row and
    above its column; where there is no room for all, every second, third and so on does.
    """
    T = len(pattern)
    labels = [_short(token) for token in tokens]
    longest = max(map(len, labels), default=1)
    edge = math.ceil(max(LABEL_SIZE, longest * CHARACTER_WIDTH)) + GAP
    cell = (SIZE - edge) / T
    every = math.ceil(LEAST_ROOM / cell)
    beside = "".join(
        f'<text x="{edge - GAP}" y="{edge + (place + 0.5) * cell:.1f}">'
        f"{escape(labels[place])}</text>"
        for place in range(0, T, every)
    )
    turned = "rotate(-90)" if longest > 1 else ""
    above = "".join(
        f'<text transform="translate({edge + (place + 0.5) * cell:.1f} {edge - GAP}){turned}">'
        f"{escape(labels[place])}</text>"
        for place in range(0, T, every)
    )
    way = "up" if turned else "across"
    return (
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title><g class="beside">{beside}</g>'
        f'<g class="{way}">{above}</g>'
        f'<g transform="translate({edge} {edge})scale({cell:.4f})" shape-rendering="crispEdges">'
        f'<path class="future" d="{_future(T)}"/>{_cells(pattern)}</g></svg>'
    )


def draw_scale() -> str:
    """Every shade of the maps from 0 to 1, in a row, as a drawing of its own."""
    boxes = "".join(
        f'<path class="weight" fill-opacity="{opacity(level):g}" d="M{12 * level} 0h12v14h-12z"/>'
        for level in range(1, SHADES + 1)
    )
    ticks = "".join(
        f'<text x="{x}" y="28" text-anchor="{anchor}">{text}</text>'
        for x, anchor, text in (
            (6, "middle", "0"),
            (12 * (SHADES // 2 + 1), "middle", "0.5"),
            (12 * (SHADES + 1), "end", "1"),
        )
    )
    title = "The shades of attention weights, from 0 to 1"
    return (
        f'<svg class="scale" viewBox="0 -1 {12 * (SHADES + 1) + 1} 31" role="img"'
        f' aria-label="{title}"><title>{title}</title><path class="zero" d="M0 0h12v14h-12z"/>'
        f"{boxes}{ticks}</svg>"
    )


def shade(weight: float) -> int:
    """Which shade a weight takes: 0 is nothing, which no weight of `LEAST_WEIGHT` or more is."""
    return 0 if weight < LEAST_WEIGHT else max(1, round(SHADES * weight))


def opacity(level: int) -> float:
    """How strong a shade is drawn, from the first, which can still be seen, to 1."""
    return round(FAINTEST + (1 - FAINTEST) * (level - 1) / (SHADES - 1), 3)


def _short(token: str) -> str:
    text = visible(token)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _cells(pattern: Sequence[Sequence[float]]) -> str:
    shades: dict[int, list[str]] = {}
    for row, weights in enumerate(pattern):
        start = 0
        levels = [shade(weight) for weight in weights[: row + 1]]
        for column in range(row + 1):
            is_last = column == row
            if is_last or levels[column + 1] != levels[column]:
                if levels[column] > 0:
                    width = column + 1 - start
                    shades.setdefault(levels[column], []).append(
                        f"M{start} {row}h{width}v1h-{width}z"
                    )
                start = column + 1
    return "".join(
        f'<path class="weight" fill-opacity="{opacity(level):g}" d="{"".join(pieces)}"/>'
        for level, pieces in sorted(shades.items())
    )


def _future(T: int) -> str:
    steps = "".join(f"H{row + 1}V{row + 1}" for row in range(T))
    return f"M0 0{steps}V0z".replace(f"H{T}V{T}V0z", f"H{T}V0z")
