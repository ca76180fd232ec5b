"""What a key/value cache keeps, and what that saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from explorer.charts.numbers import whole_ticks
from explorer.theme import LIGHT

KEPT, COMPUTED = 1, 2
CLOSE = 0.08  # of the highest time: ends nearer to one another than a line of text
SHIFT = 9  # pixels by which names then give way
NAME_COLOURS = {LIGHT.muted: LIGHT.muted, LIGHT.forward: LIGHT.forward_text}


class Cost(NamedTuple):
    """What one new token took.

    Attributes:
        length: of the text before it, in tokens.
        read: the places of which keys and values were computed.
        kept: those of which they were in the cache.
        seconds: with the cache.
        seconds_anew: where all is read again; None where that was not measured.
    """

    length: int
    read: range
    kept: range
    seconds: float
    seconds_anew: float | None


def cache_grid(costs: Sequence[Cost]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """`(tokens written, places)`: 0 where nothing is looked at, else `KEPT` or `COMPUTED`."""
    grid = np.zeros((len(costs), costs[-1].length), dtype=np.uint8)
    for row, cost in enumerate(costs):
        grid[row, cost.kept.start : cost.kept.stop] = KEPT
        grid[row, cost.read.start : cost.read.stop] = COMPUTED
    return grid


def cache_figure(costs: Sequence[Cost]) -> go.Figure:
    """A row for each token written: computed in blue, kept in grey."""
    figure = go.Figure(
        go.Heatmap(
            z=cache_grid(costs),
            y=[cost.length + 1 for cost in costs],
            x=list(range(1, costs[-1].length + 1)),
            zmin=0,
            zmax=COMPUTED,
            colorscale=[(0, LIGHT.ground), (0.5, LIGHT.masked), (1, LIGHT.forward)],
            showscale=False,
            xgap=0,
            ygap=0,
            hovertemplate="to write token %{y}: key and value of token %{x}<extra></extra>",
        )
    )
    figure.update_layout(
        margin={"l": 56, "r": 8, "t": 36, "b": 44},
        xaxis={
            "title": {"text": "keys and values of token"},
            "showgrid": False,
            **whole_ticks(costs[-1].length),
        },
        yaxis={
            "title": {"text": "to write token"},
            **whole_ticks(len(costs)),
            "autorange": "reversed",
            "showgrid": False,
            "automargin": False,
        },
    )
    return figure


def time_figure(costs: Sequence[Cost], block_size: int) -> go.Figure:
    """Milliseconds for each token, with the cache and with everything read anew."""
    figure = go.Figure()
    anew = [cost for cost in costs if cost.seconds_anew is not None]
    for name, group, seconds, colour in (
        ("all read anew", anew, [cost.seconds_anew or 0.0 for cost in anew], LIGHT.muted),
        ("with the cache", costs, [cost.seconds for cost in costs], LIGHT.forward),
    ):
        figure.add_scatter(
            x=[cost.length + 1 for cost in group],
            y=[1000 * each for each in seconds],
            name=name,
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.2f} ms",
            showlegend=False,
        )
    _name_ends(figure)
    if costs[-1].length > block_size:
        figure.add_vline(
            block_size + 0.5,
            line={"color": LIGHT.backward, "width": 1.5},
            annotation={"text": "the block is full", "font": {"color": LIGHT.backward}},
            annotation_position="top left",
        )
    figure.update_layout(
        hovermode="x unified",
        margin={"l": 56, "r": 116, "t": 36, "b": 44},
        xaxis={
            "title": {"text": "to write token"},
            "range": [costs[0].length + 1, costs[-1].length + 1],
            **whole_ticks(len(costs)),
        },
        yaxis={"title": {"text": "milliseconds"}, "rangemode": "tozero", "automargin": False},
    )
    return figure


def _name_ends(figure: go.Figure) -> None:
    """Each line's name where it ends; where both end at one height, one above the other."""
    lines = [trace for trace in figure.data if len(trace.y)]
    most = max(max(trace.y) for trace in lines)
    lines.sort(key=lambda trace: trace.y[-1])
    are_close = lines[-1].y[-1] - lines[0].y[-1] < CLOSE * most
    for trace in lines:
        shift = -SHIFT if trace is lines[0] else SHIFT
        figure.add_annotation(
            x=trace.x[-1],
            y=trace.y[-1],
            text=trace.name,
            font={"color": NAME_COLOURS[trace.line.color], "size": 13},
            showarrow=False,
            xanchor="left",
            xshift=6,
            yshift=shift if are_close and len(lines) > 1 else 0,
        )
