"""Figures of what heads are: a score of each over the training, and what one is good for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.tokens import visible
from explorer.theme import CATEGORICAL, LIGHT

Numbers = npt.NDArray[np.floating]

MOST_BARS = 14


def score_figure(
    steps: Sequence[int],
    scores: Numbers,
    heads: Sequence[str],
    shown: Sequence[int],
    step: int,
    title: str,
) -> go.Figure:
    """A score of each head over the steps, `(steps, heads)`: the shown ones in their colours."""
    figure = go.Figure()
    order = sorted(range(len(heads)), key=lambda index: index in shown)
    for index in order:
        colour, width = LIGHT.muted + "55", 1.0
        if index in shown:
            alone = len(shown) == 1
            place = shown.index(index)
            colour = LIGHT.forward if alone else CATEGORICAL[place % len(CATEGORICAL)]
            width = 2.5
        figure.add_scatter(
            x=np.asarray(steps, dtype=np.float32),
            y=scores[:, index].astype(np.float32),
            name=heads[index],
            mode="lines",
            line={"color": colour, "width": width},
            showlegend=index in shown,
            hovertemplate=f"{heads[index]}<br>step %{{x:d}}: %{{y:.3f}}<extra></extra>",
        )
    figure.add_vline(step, line={"color": LIGHT.backward, "width": 1.5})
    figure.update_layout(
        margin={"l": 64, "r": 12, "t": 40, "b": 48},
        xaxis={"title": {"text": "step"}},
        yaxis={"title": {"text": title}, "automargin": False},
    )
    return figure


def before_after_figure(
    before: Numbers,
    after: Numbers | None,
    tokens: Sequence[str],
    *,
    changed: str = "with parts off",
    most: int = MOST_BARS,
) -> go.Figure:
    """The next token's probabilities, and what they are once something is `changed`."""
    rank = before if after is None else np.maximum(before, after)
    order = np.argsort(-rank)[:most]
    names = [visible(tokens[place]) for place in order]
    places = list(range(len(names)))
    figure = go.Figure()
    for name, shares, colour in (
        ("as it is", before, LIGHT.forward),
        (changed, after, LIGHT.backward),
    ):
        if shares is None:
            continue
        figure.add_bar(
            x=places,
            y=shares[order].astype(np.float32),
            name=name,
            text=names,
            textposition="none",
            marker={"color": colour},
            hovertemplate=f"%{{text}}: %{{y:.4f}} {name}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        showlegend=after is not None,
        margin={"l": 64, "r": 12, "t": 40, "b": 36},
        xaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": names,
            "tickfont": {"size": 14, "color": LIGHT.text},
            "ticks": "",
        },
        yaxis={"title": {"text": "probability"}, "rangemode": "tozero", "automargin": False},
    )
    return figure
