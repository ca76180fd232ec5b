"""Figures of one weight: where it stands in its matrix, and the loss as it moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.charts.numbers import format_number
from explorer.charts.quick_figure import (
    Axis,
    Cells,
    Line,
    Mark,
    Numbers,
    Panel,
    Places,
    QuickFigure,
    Spot,
)

MOST_CELLS = 96  # rows or columns of a matrix that are drawn one by one
NEIGHBOURS = 8  # on each side of a weight, where a matrix is too large to be drawn so
MATRIX_COLUMNS = {"row": "row", "column": "column"}


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


def matrix_figure(pooled: Pooled, chosen: tuple[int, int], what: str) -> QuickFigure:
    """A matrix cell by cell, or what is largest in each block of it; one weight is framed."""
    rows, columns = pooled.values.shape
    largest = float(np.abs(pooled.values).max()) or 1.0
    cells = Cells(
        pooled.values,
        -largest,
        largest,
        _cell_of(pooled, chosen),
        what,
        f"row {{row}}, column {{column}}\n{what} {{z:5}}",
        places=(pooled.rows, pooled.columns),
    )
    across = Axis(0.5, columns + 0.5, "column", is_whole=True, names=_names(pooled.first_columns))
    down = Axis(rows + 0.5, 0.5, "row", is_whole=True, names=_names(pooled.first_rows))
    return QuickFigure(
        {"column": across, "row": down},
        [Panel("column", "row", [cells])],
        left=56,
        below=44,
        enlarged_as=f"{rows} {columns}",
        has_scale=True,
    )


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
) -> QuickFigure:
    """The loss over one weight, and the gradient as the line that touches it at the weight.

    `values` and `losses` were measured; `here` is the weight as it is, `after` where the optimiser
    puts it, `by_hand` where the reader has put it.
    """
    low, high = float(losses.min()), float(losses.max())
    margin = 0.12 * (high - low) or max(1e-6, 1e-6 * abs(high))
    ends = np.array([values[0], values[-1]], np.float64)
    tip = "weight {x:5}\nloss {y:7}"
    marks: list[Mark] = [
        Line(
            values,
            losses,
            "forward",
            3,
            f"the loss, measured at {len(values)} values",
            tip,
        ),
        Line(
            ends,
            here.loss + gradient * (ends - here.value),
            "backward",
            2.5,
            f"the gradient, a slope of {format_number(gradient)}",
        ),
        # Around the dot of the weight, from which a step leads hardly away.
        Spot(
            after.value,
            after.loss,
            "diamond",
            24,
            "backward",
            "after the step",
            f"after the step: {tip}",
        ),
        Spot(here.value, here.loss, "dot", 16, "backward", "the weight now", f"now: {tip}"),
    ]
    if by_hand is not None:
        marks.append(
            Spot(
                by_hand.value,
                by_hand.loss,
                "ring",
                15,
                "text",
                "by hand",
                f"by hand: {tip}",
                is_labelled=True,
            )
        )
    return QuickFigure(
        {
            "weight": Axis(float(ends[0]), float(ends[1]), title),
            "loss": Axis(low - margin, high + margin, "loss on the batch, nats per token"),
        },
        [Panel("weight", "loss", marks)],
        left=100,
        below=52,
        has_legend=True,
        enlarged_as=f"{title} {ends.tolist()}",
    )


def _cell_of(pooled: Pooled, chosen: tuple[int, int]) -> tuple[int, int]:
    """The cell that stands for a weight, which need not be the one that it shows."""
    row, column = chosen
    return (
        int(np.searchsorted(pooled.first_rows, row, side="right")) - 1,
        int(np.searchsorted(pooled.first_columns, column, side="right")) - 1,
    )


def _names(places: Places) -> dict[int, str]:
    """At most eight as far apart, with the numbers that rows or columns have in the matrix."""
    shown = range(0, len(places), -(-len(places) // 8))
    return {each + 1: str(places[each]) for each in shown}
