"""Figures of neurons: how active each is at every token of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_fixed
from explorer.charts.tokens import visible
from explorer.theme import LIGHT

Numbers = npt.NDArray[np.floating]


def neurons_figure(
    activations: Numbers,
    names: Sequence[str],
    texts: Sequence[str],
    chosen: int | None,
    pinned: int,
) -> go.Figure:
    """Some neurons over the tokens of a text, `(n, T)`, the strongest on top.

    The chosen neuron's row is framed in orange; the pinned token's column is lit.
    """
    n, T = activations.shape
    largest = float(np.abs(activations).max()) or 1.0
    is_signed = float(activations.min()) < 0
    colours = LIGHT.diverging if is_signed else LIGHT.sequential
    figure = go.Figure(
        go.Heatmap(
            x=np.arange(1, T + 1, dtype=np.float32),
            y=list(names),
            z=activations.astype(np.float32),
            zmin=-largest if is_signed else 0,
            zmax=largest,
            colorscale=[
                (index / (len(colours) - 1), colour) for index, colour in enumerate(colours)
            ],
            colorbar={"nticks": 5},
            text=[[visible(text) for text in texts]] * n,
            # Of its place too: Plotly would tell x as its label.
            hovertext=[
                [
                    f"{place}<br>activation {format_fixed(each, 4)}"
                    for place, each in enumerate(row, 1)
                ]
                for row in activations.tolist()
            ],
            hovertemplate="%{y} at %{text}, token %{hovertext}<extra></extra>",
            name="activation",
        )
    )
    if chosen is not None:
        _frame(figure, 0.5, T + 0.5, chosen - 0.5, chosen + 0.5, LIGHT.backward)
    _frame(figure, pinned + 0.5, pinned + 1.5, -0.5, n - 0.5, LIGHT.text)
    figure.update_layout(
        margin={"l": 96, "r": 8, "t": 36, "b": 48},
        xaxis={
            "title": {"text": "token"},
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(range(1, T + 1)),
            "ticktext": [visible(text) for text in texts],
            "tickfont": {"size": 13 if T <= 32 else 10, "color": LIGHT.text},
            "tickangle": 0,
            "ticks": "",
        },
        yaxis={
            "showgrid": False,
            "autorange": "reversed",
            "dtick": 1,
            "ticks": "",
            "automargin": False,
        },
        uirevision=f"{n} {T}",
    )
    return figure


def _frame(figure: go.Figure, x0: float, x1: float, y0: float, y1: float, colour: str) -> None:
    figure.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, line={"color": colour, "width": 2})
