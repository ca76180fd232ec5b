"""Figures of what becomes of an answer when pieces of another text are swapped in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_fixed
from explorer.charts.tokens import visible
from explorer.theme import LIGHT

Shares = npt.NDArray[np.floating]

MOST_WRITTEN = 16  # columns in which a number has room
MOST_TICKS = 48


def patched_stream_figure(
    shares: Shares, texts: Sequence[str], others: Sequence[str], streams: Sequence[str]
) -> go.Figure:
    """How far the answer went over with the stream swapped at one depth and token, `(D, T)`."""
    pairs = [
        visible(one) if one == other else f"{visible(one)}→{visible(other)}"
        for one, other in zip(texts, others, strict=True)
    ]
    every = -(-len(pairs) // MOST_TICKS)
    title = "the residual stream swapped at one token and depth"
    places = [
        [f"{pair}, token {number}, {stream}" for number, pair in enumerate(pairs, 1)]
        for stream in streams
    ]
    figure = _swaps(title, shares, places)
    figure.update_traces(
        x=np.arange(1, len(pairs) + 1, dtype=np.float32),
        y=list(streams),
        customdata=[pairs] * len(streams),
    )
    figure.update_layout(
        xaxis={
            "title": {"text": "token: swapped at", "standoff": 4},
            "tickmode": "array",
            "tickvals": list(range(1, len(pairs) + 1, every)),
            # Below the token, for beside it there is no room.
            "ticktext": [pair.replace("→", "<br>→") for pair in pairs[::every]],
            "tickangle": 0,
        },
        yaxis={"title": {"text": "depth"}},
    )
    return figure


def patched_heads_figure(shares: Shares) -> go.Figure:
    """How far the answer went over with what one head gathered swapped, `(layers, heads)`."""
    title = "one head swapped at all tokens"
    places = [
        [f"layer {layer}, head {head}" for head in range(shares.shape[1])]
        for layer in range(len(shares))
    ]
    figure = _swaps(title, shares, places)
    ticks = {"tickmode": "linear", "dtick": 1}
    figure.update_layout(
        xaxis={"title": {"text": "head"}, **ticks}, yaxis={"title": {"text": "layer"}, **ticks}
    )
    return figure


def _swaps(title: str, shares: Shares, places: list[list[str]]) -> go.Figure:
    scale = [(i / 10, colour) for i, colour in enumerate(LIGHT.diverging)]
    is_written = shares.shape[1] <= MOST_WRITTEN
    written = [[format_fixed(share) for share in row] for row in shares.tolist()]
    figure = go.Figure(
        go.Heatmap(
            z=shares.astype(np.float32),
            zmin=-1,
            zmax=1,
            xgap=1,
            ygap=1,
            colorscale=scale,
            showscale=False,
            text=written if is_written else None,
            texttemplate="%{text}" if is_written else None,
            textfont={"size": 11},
            hovertext=[
                [
                    f"{place}: {format_fixed(share, 3)} of the way"
                    for place, share in zip(names, row, strict=True)
                ]
                for names, row in zip(places, shares.tolist(), strict=True)
            ],
            name="of the way",
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    quiet = {"showgrid": False, "showline": False, "ticks": "", "tickfont": {"color": LIGHT.text}}
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 14, "color": LIGHT.text},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
        },
        xaxis=quiet,
        yaxis=quiet,
        margin={"l": 84, "r": 8, "t": 44, "b": 52},
        plot_bgcolor=LIGHT.line,  # between the cells: most are as pale as the ground
        showlegend=False,
    )
    return figure
