"""The scores of a person and a model that guess the same text."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.theme import LIGHT
from gpt.lens.guessing import Round, mean_nats


def scores_figure(rounds: Sequence[Round], vocab_size: int) -> go.Figure:
    """Both running means over the rounds, beside what knowing nothing scores, in nats."""
    numbers = list(range(1, len(rounds) + 1))
    figure = go.Figure()
    for name, shares, colour in (
        ("you", [each.reader for each in rounds], LIGHT.backward),
        ("the model", [each.model for each in rounds], LIGHT.forward),
    ):
        figure.add_scatter(
            x=numbers,
            y=[mean_nats(shares[:count]) for count in numbers],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"size": 7},
            hovertemplate="%{y:.3f}",
        )
    nothing = math.log(vocab_size)
    figure.add_hline(nothing, line={"color": LIGHT.muted, "width": 1, "dash": "dash"})
    figure.add_annotation(
        xref="paper",
        x=1,
        xanchor="right",
        y=nothing,
        yanchor="bottom",
        showarrow=False,
        text=f"knowing nothing {nothing:.2f}",
        font={"size": 12, "color": LIGHT.muted},
    )
    most = max([nothing, *(value for trace in figure.data for value in trace.y)])
    figure.update_layout(
        hovermode="x unified" if rounds else "closest",
        margin={"l": 56, "r": 16, "t": 36, "b": 44},
        xaxis={"title": {"text": "guess"}, "range": [0.5, max(10, len(rounds)) + 0.5]},
        yaxis={
            "title": {"text": "mean score, nats"},
            "range": [0, 1.1 * most],
            "automargin": False,
        },
    )
    return figure
