"""Small matrices whose every cell can be read: numbers, shares, and what a mask forbids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.charts.numbers import format_fixed
from explorer.charts.tokens import visible
from explorer.theme import LIGHT, colour_scale

Matrix = npt.NDArray[np.floating]
Kind = Literal["share", "signed"]

CELL_COLUMNS = {"matrix": "trace", "column": "x", "row": "y", "number": "z"}
FORBIDDEN = "the mask forbids it"
HOVER_DIGITS = 4
MOST_WRITTEN = 12  # rows or columns; in larger matrices numbers would not fit into the cells


@dataclass(frozen=True)
class Cells:
    """One matrix of a figure.

    Attributes:
        title: what it holds.
        values: `(rows, columns)`; NaN where a mask forbids it, which is drawn grey.
        rows, columns: the texts of the tokens along each axis; None for plain numbers.
        kind: shares between 0 and 1, or numbers of either sign.
        row_title, column_title: what the axes are.
        chosen_row: framed in orange.
        hover: Plotly's template for a cell, with %{x}, %{y} and its number as %{hovertext}.
        digits: after the point of the numbers written into the cells.
    """

    title: str
    values: Matrix
    rows: Sequence[str] | None = None
    columns: Sequence[str] | None = None
    kind: Kind = "signed"
    row_title: str = ""
    column_title: str = ""
    chosen_row: int | None = None
    hover: str = "%{hovertext}"
    digits: int = 2


def cells_figure(
    matrices: Sequence[Cells], *, widths: Sequence[float] | None = None, gap: float = 0.06
) -> go.Figure:
    """Matrices side by side, top rows level."""
    figure = make_subplots(
        rows=1,
        cols=len(matrices),
        column_widths=list(widths) if widths else None,
        horizontal_spacing=gap,
        subplot_titles=[each.title for each in matrices],
    )
    for column, cells in enumerate(matrices, start=1):
        add_cells(figure, cells, row=1, column=column)
    figure.update_annotations(font={"size": 14, "color": LIGHT.text})
    figure.update_layout(showlegend=False, margin={"l": 56, "r": 16, "t": 60, "b": 48})
    return figure


def add_cells(figure: go.Figure, cells: Cells, *, row: int, column: int) -> None:
    """Draws one matrix into a subplot, first row on top."""
    values = np.asarray(cells.values, dtype=np.float32)
    forbidden = np.isnan(values)
    is_written = max(values.shape) <= MOST_WRITTEN
    largest = float(np.nanmax(np.abs(values))) if not forbidden.all() else 1.0
    signed = cells.kind == "signed"
    figure.add_heatmap(
        name=cells.title,
        z=values,
        zmin=-(largest or 1.0) if signed else 0.0,
        zmax=(largest or 1.0) if signed else 1.0,
        colorscale=colour_scale(LIGHT.diverging if signed else LIGHT.sequential),
        showscale=False,
        text=_written(values, cells.digits) if is_written else None,
        texttemplate="%{text}" if is_written else None,
        textfont={"size": 12},
        hovertext=_written(values, HOVER_DIGITS),
        hovertemplate=f"{cells.hover}<extra></extra>",
        customdata=_pairs(cells, values.shape),
        hoverongaps=False,
        row=row,
        col=column,
    )
    if forbidden.any():
        figure.add_heatmap(
            z=np.where(forbidden, 1.0, np.nan).astype(np.float32),
            colorscale=[(0, LIGHT.masked), (1, LIGHT.masked)],
            showscale=False,
            hoverongaps=False,
            hovertemplate=f"{FORBIDDEN}<extra></extra>",
            row=row,
            col=column,
        )
    if cells.chosen_row is not None:
        figure.add_shape(
            type="rect",
            x0=-0.5,
            x1=values.shape[1] - 0.5,
            y0=cells.chosen_row - 0.5,
            y1=cells.chosen_row + 0.5,
            line={"color": LIGHT.backward, "width": 2},
            row=row,
            col=column,
        )
    _set_axes(figure, cells, values.shape, row, column)


def _set_axes(
    figure: go.Figure, cells: Cells, shape: tuple[int, ...], row: int, column: int
) -> None:
    figure.update_yaxes(
        autorange="reversed",
        title={"text": cells.row_title},
        showline=False,
        showgrid=False,
        ticks="",
        row=row,
        col=column,
        **_ticks(cells.rows, shape[0]),
    )
    figure.update_xaxes(
        title={"text": cells.column_title},
        showline=False,
        showgrid=False,
        ticks="",
        row=row,
        col=column,
        **_ticks(cells.columns, shape[1]),
    )


def _ticks(texts: Sequence[str] | None, count: int) -> dict[str, object]:
    if texts is None:
        return {"showticklabels": False}
    size = 14 if count <= MOST_WRITTEN else 10
    return {
        "tickmode": "array",
        "tickvals": list(range(count)),
        "ticktext": [visible(text) for text in texts],
        "tickfont": {"size": size, "color": LIGHT.text},
        "tickangle": 0,
    }


def _written(values: Matrix, digits: int) -> list[list[str]]:
    """The numbers as they are read; nothing where a mask forbids one."""
    return [
        ["" if math.isnan(each) else format_fixed(each, digits) for each in row]
        for row in values.tolist()
    ]


def _pairs(cells: Cells, shape: tuple[int, ...]) -> list[list[list[str]]] | None:
    """For every cell the tokens of its row and column, so that a hover can name them."""
    if cells.rows is None or cells.columns is None:
        return None
    columns = [visible(text) for text in cells.columns]
    return [[[visible(text), other] for other in columns] for text in cells.rows]
