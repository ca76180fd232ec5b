"""Figures of a loss over two weights and of gradient descent on it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import numpy as np
import plotly.graph_objects as go

from explorer.theme import LIGHT

FLOOR = 1e-2  # below this loss everything is valley floor
LEVELS = (0.01, 0.1, 1, 10)


def descent_map(
    axis: Sequence[float],
    losses: Sequence[Sequence[float]],
    path: Sequence[tuple[float, float, float]],
) -> go.Figure:
    """The loss at every pair of weights in blue, the way downhill across it in orange.

    ``losses`` has a row for each w and a column for each v of ``axis``; ``path`` holds
    ``(v, w, loss)`` of each step.
    """
    levels = np.asarray(losses, dtype=np.float32)
    ground = go.Contour(
        x=np.asarray(axis, dtype=np.float32),
        y=np.asarray(axis, dtype=np.float32),
        z=np.log10(np.maximum(levels, FLOOR)),
        text=[[f"{loss:.3f}" for loss in row] for row in losses],
        hovertemplate="v %{x:.1f}  w %{y:.1f}<br>loss %{text}<extra></extra>",
        name="loss",
        line={"width": 0.75, "color": LIGHT.ground},
        contours={"coloring": "heatmap", "start": -2, "end": 1, "size": 0.25},
        zmin=log10(FLOOR),
        zmax=log10(LEVELS[-1]),
        colorbar={
            "title": {"text": "loss"},
            "tickvals": [log10(level) for level in LEVELS],
            "ticktext": [f"{level:g}" for level in LEVELS],
        },
    )
    v, w, loss = (list(column) for column in zip(*path, strict=True))
    steps = go.Scatter(
        x=v,
        y=w,
        mode="lines+markers",
        name="descent",
        line={"color": LIGHT.backward, "width": 2},
        marker={"size": 6, "color": LIGHT.backward, "line": {"width": 1, "color": LIGHT.ground}},
        customdata=loss,
        text=[f"step {number}" for number in range(len(path))],
        hovertemplate="%{text}<br>v %{x:.3f}  w %{y:.3f}<br>loss %{customdata:.4f}<extra></extra>",
    )
    here = go.Scatter(
        x=v[-1:],
        y=w[-1:],
        mode="markers",
        name="now",
        hoverinfo="skip",
        marker={"size": 15, "color": LIGHT.backward, "line": {"width": 2.5, "color": LIGHT.ground}},
    )
    figure = go.Figure([ground, steps, here])
    edge = [axis[0], axis[-1]]
    figure.update_layout(
        showlegend=False,
        xaxis={"title": {"text": "weight v"}, "range": edge, "showgrid": False},
        yaxis={"title": {"text": "weight w"}, "range": edge, "showgrid": False},
    )
    return figure


def fit(
    inputs: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    examples: Sequence[tuple[float, float]],
) -> go.Figure:
    """What a neuron answers to each input, before and after learning, and what it should."""
    figure = go.Figure(
        [
            go.Scatter(
                x=inputs,
                y=before,
                name="at the start",
                line={"color": LIGHT.muted, "width": 1.5, "dash": "dot"},
            ),
            go.Scatter(x=inputs, y=after, name="now", line={"color": LIGHT.forward, "width": 2.5}),
            go.Scatter(
                x=[x for x, _ in examples],
                y=[target for _, target in examples],
                name="examples",
                mode="markers",
                marker={"size": 9, "color": LIGHT.text, "symbol": "circle-open", "line_width": 2},
            ),
        ]
    )
    figure.update_traces(hovertemplate="%{x:.2f} → %{y:.3f}")
    figure.update_layout(
        xaxis={"title": {"text": "input x"}},
        yaxis={"title": {"text": "output v · tanh(w · x)"}, "range": [-2.6, 2.6]},
    )
    return figure
