"""Figures of what each part of a model adds to a logit, and words for the parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_fixed, format_number
from explorer.theme import LIGHT
from gpt.lens.contributions import Term

Numbers = npt.NDArray[np.floating]

MOST_BARS = 12


def term_title(term: Term) -> str:
    """What a part is called: "L1 head 0", "L0 MLP", "the token itself"."""
    match term.kind:
        case "token":
            return "the token itself"
        case "position":
            return "its place"
        case "head":
            return f"L{term.layer} head {term.head}"
        case "mlp":
            return f"L{term.layer} MLP"
    if term.layer is None:
        return {"ln_f.bias": "last norm's bias", "lm_head.bias": "bias of the logit"}.get(
            term.name, "embeddings' bias"
        )
    return f"L{term.layer} {'attention' if '.attn.' in term.name else 'MLP'} bias"


def contributions_figure(terms: Sequence[Term], values: Numbers, title: str) -> go.Figure:
    """The parts that add most, for in blue and against in orange; all others as one bar."""
    order = np.argsort(-np.abs(values), kind="stable")
    shown, others = order[:MOST_BARS], order[MOST_BARS:]
    names = [term_title(terms[place]) for place in shown]
    sizes = [float(values[place]) for place in shown]
    if len(others):
        names.append(f"the other {len(others)}")
        sizes.append(float(values[others].sum()))
    figure = go.Figure(
        go.Bar(
            x=np.array(sizes, dtype=np.float32),
            y=names,
            orientation="h",
            text=[format_number(size, 3) for size in sizes],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [LIGHT.forward if size >= 0 else LIGHT.backward for size in sizes]},
            hovertext=[format_fixed(size, 4) for size in sizes],
            hovertemplate="%{y}: %{hovertext}<extra></extra>",
        )
    )
    low, high = min(0.0, *sizes), max(0.0, *sizes)
    room = 0.3 * ((high - low) or 1.0)  # for the numbers beside the bars
    figure.update_layout(
        showlegend=False,
        bargap=0.3,
        margin={"l": 132, "r": 16, "t": 36, "b": 44},
        xaxis={
            "title": {"text": title},
            "range": [low - (room if low < 0 else 0), high + (room if high > 0 else 0)],
            "zeroline": True,
            "zerolinecolor": LIGHT.muted,
        },
        yaxis={
            "autorange": "reversed",
            "automargin": False,
            "ticks": "",
            "showgrid": False,
            "showline": False,
            "tickfont": {"size": 12, "color": LIGHT.text},
        },
    )
    return figure
