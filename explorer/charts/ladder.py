"""Figures of the ladder from a table of pairs to a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.tokens import visible
from explorer.theme import CATEGORICAL, LIGHT

Numbers = npt.NDArray[np.floating]

ARC_POINTS = 24
WIDEST_ARC = 9.0

PARTS = {
    "wte": "embeddings",
    "wpe": "embeddings",
    "attn": "attention",
    "mlp": "MLP",
    "lm": "lm_head",
}
"""To which part of a GPT of plain numbers a matrix belongs, by how its name begins."""

MARKS = {
    "embeddings": ("circle", CATEGORICAL[0]),
    "lm_head": ("cross", CATEGORICAL[1]),
    "attention": ("diamond", CATEGORICAL[2]),
    "MLP": ("square", CATEGORICAL[3]),
}
"""As what, and in which colour, the gradients of each part are drawn."""


def bigram_figure(
    probabilities: Numbers, tokens: Sequence[str], chosen: int, *, uirevision: str = "table"
) -> go.Figure:
    """A table of pairs: each row is one token, and how likely each token is to come next.

    The scale is by square root, or the many small shares would all look like nothing.
    """
    shares = np.asarray(probabilities, dtype=np.float32)
    names = [visible(token) for token in tokens]
    places = list(range(len(names)))
    ticks = {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": names,
        "tickfont": {"size": 10 if len(names) > 40 else 12},
        "tickangle": 0,
        "showgrid": False,
        "showline": False,
        "ticks": "",
    }
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(shares),
            zmin=0.0,
            zmax=1.0,
            showscale=False,
            xgap=0,
            ygap=0,
            customdata=shares,
            text=[[f"{other} after {name}" for other in names] for name in names],
            hovertemplate="%{text}: %{customdata:.4f}<extra></extra>",
        )
    )
    figure.add_shape(
        type="rect",
        x0=-0.5,
        x1=len(names) - 0.5,
        y0=chosen - 0.5,
        y1=chosen + 0.5,
        line={"color": LIGHT.backward, "width": 2},
    )
    figure.update_layout(
        uirevision=uirevision,
        margin={"l": 56, "r": 8, "t": 36, "b": 48},
        xaxis={"title": {"text": "the next character"}, **ticks},
        yaxis={"title": {"text": "this character"}, "autorange": "reversed", **ticks},
    )
    return figure


def next_token_figure(
    learnt: Numbers, counted: Numbers | None, tokens: Sequence[str], most: int = 16
) -> go.Figure:
    """What follows one token: as learnt, in bars, and as counted in the text, in lines across."""
    order = np.argsort(-(learnt if counted is None else counted))[:most]
    names = [visible(tokens[place]) for place in order]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(names))),
            y=learnt[order].astype(np.float32),
            text=names,
            textposition="none",
            name="learnt",
            marker={"color": LIGHT.forward},
            hovertemplate="%{text}: %{y:.4f} learnt<extra></extra>",
        )
    )
    if counted is not None:
        figure.add_scatter(
            x=list(range(len(names))),
            y=counted[order].astype(np.float32),
            text=names,
            mode="markers",
            name="counted",
            marker={"symbol": "line-ew-open", "size": 18, "color": LIGHT.text, "line_width": 2},
            hovertemplate="%{text}: %{y:.4f} counted<extra></extra>",
        )
    figure.update_layout(
        showlegend=counted is not None,
        bargap=0.25,
        margin={"l": 56, "r": 8, "t": 36, "b": 32},
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "tickfont": {"size": 14, "color": LIGHT.text},
            "ticks": "",
        },
        yaxis={"title": {"text": "probability"}, "rangemode": "tozero", "automargin": False},
    )
    return figure


def arcs_figure(
    tokens: Sequence[str], pattern: Numbers, chosen: int, *, is_causal: bool
) -> go.Figure:
    """Tokens in a row as the nodes of a directed graph: an arc to each from those it looks at.

    `pattern` is `(T, T)`, rows are queries. The arcs of the chosen token are orange; an arc over
    the row comes from the past, one under it from the future; a node's ring is what it keeps.
    """
    figure = go.Figure()
    count = len(tokens)
    pairs = [(q, k) for q in range(count) for k in range(count) if q != k]
    for query, key in sorted(pairs, key=lambda pair: pair[0] == chosen):
        weight = float(pattern[query, key])
        if is_causal and key > query:
            continue
        xs, ys = _arc(key, query)
        is_chosen = query == chosen
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={
                "width": max(0.5, WIDEST_ARC * weight),
                "color": LIGHT.backward if is_chosen else LIGHT.forward + "30",
            },
            text=f"{visible(tokens[query])} takes {weight:.3f} from {visible(tokens[key])}",
            hovertemplate="%{text}<extra></extra>" if is_chosen else None,
            hoverinfo=None if is_chosen else "skip",
        )
    own = np.diagonal(pattern).astype(np.float32)
    figure.add_scatter(
        x=list(range(count)),
        y=[0] * count,
        mode="markers+text",
        text=[visible(token) for token in tokens],
        textfont={"size": 17, "color": LIGHT.text},
        marker={
            "size": 38,
            "color": LIGHT.panel,
            "line": {
                "width": (1 + 5 * own).tolist(),
                "color": [LIGHT.backward if i == chosen else LIGHT.line for i in range(count)],
            },
        },
        customdata=own,
        hovertemplate="%{text} keeps %{customdata:.3f} of itself<extra></extra>",
    )
    height = 0.5 * (count - 1) + 0.4
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        xaxis={"range": [-0.6, count - 0.4], **hidden},
        yaxis={"range": [-0.7 if is_causal else -height, height], **hidden},
    )
    return figure


def _arc(start: int, end: int) -> tuple[list[float], list[float]]:
    """From one place of the row to another: over it forwards, under it backwards."""
    turn = np.linspace(0, np.pi, ARC_POINTS)
    middle, radius = (start + end) / 2, (end - start) / 2
    xs = middle - radius * np.cos(turn)
    ys = np.sin(turn) * radius
    return xs.round(3).tolist(), ys.round(3).tolist()


def saturation_figure(raw: Numbers, scaled: Numbers) -> go.Figure:
    """The same query's pattern without and with the division by √D."""
    figure = go.Figure()
    for name, shares, colour in (
        ("softmax(q·k)", raw, LIGHT.masked),
        ("softmax(q·k ÷ √D)", scaled, LIGHT.forward),
    ):
        figure.add_bar(
            x=list(range(len(shares))),
            y=shares.astype(np.float32),
            name=name,
            marker={"color": colour, "line": {"color": LIGHT.muted, "width": 0.5}},
            hovertemplate=f"{name}<br>key %{{x}}: %{{y:.4f}}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        margin={"l": 56, "r": 8, "t": 40, "b": 48},
        xaxis={"title": {"text": "key: looked at"}, "dtick": 1, "ticks": ""},
        yaxis={"title": {"text": "attention"}, "range": [0, 1], "automargin": False},
    )
    return figure


