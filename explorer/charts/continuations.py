"""Figures of what could follow a text, and of the continuations that were tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

import plotly.graph_objects as go

from explorer.charts.numbers import whole_ticks
from explorer.charts.tokens import visible
from explorer.sampling.near_misses import Miss
from explorer.sampling.tries import Limb
from explorer.theme import LIGHT
from gpt.tensor.tree import Node

LABELLED_SHARE = 0.045  # of the height: where less is, no text has room
LEAST_LABEL = 6  # letters of a limb's label
LETTERS_ACROSS = 72  # of a label as wide as the figure
MOST_HOVERED = 60  # letters of a text that hovering shows

Read = Callable[[Sequence[int]], str]


def likely_figure(nodes: Sequence[Node], depth: int, read: Read) -> go.Figure:
    """What could follow, a column for each further token, as high as it is likely.

    A token stands to the right of the one that it follows; what is left free are all the others.
    Each bar carries its path as customdata.
    """
    labelled = [node for node in nodes if node.path_probability >= LABELLED_SHARE]
    slight = [node for node in nodes if node.path_probability < LABELLED_SHARE]
    figure = go.Figure()
    for group, name in ((labelled, "likely"), (slight, "less likely")):
        figure.add_bar(
            orientation="h",
            name=name,
            base=[len(node.tokens) - 1 for node in group],
            x=[1] * len(group),
            y=[node.start + node.path_probability / 2 for node in group],
            width=[node.path_probability for node in group],
            customdata=[list(node.tokens) for node in group],
            text=[_seen(read(node.tokens[-1:])) if group is labelled else "" for node in group],
            hovertext=[_told(node, read) for node in group],
            hovertemplate="%{hovertext}<extra></extra>",
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 13, "color": LIGHT.text},
            constraintext="none",
            marker={
                "color": [_shade(node.probability) for node in group],
                "line": {"color": LIGHT.ground, "width": 1},
            },
        )
    figure.update_layout(
        barmode="overlay",
        showlegend=False,
        margin={"l": 56, "r": 8, "t": 36, "b": 44},
        xaxis={
            "title": {"text": "tokens from here"},
            "range": [0, depth],
            "tickvals": [place + 0.5 for place in range(depth)],
            "ticktext": [str(place + 1) for place in range(depth)],
            "showgrid": False,
        },
        yaxis={
            "title": {"text": "probability of the whole path"},
            "range": [1, 0],
            "showgrid": False,
            "automargin": False,
        },
    )
    return figure


def _shade(probability: float) -> str:
    """Blue, the more of it the likelier a token is after those before it."""
    return LIGHT.sequential[1 + round(5 * probability)]


def _told(node: Node, read: Read) -> str:
    return (
        f"<b>{_seen(read(node.tokens))}</b><br>{node.probability:.4f} after what is before it"
        f"<br>{node.path_probability:.4f} for the whole path"
    )


def tried_figure(
    limbs: Sequence[Limb], current: int, misses: Sequence[Miss], read: Read
) -> go.Figure:
    """The continuations that were tried, each a line from where it leaves another to its end.

    The one that stands is blue. Below them, dotted, is what nearly came in it instead, the last
    place first. Customdata of a point is "limb", its row, and 1 at its end, 0 where it leaves; or
    "miss", the place and the token.
    """
    longest = max(len(limb.branch.tokens) for limb in limbs)
    figure = go.Figure()
    for limb in limbs:
        path = _path_to(limbs[current], limbs)
        for start, end, row in _lines_of(limb, limbs):
            is_standing = limb.row in path and (limb.row == current or end <= path[limb.row])
            figure.add_scatter(
                x=[start, end] if row is None else [start, start, end],
                y=[limb.row, limb.row] if row is None else [row, limb.row, limb.row],
                mode="lines",
                hoverinfo="skip",
                line={
                    "color": LIGHT.forward if is_standing else LIGHT.muted,
                    "width": 3 if is_standing else 1.5,
                },
            )
    figure.add_scatter(
        x=[limb.start for limb in limbs],
        y=[limb.row for limb in limbs],
        customdata=[["limb", limb.row, 0] for limb in limbs],
        text=[f" {_label(limb, longest, read)}" for limb in limbs],
        hovertext=[_fork_told(limb, read) for limb in limbs],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers+text",
        textposition="top right",
        textfont={"size": 12, "color": LIGHT.text},
        marker={
            "size": 9,
            "color": [
                LIGHT.backward if limb.start in limb.branch.forced else LIGHT.muted
                for limb in limbs
            ],
        },
    )
    figure.add_scatter(
        x=[len(limb.branch.tokens) for limb in limbs],
        y=[limb.row for limb in limbs],
        customdata=[["limb", limb.row, 1] for limb in limbs],
        hovertext=[_end_told(limb, read) for limb in limbs],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers",
        marker={
            "size": 13,
            "symbol": "circle",
            "color": [LIGHT.forward if limb.row == current else LIGHT.ground for limb in limbs],
            "line": {
                "width": 2,
                "color": [LIGHT.forward if limb.row == current else LIGHT.muted for limb in limbs],
            },
        },
    )
    rows = len(limbs) + len(misses)
    _add_misses(figure, limbs, current, misses, read)
    room = max(1.0, 0.04 * longest)
    figure.update_layout(
        showlegend=False,
        margin={"l": 16, "r": 16, "t": 36, "b": 44},
        xaxis={
            "title": {"text": "tokens after the prompt"},
            "range": [-room, longest + room],
            "showgrid": False,
            **whole_ticks(longest),
        },
        yaxis={
            "range": [max(rows - 0.5, 2.5), -0.8],
            "visible": False,
        },
    )
    return figure


def _add_misses(
    figure: go.Figure, limbs: Sequence[Limb], current: int, misses: Sequence[Miss], read: Read
) -> None:
    """A row for each, dotted down to it from where the text went another way."""
    path = _path_to(limbs[current], limbs)
    longest = max(len(limb.branch.tokens) for limb in limbs)
    rows = range(len(limbs), len(limbs) + len(misses))
    for miss, row in zip(misses, rows, strict=True):
        # Where the path runs there: the limb that has the place to itself.
        above = max(each for each in path if limbs[each].start <= miss.place)
        figure.add_scatter(
            x=[miss.place, miss.place],
            y=[above, row],
            mode="lines",
            hoverinfo="skip",
            line={"color": LIGHT.muted, "width": 1, "dash": "dot"},
        )
    figure.add_scatter(
        x=[miss.place for miss in misses],
        y=list(rows),
        customdata=[["miss", miss.place, miss.token] for miss in misses],
        text=[f" {_seen(read([miss.token]))} {miss.probability:.2f} " for miss in misses],
        hovertext=[
            f"here <b>{_seen(read([miss.token]))}</b> had the probability {miss.probability:.4f},"
            " and did not come<br>click: go that way"
            for miss in misses
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers+text",
        # At the edge of the figure there is room on the other side.
        textposition=[
            "middle left" if miss.place > 0.85 * longest else "middle right" for miss in misses
        ],
        textfont={"size": 12, "color": LIGHT.muted},
        marker={
            "size": 11,
            "color": LIGHT.ground,
            "line": {"width": 1.5, "color": LIGHT.muted},
        },
    )


def _path_to(limb: Limb, limbs: Sequence[Limb]) -> dict[int, int]:
    """The rows along which a branch runs, with the place to which it runs along each."""
    path = {limb.row: len(limb.branch.tokens)}
    while limb.parent is not None:
        path[limb.parent] = limb.start
        limb = limbs[limb.parent]
    return path


def _lines_of(limb: Limb, limbs: Sequence[Limb]) -> list[tuple[int, int, int | None]]:
    """A limb in pieces, from fork to fork: start, end, and at its beginning the parent's row."""
    forks = {each.start for each in limbs if each.parent == limb.row}
    stops = sorted({*forks, limb.start, len(limb.branch.tokens)})
    pieces = list(pairwise(stops))
    return [(start, end, limb.parent if start == limb.start else None) for start, end in pieces]


