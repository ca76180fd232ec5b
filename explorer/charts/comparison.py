"""Figures of two models side by side: their heads, answers on the way, and parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.charts.numbers import format_signed
from explorer.charts.quick_figure import Axis, Cells, Panel, QuickFigure
from explorer.charts.tokens import visible
from explorer.theme import LIGHT, colour_scale

Numbers = npt.NDArray[np.floating]

SIDE_NAMES = ("A", "B")
PATTERNS = (*SIDE_NAMES, "B − A")
SIDE_COLOURS = (LIGHT.forward, LIGHT.beside)
SIDE_CSS = ("forward", "beside")  # the same, by their names in CSS
SIDE_SCALES = (LIGHT.sequential, LIGHT.sequential_beside)

MOST_NUMBERED = 12  # heads along an axis whose cells have room for a number
LEAST_SPAN = 0.25  # of distances over the greys: what is nearly equal is to look so
FULL = 0.72  # from which share on a cell is so blue that its text takes the colour of the ground
MOST_NAMED = 24  # heads along an axis that have room for their names
MOST_LEVEL = 8  # of them, that fit side by side on a narrow page
MOST_TICKS = 64  # tokens along an axis
CHARACTERS_IN_A_ROW = 150  # that are legible across the page
LONGEST_TICK = 12
# To see which labels stick out, Plotly measures every one: half the time it takes for a figure.
ALL_LABELS = {"ticklabeloverflow": "allow"}
DEPTH_HEIGHT = 40  # of a row of the lens, in pixels
HEAD_HEIGHT = 44  # of the title above a model's rows
MOST_WRITTEN = 40  # tokens in a row of the lens whose predictions have room


def head_distance_figure(
    distances: Numbers,
    rows: Sequence[str],
    columns: Sequence[str],
    chosen: tuple[int, int],
    labels: tuple[Sequence[str], Sequence[str]],
) -> QuickFigure:
    """How far apart each head of A (rows) and each of B (columns) look, the chosen pair framed."""
    texts = [
        [
            f"A {row}{_said(labels[0][i])}\nB {column}{_said(labels[1][j])}"
            for j, column in enumerate(columns)
        ]
        for i, row in enumerate(rows)
    ]
    high = float(distances.max()) or 1.0
    low = max(0.0, min(float(distances.min()), high - LEAST_SPAN))
    written = None
    if max(distances.shape) <= MOST_NUMBERED:
        written = [[f"{each:.2f}" for each in line] for line in distances]
        if len(columns) > MOST_LEVEL:  # on a narrow page there is no room for a zero before the dot
            written = [[each.removeprefix("0") for each in line] for line in written]
    cells = Cells(
        distances,
        low,
        high,
        chosen,
        "pair",
        "{text}\n{z} apart",
        scale="greys",
        texts=texts,
        written=written,
    )
    is_upright = len(columns) > MOST_LEVEL
    across = Axis(0.5, len(columns) + 0.5, "heads of B", 0, True, _names(columns), is_upright)
    down = Axis(len(rows) + 0.5, 0.5, "heads of A", 0, True, _names(rows))
    return QuickFigure(
        {"head of B": across, "head of A": down},
        [Panel("head of B", "head of A", [cells])],
        left=84,
        below=84 if is_upright else 56,
        enlarged_as=f"{distances.shape}",
        scale_title="apart",
    )


@dataclass(frozen=True)
class Depths:
    """What one model would say of the next token at every depth: D depths, T tokens.

    Attributes:
        title: whose.
        said: the likeliest token as text, `(D, T)`.
        probabilities: how likely it is thought, `(D, T)`.
        names: of the depths.
        side: in whose colour they are.
    """

    title: str
    said: Sequence[Sequence[str]]
    probabilities: Numbers
    names: Sequence[str]
    side: str = SIDE_NAMES[0]


def lens_figure(models: Sequence[Depths], tokens: Sequence[str]) -> go.Figure:
    """The logit lens of both models, one above the other, the last depth on top.

    It is as high as its rows need.
    """
    figure = make_subplots(
        rows=len(models),
        cols=1,
        vertical_spacing=0.2 if len(models) > 1 else 0,
        row_heights=[len(each.names) for each in models],
        subplot_titles=[each.title for each in models],
    )
    read = [visible(token) for token in tokens]
    for row, model in enumerate(models, start=1):
        said = [[visible(each) for each in depth] for depth in model.said]
        room = max(1, CHARACTERS_IN_A_ROW // len(read))
        figure.add_heatmap(
            name=model.title,
            z=model.probabilities.astype(np.float32),
            zmin=0,
            zmax=1,
            colorscale=colour_scale(SIDE_SCALES[SIDE_NAMES.index(model.side)]),
            showscale=False,
            text=said,
            customdata=[read] * len(said),
            hovertemplate="after %{customdata}, %{y}: %{text} with %{z:.4f}<extra></extra>",
            row=row,
            col=1,
        )
        if len(read) <= MOST_WRITTEN:
            written = [[shorten(each, room) for each in depth] for depth in said]
            for texts in cell_texts(model.probabilities, written):
                figure.add_trace(texts, row=row, col=1)
        figure.update_yaxes(
            tickmode="array",
            tickvals=list(range(len(model.names))),
            ticktext=list(model.names),
            row=row,
            col=1,
        )
        figure.update_xaxes(
            title={"text": "token read" if row == len(models) else ""},
            tickmode="array",
            tickvals=list(range(len(read))) if len(read) <= MOST_TICKS else [],
            ticktext=[shorten(each, LONGEST_TICK) for each in read],
            tickangle=_angle(read, room),
            row=row,
            col=1,
        )
    quiet = {
        **{"showgrid": False, "showline": False, "ticks": "", "tickfont": {"color": LIGHT.text}},
        **ALL_LABELS,
    }
    figure.update_xaxes(**quiet)
    figure.update_yaxes(**quiet)
    figure.update_annotations(font={"size": 14, "color": LIGHT.text})
    is_upright = any(axis.tickangle for axis in figure.select_xaxes())
    bottom = 84 if is_upright else 48
    rows = sum(len(model.names) for model in models)
    figure.update_layout(
        showlegend=False,
        height=DEPTH_HEIGHT * rows + bottom + HEAD_HEIGHT * len(models),
        margin={"l": 96, "r": 12, "t": 40, "b": bottom},
    )
    return figure


def cell_texts(shares: Numbers, texts: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    """A text for every cell of a heatmap, in the colour that stands out from its own, as traces.

    Plotly's choice, dark grey or white, is too faint on the blue of the dark theme.

    Args:
        shares: of the full colour, from 0 to 1.
        texts: as many.
    """
    is_full = shares > FULL
    traces: list[dict[str, object]] = []
    for mask, colour in ((is_full, LIGHT.ground), (~is_full, LIGHT.text)):
        cells = np.argwhere(mask)
        if not len(cells):
            continue
        traces.append(
            {
                "type": "scatter",
                "x": cells[:, 1].astype(np.float32),
                "y": cells[:, 0].astype(np.float32),
                "text": [texts[row][column] for row, column in cells.tolist()],
                "mode": "text",
                "textfont": {"size": 12, "color": colour},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return traces


def worth_figure(
    parts: Sequence[str], first: Sequence[float | None], second: Sequence[float | None]
) -> go.Figure:
    """What the loss rises by without each part, of both models; None for a part that one lacks."""
    figure = go.Figure()
    for name, colour, costs in zip(SIDE_NAMES, SIDE_COLOURS, (first, second), strict=True):
        figure.add_bar(
            x=list(range(len(parts))),
            y=np.array([np.nan if cost is None else cost for cost in costs], dtype=np.float32),
            name=name,
            text=list(parts),
            textposition="none",
            marker={"color": colour},
            hovertext=[
                "" if cost is None else f"{name} without {part}: {format_signed(cost, 4)} nats"
                for part, cost in zip(parts, costs, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        margin={"l": 76, "r": 12, "t": 40, "b": 84},
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(parts))) if len(parts) <= MOST_NAMED else [],
            "ticktext": [_short(part) for part in parts],
            "tickangle": -90 if len(parts) > MOST_LEVEL else 0,
            "ticks": "",
            "title": {"text": "switched off"},
        },
        yaxis={"title": {"text": "it costs, nats per token"}, "automargin": False},
    )
    return figure


def shorten(text: str, most: int) -> str:
    """The beginning of a text that is too long for its place."""
    return text if len(text) <= most else text[: max(1, most - 1)] + "…" * (most > 1)


def _angle(texts: Sequence[str], room: int) -> int:
    """Upright where the longest text has no room beside its neighbours."""
    return -90 if max(map(len, texts), default=0) > max(1, room) else 0


def _said(label: str) -> str:
    return f"\n{label}" if label else ""


def _names(names: Sequence[str]) -> dict[int, str]:
    """Of heads along an axis; of many, only the first of each layer would be read, so none."""
    return {i: _short(name) for i, name in enumerate(names, 1)} if len(names) <= MOST_NAMED else {}


def _short(name: str) -> str:
    """layer 1, head 0 -> L1H0, layer 1, MLP -> L1 MLP: as parts are called along an axis."""
    return name.replace("layer ", "L").replace(", head ", "H").replace(", MLP", " MLP")
