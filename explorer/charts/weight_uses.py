"""A gradient as the sum of its uses: every position of every example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.tokens import visible
from explorer.theme import LIGHT, colour_scale

Numbers = npt.NDArray[np.floating]


def uses_figure(
    contributions: Numbers, texts: Sequence[Sequence[str]], chosen: tuple[int, int]
) -> go.Figure:
    """What each position of each example adds to a gradient, `(B, T)`, with the sums of both.

    `texts` are the tokens that are read there; `chosen`, counted from 0, is framed. On the axes
    positions and examples count from 1.
    """
    B, T = contributions.shape
    sizes = np.abs(contributions[contributions != 0])
    # A few uses may outweigh all others; those still want to be seen.
    largest = float(np.quantile(sizes, 0.98)) if len(sizes) else 1.0
    across, down = _shares(0.86, 0.015), _shares(0.76 if B > 1 else 0.45, 0.03)
    cells = {
        "type": "heatmap",
        "x": np.arange(1, T + 1, dtype=np.float32),
        "y": np.arange(1, B + 1, dtype=np.float32),
        "z": contributions.astype(np.float32),
        "zmin": -largest,
        "zmax": largest,
        "xgap": 1 if T <= 64 else 0,
        "ygap": 1 if B <= 32 else 0,
        "colorscale": colour_scale(LIGHT.diverging),
        "showscale": False,
        "text": [[visible(text) for text in row] for row in texts],
        "hovertemplate": (
            "%{text}  at position %{x} of example %{y}<br>adds %{z:.3e}<extra></extra>"
        ),
        "name": "contribution",
    }
    frame = {
        "type": "rect",
        "x0": chosen[1] + 0.5,
        "x1": chosen[1] + 1.5,
        "y0": chosen[0] + 0.5,
        "y1": chosen[0] + 1.5,
        "line": {"color": LIGHT.text, "width": 2},
    }
    layout = {
        "shapes": [frame],
        "showlegend": False,
        "bargap": 0.1,
        "margin": {"l": 76, "r": 16, "t": 36, "b": 48},
        "xaxis": {
            "title": {"text": "position"},
            "domain": across[0],
            "range": [0.5, T + 0.5],
            "showgrid": False,
        },
        "yaxis": {
            "title": {"text": "example"},
            "domain": down[0],
            "range": [B + 0.5, 0.5],
            "showgrid": False,
            "tickformat": "d",
            "nticks": min(B, 8),
        },
        "xaxis2": {
            "anchor": "y2",
            "domain": across[0],
            "matches": "x",
            "showticklabels": False,
        },
        "yaxis2": {
            "anchor": "x2",
            "title": {"text": "sum"},
            "domain": down[1],
            "nticks": 4,
            "automargin": False,
            "tickformat": ".2~g",
        },
        "xaxis3": {
            "anchor": "y3",
            "title": {"text": "sum"},
            "domain": across[1],
            "tickmode": "array",
            "tickvals": [0],
        },
        "yaxis3": {"anchor": "x3", "domain": down[0], "matches": "y", "showticklabels": False},
        "uirevision": f"{B} {T}",
    }
    of_positions = {"xaxis": "x2", "yaxis": "y2", **_sums(contributions.sum(0), is_across=True)}
    of_examples = {"xaxis": "x3", "yaxis": "y3", **_sums(contributions.sum(1), is_across=False)}
    return go.Figure({"data": [cells, of_positions, of_examples], "layout": layout})


def _shares(first: float, gap: float) -> tuple[list[float], list[float]]:
    """An axis of length 1 in two: the first part takes that share of what the gap leaves."""
    end = first * (1 - gap)
    return [0, end], [end + gap, 1]


def _sums(sums: Numbers, *, is_across: bool) -> dict[str, object]:
    """Bars beside the cells; each sum in the colour of its sign."""
    what = "of all examples" if is_across else "of all positions"
    places = np.arange(1, len(sums) + 1, dtype=np.float32)
    lengths = sums.astype(np.float32)
    return {
        "type": "bar",
        "x": places if is_across else lengths,
        "y": lengths if is_across else places,
        "orientation": "v" if is_across else "h",
        "marker": {
            "color": [LIGHT.forward if each >= 0 else LIGHT.backward for each in sums],
            "line": {"width": 0},
        },
        "hovertemplate": (
            f"position %{{x}}, {what}: %{{y:.3e}}<extra></extra>"
            if is_across
            else f"example %{{y}}, {what}: %{{x:.3e}}<extra></extra>"
        ),
        "name": f"sum {what}",
    }