def _label(limb: Limb, longest: int, read: Read) -> str:
    own = limb.branch.tokens[limb.start :]
    most = max(LEAST_LABEL, round(LETTERS_ACROSS * len(own) / max(longest, 1)))
    text = read(own)
    return _seen(text if len(text) <= most else f"{text[: most - 1]}…")


def _fork_told(limb: Limb, read: Read) -> str:
    first = _seen(read(limb.branch.tokens[limb.start : limb.start + 1]))
    how = "given" if limb.start in limb.branch.forced else "drawn"
    return (
        f"here <b>{first}</b> was {how}, with probability {limb.share:.4f}<br>click: back to here"
    )


def _end_told(limb: Limb, read: Read) -> str:
    tokens = limb.branch.tokens
    text = read(tokens)
    shown = text if len(text) <= MOST_HOVERED else f"…{text[-MOST_HOVERED:]}"
    logs = limb.log_probability
    return (
        f"{_seen(shown)}<br>{len(tokens)} tokens, probability {_power(logs)},"
        f" {-logs / len(tokens):.3f} nats a token<br>click: go on from here"
    )


def _power(log: float) -> str:
    """e to that, also where it is too small for a number."""
    if log > math.log(1e-4):
        return f"{math.exp(log):.4f}"
    exponent = math.floor(log / math.log(10))
    return f"{math.exp(log - exponent * math.log(10)):.1f} · 10<sup>{exponent}</sup>"


def _seen(text: str) -> str:
    return escape(visible(text), quote=False)
