"""Figures of one weight: where it stands in its matrix, and the loss as it moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_number
from explorer.theme import LIGHT, colour_scale

Numbers = npt.NDArray[np.floating]
Places = npt.NDArray[np.intp]

MOST_CELLS = 96  # rows or columns of a matrix that are drawn one by one
NEIGHBOURS = 8  # on each side of a weight, where a matrix is too large to be drawn so
FRAME = 13  # pixels, of that around the chosen weight
FRAME_LINE = 3
FEWEST_SMALL = 26  # rows or columns, of which each is smaller than the frame
MATRIX_COLUMNS = {"row": "customdata.0", "column": "customdata.1"}


@dataclass(frozen=True)
class Pooled:
    """A matrix in at most so many cells; each shows the largest number that it stands for.

    Attributes:
        values: of those numbers, `(rows, columns)`.
        rows, columns: where they stand in the matrix, likewise.
        first_rows, first_columns: of the matrix, in each row and column of cells.
    """

    values: Numbers
    rows: Places
    columns: Places
    first_rows: Places
    first_columns: Places


def pool(matrix: Numbers, most: int = MOST_CELLS) -> Pooled:
    """The largest number of every block, so that what is rare does not fade away."""
    (first_rows, in_rows), (first_columns, in_columns) = (
        _blocks(length, most) for length in matrix.shape
    )
    sizes = np.abs(matrix)[in_rows[:, None, :, None], in_columns[None, :, None, :]]
    place = sizes.reshape(*sizes.shape[:2], -1).argmax(-1)
    row, column = np.divmod(place, sizes.shape[3])
    rows = np.take_along_axis(in_rows, row, 1)
    columns = np.take_along_axis(in_columns, column.T, 1).T
    return Pooled(matrix[rows, columns], rows, columns, first_rows, first_columns)


def _blocks(length: int, most: int) -> tuple[Places, Places]:
    """Where each of at most so many blocks begins, and all places in each.

    Blocks may differ in length by one; the shorter ones name their last place twice.
    """
    edges = np.linspace(0, length, min(length, most) + 1).astype(np.intp)
    longest = np.arange(np.diff(edges).max())
    return edges[:-1], np.minimum(edges[:-1, None] + longest, edges[1:, None] - 1)


def matrix_figure(pooled: Pooled, chosen: tuple[int, int], what: str) -> go.Figure:
    """A matrix cell by cell, or what is largest in each block of it; one weight is framed."""
    largest = float(np.abs(pooled.values).max()) or 1.0
    rows, columns = pooled.values.shape
    cells = {
        "type": "heatmap",
        "z": pooled.values.astype(np.float32),
        "zmin": -largest,
        "zmax": largest,
        "xgap": 0 if columns > 48 else 1,
        "ygap": 0 if rows > 48 else 1,
        "colorscale": colour_scale(LIGHT.diverging),
        "colorbar": {"tickformat": ".2g", "nticks": 5},
        "customdata": _compact(np.stack([pooled.rows, pooled.columns], axis=-1)),
        "hovertemplate": (
            f"row %{{customdata[0]}}, column %{{customdata[1]}}<br>{what} %{{z:.5g}}<extra></extra>"
        ),
        "name": what,
    }
    layout = {
        "shapes": _frame(*_cell_of(pooled, chosen), rows, columns),
        "margin": {"l": 56, "r": 8, "t": 36, "b": 44},
        "xaxis": {
            "title": {"text": "column"},
            "showgrid": False,
            # Room for a frame beyond the edge would make every change take 60 ms longer.
            "range": [-0.5, columns - 0.5],
            **_ticks(pooled.first_columns),
        },
        "yaxis": {
            "title": {"text": "row"},
            "showgrid": False,
            "range": [rows - 0.5, -0.5],
            **_ticks(pooled.first_rows),
        },
        "uirevision": f"{rows} {columns}",
    }
    return go.Figure({"data": [cells], "layout": layout})


def _frame(row: int, column: int, rows: int, columns: int) -> list[dict[str, object]]:
    """Around the chosen weight: as large wherever it is, and no trace.

    So another weight of the same matrix changes no trace, and the browser has no cell to paint. On
    a line in the colour of the ground, for among strong cells the orange alone would be lost.
    """
    across, left, right = _extent(column, columns)
    down, top, bottom = _extent(row, rows)
    place: dict[str, object] = {
        "type": "rect",
        **{"xsizemode": "pixel", "xanchor": across, "x0": left, "x1": right},
        # In pixels Plotly counts upwards, wherever the axis leads.
        **{"ysizemode": "pixel", "yanchor": down, "y0": -bottom, "y1": -top},
    }
    return [
        {**place, "line": {"width": 8, "color": LIGHT.ground}, "name": "around the frame"},
        {
            **place,
            "line": {"width": FRAME_LINE, "color": LIGHT.backward},
            "name": "the chosen weight",
        },
    ]


def _extent(place: int, count: int) -> tuple[float, float, float]:
    """Along an axis of so many cells: an anchor, and from there the frame's ends in pixels.

    Around the middle of its cell; at the edge of a matrix of small cells within the picture, which
    would cut it.
    """
    inside = (FRAME_LINE / 2, FRAME + FRAME_LINE / 2)
    if count >= FEWEST_SMALL and place == 0:
        return -0.5, *inside
    if count >= FEWEST_SMALL and place == count - 1:
        return count - 0.5, -inside[1], -inside[0]
    return place, -FRAME / 2, FRAME / 2


def neighbourhood(matrix: Numbers, row: int, column: int) -> Pooled:
    """The weights around one, cell by cell."""
    first_row, first_column = (
        min(max(place - NEIGHBOURS, 0), max(length - 2 * NEIGHBOURS - 1, 0))
        for place, length in zip((row, column), matrix.shape, strict=True)
    )
    rows, columns = np.meshgrid(
        np.arange(first_row, min(first_row + 2 * NEIGHBOURS + 1, matrix.shape[0])),
        np.arange(first_column, min(first_column + 2 * NEIGHBOURS + 1, matrix.shape[1])),
        indexing="ij",
    )
    return Pooled(matrix[rows, columns], rows, columns, rows[:, 0], columns[0])


@dataclass(frozen=True)
class Moved:
    """A weight at some value, and the loss that was measured there."""

    value: float
    loss: float


def curve_figure(
    values: Numbers,
    losses: Numbers,
    here: Moved,
    gradient: float,
    after: Moved,
    by_hand: Moved | None,
    title: str,
) -> go.Figure:
    """The loss over one weight, and the gradient as the line that touches it at the weight.

    `values` and `losses` were measured; `here` is the weight as it is, `after` where the optimiser
    puts it, `by_hand` where the reader has put it.
    """
    low, high = float(losses.min()), float(losses.max())
    margin = 0.12 * (high - low) or max(1e-6, 1e-6 * abs(high))
    ends = np.array([values[0], values[-1]], np.float64)
    measured: dict[str, object] = {
        "x": values,
        "y": losses,
        "mode": "lines+markers",
        "name": f"the loss, measured at {len(values)} values",
        "line": {"color": LIGHT.forward, "width": 3},
        "marker": {"size": 5, "color": LIGHT.forward},
        "hovertemplate": "weight %{x:.5g}<br>loss %{y:.6f}<extra></extra>",
    }
    tangent: dict[str, object] = {
        "x": ends,
        "y": here.loss + gradient * (ends - here.value),
        "mode": "lines",
        "name": f"the gradient, a slope of {format_number(gradient)}",
        "line": {"color": LIGHT.backward, "width": 2.5},
        "hoverinfo": "skip",
    }
    stepped: dict[str, object] = {
        "x": [after.value],
        "y": [after.loss],
        "mode": "markers",
        "name": "after the step",
        "marker": {
            "symbol": "diamond-open",
            "size": 24,  # around the dot of the weight, from which a step leads hardly away
            "color": LIGHT.backward,
            "line": {"width": 2.5},
        },
        "hovertemplate": "after the step: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
    }
    now: dict[str, object] = {
        "x": [here.value],
        "y": [here.loss],
        "mode": "markers",
        "name": "the weight now",
        "marker": {
            "size": 14,
            "color": LIGHT.backward,
            "line": {"width": 2.5, "color": LIGHT.ground},
        },
        "hovertemplate": "now: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
    }
    lines = [measured, tangent, stepped, now]
    if by_hand is not None:
        lines.append(_hand(by_hand))
    layout = {
        "annotations": [] if by_hand is None else [_named(by_hand)],
        "margin": {"l": 84, "r": 16, "t": 64, "b": 52},
        "legend": {"y": 1.03},
        "xaxis": {"title": {"text": title}, "range": ends.tolist()},
        "yaxis": {
            "title": {"text": "loss on the batch, nats per token"},
            "range": [low - margin, high + margin],
            "automargin": False,
            "tickformat": ".4~f" if high - low > 1e-3 else "",
        },
        "uirevision": f"{title} {ends.tolist()}",
    }
    return go.Figure({"data": [{"type": "scatter", **line} for line in lines], "layout": layout})


def _hand(moved: Moved) -> dict[str, object]:
    """Where the reader has put the weight."""
    return {
        "x": [moved.value],
        "y": [moved.loss],
        "mode": "markers",
        "name": "by hand",
        "cliponaxis": False,
        "showlegend": False,  # or the plot would shrink when the hand begins to move
        "marker": {
            "size": 15,
            "symbol": "circle-open",
            "color": LIGHT.text,
            "line": {"width": 3, "color": LIGHT.text},
        },
        "hovertemplate": "by hand: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
    }


def _named(moved: Moved) -> dict[str, object]:
    """What the mark of the hand is called, on ground of its own, for the curve runs through it."""
    return {
        "x": moved.value,
        "y": moved.loss,
        "yshift": 22,
        "text": "by hand",
        "showarrow": False,
        "bgcolor": LIGHT.ground,
        "opacity": 0.9,
        "font": {"color": LIGHT.text, "size": 13},
    }


def _cell_of(pooled: Pooled, chosen: tuple[int, int]) -> tuple[int, int]:
    """The cell that stands for a weight, which need not be the one that it shows."""
    row, column = chosen
    return (
        int(np.searchsorted(pooled.first_rows, row, side="right")) - 1,
        int(np.searchsorted(pooled.first_columns, column, side="right")) - 1,
    )


def _compact(places: Places) -> npt.NDArray[np.unsignedinteger]:
    """In as few bytes as the largest of them needs."""
    return places.astype(np.min_scalar_type(places.max()))


def _ticks(places: Places) -> dict[str, object]:
    """At most eight as far apart, with the numbers that rows or columns have in the matrix."""
    shown = np.arange(0, len(places), -(-len(places) // 8))
    return {
        "tickmode": "array",
        "tickvals": shown.tolist(),
        "ticktext": [str(places[each]) for each in shown],
    }
