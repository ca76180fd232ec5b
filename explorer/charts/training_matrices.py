"""Figures of a model's matrices while it learns: what is in them, and how fast they change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.charts.training import thin
from explorer.theme import LIGHT

PARTS = ("weight", "gradient", "update")
_COLOURS = {"weight": LIGHT.forward, "gradient": LIGHT.backward, "update": LIGHT.backward}

HEALTHY_RATIO = 1e-3
"""Karpathy, makemore part 3: an update of about a thousandth of the weights is a good pace."""

Histogram = Mapping[str, Any]


def histogram_figure(now: Mapping[str, Histogram], before: Mapping[str, Histogram]) -> go.Figure:
    """Weights, gradients and updates of one matrix, and as an outline what they were `before`.

    Both hold, under each of `PARTS`, `low`, `high` and `counts` of equally wide bins.
    """
    figure = make_subplots(rows=1, cols=len(PARTS), horizontal_spacing=0.1)
    for column, part in enumerate(PARTS, start=1):
        xs, shares, width = _bars(now[part])
        figure.add_bar(
            x=xs,
            y=shares,
            width=width,
            name=part,
            marker={"color": _COLOURS[part], "line": {"width": 0}},
            hovertemplate=f"{part} %{{x:.3g}}<br>%{{y:.1%}} of them<extra></extra>",
            row=1,
            col=column,
        )
        xs, shares, _ = _bars(before[part])
        figure.add_scatter(
            x=xs,
            y=shares,
            mode="lines",
            name=f"{part} at first",
            line={"color": LIGHT.muted, "width": 1.25, "shape": "hvh", "dash": "dot"},
            hoverinfo="skip",
            row=1,
            col=column,
        )
        figure.update_xaxes(title={"text": part}, nticks=4, tickangle=0, row=1, col=column)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", showgrid=False)
    figure.update_layout(
        showlegend=False, bargap=0, margin={"l": 48, "r": 12, "t": 36, "b": 48}, uirevision="free"
    )
    return figure


def ratio_figure(
    ratios: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]],
    chosen: str,
    last_step: int,
) -> go.Figure:
    """How long each matrix' update is beside the matrix itself, over the steps.

    The chosen matrix is orange, the others are grey.
    """
    figure = go.Figure()
    for name in sorted(ratios, key=lambda each: each == chosen):
        steps, values = thin(*ratios[name], most=400)
        figure.add_scatter(
            x=steps.astype(np.float32),
            y=np.maximum(values, 1e-12).astype(np.float32),
            name=name,
            mode="lines",
            line={
                "color": LIGHT.backward if name == chosen else LIGHT.muted + "66",
                "width": 2.5 if name == chosen else 1,
            },
            hovertemplate=f"{name}<br>step %{{x:d}}: %{{y:.2e}}<extra></extra>",
        )
    figure.add_hline(HEALTHY_RATIO, line={"color": LIGHT.muted, "width": 1, "dash": "dash"})
    figure.add_annotation(
        xref="paper",
        x=1,
        xanchor="right",
        y=math.log10(HEALTHY_RATIO),
        yanchor="bottom",
        showarrow=False,
        text="a healthy pace 0.001",
        bgcolor=LIGHT.ground + "CC",
        font={"size": 12, "color": LIGHT.muted},
    )
    last = max(last_step, 2)
    figure.update_layout(
        showlegend=False,
        margin={"l": 76, "r": 16, "t": 36, "b": 48},
        xaxis={"title": {"text": "step"}, "range": [-0.01 * last, 1.01 * last]},
        yaxis={
            "title": {"text": "update ÷ weight"},
            "type": "log",
            "dtick": 1,
            "exponentformat": "power",
            "automargin": False,
        },
    )
    return figure


def _bars(histogram: Histogram) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], float]:
    """The middle of every bin, its share of all numbers, and how wide it is."""
    counts = np.asarray(histogram["counts"], dtype=np.float64)
    low, high = float(histogram["low"]), float(histogram["high"])
    width = (high - low) / len(counts) or 1.0
    middles = low + width * (np.arange(len(counts)) + 0.5)
    shares = counts / max(counts.sum(), 1)
    return middles.astype(np.float32), shares.astype(np.float32), width
