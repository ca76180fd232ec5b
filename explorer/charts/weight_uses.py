"""A gradient as the sum of its uses: every position of every example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.charts.tokens import visible
from explorer.theme import LIGHT

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
    figure = make_subplots(
        rows=2,
        cols=2,
        column_widths=[0.86, 0.14],
        row_heights=[0.24, 0.76] if B > 1 else [0.55, 0.45],
        horizontal_spacing=0.015,
        vertical_spacing=0.03,
        shared_xaxes=True,
        shared_yaxes=True,
    )
    figure.add_heatmap(
        x=np.arange(1, T + 1, dtype=np.float32),
        y=np.arange(1, B + 1, dtype=np.float32),
        z=contributions.astype(np.float32),
        zmin=-largest,
        zmax=largest,
        xgap=1 if T <= 64 else 0,
        ygap=1 if B <= 32 else 0,
        colorscale=_even(LIGHT.diverging),
        showscale=False,
        text=[[visible(text) for text in row] for row in texts],
        hovertemplate="%{text}  at position %{x} of example %{y}<br>adds %{z:.3e}<extra></extra>",
        name="contribution",
        row=2,
        col=1,
    )
    _add_sums(figure, contributions.sum(0), "of all examples", is_across=True)
    _add_sums(figure, contributions.sum(1), "of all positions", is_across=False)
    figure.add_shape(
        type="rect",
        x0=chosen[1] + 0.5,
        x1=chosen[1] + 1.5,
        y0=chosen[0] + 0.5,
        y1=chosen[0] + 1.5,
        line={"color": LIGHT.text, "width": 2},
        row=2,
        col=1,
    )
    figure.update_layout(
        showlegend=False,
        bargap=0.1,
        margin={"l": 76, "r": 16, "t": 36, "b": 48},
        xaxis3={"title": {"text": "position"}, "range": [0.5, T + 0.5], "showgrid": False},
        yaxis3={
            "title": {"text": "example"},
            "range": [B + 0.5, 0.5],
            "showgrid": False,
            "tickformat": "d",
            "nticks": min(B, 8),
        },
        yaxis={"title": {"text": "sum"}, "nticks": 4, "automargin": False, "tickformat": ".1e"},
        xaxis4={"title": {"text": "sum"}, "tickmode": "array", "tickvals": [0]},
        uirevision=f"{B} {T}",
    )
    return figure


def _add_sums(figure: go.Figure, sums: Numbers, what: str, *, is_across: bool) -> None:
    """Bars beside the cells; each sum in the colour of its sign."""
    places = np.arange(1, len(sums) + 1, dtype=np.float32)
    lengths = sums.astype(np.float32)
    figure.add_bar(
        x=places if is_across else lengths,
        y=lengths if is_across else places,
        orientation="v" if is_across else "h",
        marker={
            "color": [LIGHT.forward if each >= 0 else LIGHT.backward for each in sums],
            "line": {"width": 0},
        },
        hovertemplate=(
            f"position %{{x}}, {what}: %{{y:.3e}}<extra></extra>"
            if is_across
            else f"example %{{y}}, {what}: %{{x:.3e}}<extra></extra>"
        ),
        name=f"sum {what}",
        row=1 if is_across else 2,
        col=1 if is_across else 2,
    )


def _even(colours: Sequence[str]) -> list[tuple[float, str]]:
    return [(index / (len(colours) - 1), colour) for index, colour in enumerate(colours)]