def variance_figure(
    head_sizes: Sequence[int], raw: Sequence[float], scaled: Sequence[float], chosen: int
) -> go.Figure:
    """How large a share the strongest key gets, over the width of the head."""
    figure = go.Figure()
    for name, shares, colour in (
        ("without", raw, LIGHT.muted),
        ("with ÷ √D", scaled, LIGHT.forward),
    ):
        figure.add_scatter(
            x=list(head_sizes),
            y=np.asarray(shares, dtype=np.float32),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2},
            hovertemplate=f"D = %{{x}}, {name}: %{{y:.3f}}<extra></extra>",
        )
    figure.add_vline(chosen, line={"color": LIGHT.backward, "width": 1.5})
    figure.update_layout(
        margin={"l": 56, "r": 8, "t": 40, "b": 48},
        xaxis={
            "type": "log",
            "title": {"text": "D, the channels of the head"},
            "tickmode": "array",
            "tickvals": list(head_sizes),
        },
        yaxis={"title": {"text": "the largest share"}, "range": [0, 1.02], "automargin": False},
    )
    return figure


@dataclass(frozen=True)
class Stair:
    """One rung of the ladder as a step of the staircase.

    Attributes:
        name: what it is called.
        title: its idea.
        lecture: the validation loss that the lecture reached, in nats per token; None if it names
            none.
        loss: the best that was reached here; None before it has been trained.
        step, steps: how far the run has come that reached it.
        best_step: the step at which it did.
    """

    name: str
    title: str
    lecture: float | None
    loss: float | None
    step: int = 0
    steps: int = 0
    best_step: int = 0

    @property
    def is_over(self) -> bool:
        """Whether its run has come to the end: before, its loss is not what the rung can do."""
        return self.step == self.steps


