"""A figure of vectors in two dimensions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_fixed
from explorer.theme import LIGHT

PICTURE = (640, 340)  # pixels of the axes, at the least that a page is made for
LETTER, LINE, GAP = 8, 16, 4  # pixels: of a digit, of a row of them, between two numbers
ROUND = (100, 50, 10, 5, 2, 1)  # the numbers that tell most, by what divides them
DOT = 4  # pixels


def projection_figure(
    coordinates: npt.NDArray[np.floating],
    shares: Sequence[float],
    names: Sequence[str],
    marked: Collection[int] = (),
    *,
    is_path: bool = False,
) -> go.Figure:
    """Points by their names, some marked in orange; joined in their order if they have one.

    Along a path those are named that have room, and all others are dots.
    """
    colours = [LIGHT.backward if i in marked else LIGHT.text for i in range(len(names))]
    named = roomy_places(coordinates, names, marked) if is_path else range(len(names))
    figure = go.Figure(
        go.Scatter(
            x=coordinates[:, 0].astype(np.float32),
            y=coordinates[:, 1].astype(np.float32),
            text=[name if i in named else "" for i, name in enumerate(names)],
            customdata=list(names),
            mode="lines+markers+text" if is_path else "text",
            line={"color": LIGHT.line, "width": 1},
            marker={
                "size": [0 if i in named else DOT for i in range(len(names))],
                "color": LIGHT.muted,
            },
            textfont={"size": 13, "color": colours},
            hovertext=[
                f"{name}: {format_fixed(x, 3)}, {format_fixed(y, 3)}"
                for name, (x, y) in zip(names, coordinates.tolist(), strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    titles = [
        f"{which} direction, {share:.1%} of the variance"
        for which, share in zip(("first", "second"), shares, strict=True)
    ]
    axis = {"zeroline": True, "zerolinecolor": LIGHT.line}
    figure.update_layout(
        showlegend=False,
        margin={"l": 64, "r": 16, "t": 36, "b": 52},
        xaxis={"title": {"text": titles[0]}, **axis},
        yaxis={"title": {"text": titles[1]}, **axis},
    )
    return figure


def roomy_places(
    coordinates: npt.NDArray[np.floating], names: Sequence[str], marked: Collection[int]
) -> set[int]:
    """Which places of a path, counted from 1, can be named without lying on one another.

    The marked come first, then the round numbers.
    """
    low, high = coordinates.min(0), coordinates.max(0)
    at = (coordinates - low) / np.where(high > low, high - low, 1) * PICTURE

    def rank(i: int) -> tuple[bool, int]:
        roundness = next(k for k, each in enumerate(ROUND) if (i + 1) % each == 0)
        return i not in marked, roundness

    named: list[int] = []
    for i in sorted(range(len(names)), key=rank):
        has_room = all(
            abs(at[i, 0] - at[j, 0]) > (len(names[i]) + len(names[j])) / 2 * LETTER + GAP
            or abs(at[i, 1] - at[j, 1]) > LINE
            for j in named
        )
        if has_room:
            named.append(i)
    return set(named)