def staircase_figure(stairs: Sequence[Stair], chosen: int) -> go.Figure:
    """The best validation loss of every rung: the way down, idea by idea.

    Beside it that of the lecture, where it names one.
    """
    places = list(range(len(stairs)))
    figure = go.Figure()
    if any(each.lecture is not None for each in stairs):
        figure.add_scatter(
            x=places,
            y=[each.lecture for each in stairs],
            mode="markers",
            name="the lecture, all its steps",
            marker={"symbol": "line-ew-open", "size": 34, "color": LIGHT.muted, "line_width": 2},
            hovertemplate="the lecture: %{y:.4f}<extra></extra>",
        )
    figure.add_scatter(
        x=places,
        y=[each.loss for each in stairs],
        mode="lines+markers+text",
        name="here, the best of each run",
        showlegend=any(each.loss is not None for each in stairs),
        connectgaps=True,
        line={"color": LIGHT.forward, "width": 2, "shape": "hvh"},
        marker={
            "size": 11,
            "color": [LIGHT.forward if each.is_over else LIGHT.ground for each in stairs],
            "line": {"color": LIGHT.forward, "width": 2},
        },
        text=["" if each.loss is None else f"{each.loss:.3f}" for each in stairs],
        textposition="bottom center",
        textfont={"size": 12, "color": LIGHT.forward_text},
        customdata=[
            f"at step {each.best_step:,}<br>{each.title}, step {each.step:,} of {each.steps:,}"
            for each in stairs
        ],
        hovertemplate="best here: %{y:.4f} %{customdata}<extra></extra>",
    )
    figure.add_vrect(
        x0=chosen - 0.5,
        x1=chosen + 0.5,
        layer="below",
        line_width=0,
        fillcolor=LIGHT.backward + "1A",
    )
    figure.update_layout(
        margin={"l": 64, "r": 8, "t": 40, "b": 64},
        xaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": [each.name for each in stairs],
            "tickfont": {"size": 12},
            "tickangle": 0,
            "range": [-0.5, len(stairs) - 0.5],
            "showgrid": False,
            "ticks": "",
        },
        yaxis={"title": {"text": "validation loss, nats per token"}, "automargin": False},
    )
    return figure


def agreement_figure(gradients: Mapping[str, tuple[Numbers, Numbers]]) -> go.Figure:
    """Every gradient of every matrix found twice, one way across and the other way up.

    A colour and a mark for each part of the model. Those that reach least far are drawn last, or
    they would lie under the others, for all lie on the diagonal.
    """
    figure = go.Figure()
    reach = max(float(np.abs(first).max()) for first, _ in gradients.values()) * 1.05 or 1.0
    figure.add_scatter(
        x=[-reach, reach],
        y=[-reach, reach],
        mode="lines",
        line={"color": LIGHT.line, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    drawn: set[str] = set()
    for name in sorted(gradients, key=lambda each: -np.abs(gradients[each][0]).max()):
        first, second = gradients[name]
        part = PARTS[name.split(".")[-1].split("_")[0]]
        symbol, colour = MARKS[part]
        figure.add_scattergl(
            x=first.ravel().astype(np.float32),
            y=second.ravel().astype(np.float32),
            mode="markers",
            name=part,
            legendgroup=part,
            showlegend=part not in drawn,
            marker={
                "size": 9,
                "color": colour,
                "symbol": symbol,
                "opacity": 0.8,
                "line": {"color": LIGHT.ground, "width": 0.5},
            },
            hovertemplate=f"{name}<br>%{{x:.6g}} by plain numbers<br>%{{y:.6g}} by torch"
            "<extra></extra>",
        )
        drawn.add(part)
    figure.update_layout(
        margin={"l": 64, "r": 8, "t": 60, "b": 48},
        xaxis={"title": {"text": "gradient by plain numbers"}, "range": [-reach, reach]},
        yaxis={
            "title": {"text": "gradient by torch"},
            "range": [-reach, reach],
            "automargin": False,
        },
    )
    return figure
