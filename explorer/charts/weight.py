"""Figures of one weight: where it stands in the model, and the loss as it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_number
from explorer.theme import LIGHT

Numbers = npt.NDArray[np.floating]

TILE = 12  # cells of a matrix' picture on the map, each way
ACROSS, DOWN = TILE + 2, TILE + 5  # from one tile to the next; below each there is its name
FEWEST_PLACES = 6  # side by side that there is room for, taken or not
MOST_NAMED = 9  # tiles side by side that all have room for their names; else the chosen one has
MOST_CELLS = 96  # rows or columns of a matrix that are drawn one by one
NEIGHBOURS = 8  # on each side of a weight, where a matrix is too large to be drawn so
# What the map knows of each matrix besides its rows and columns.
FOLDS: tuple[tuple[str, Callable[[Numbers], np.floating]], ...] = (
    ("smallest", np.min),
    ("largest", np.max),
    ("mean", np.mean),
    ("standard deviation", np.std),
)
MAP_COLUMNS = {"matrix": "text"} | {
    name: f"customdata.{i}"
    for i, name in enumerate(["rows", "columns", *(name for name, _ in FOLDS)])
}
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
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    first_rows: npt.NDArray[np.intp]
    first_columns: npt.NDArray[np.intp]


def pool(matrix: Numbers, most: int = MOST_CELLS) -> Pooled:
    """The largest number of every block, so that what is rare does not fade away."""
    row_edges, column_edges = (_edges(length, most) for length in matrix.shape)
    shape = len(row_edges) - 1, len(column_edges) - 1
    rows, columns = np.empty(shape, np.intp), np.empty(shape, np.intp)
    sizes = np.abs(matrix)
    for i in range(shape[0]):
        of_rows = slice(row_edges[i], row_edges[i + 1])
        for j in range(shape[1]):
            block = sizes[of_rows, column_edges[j] : column_edges[j + 1]]
            place = np.unravel_index(np.argmax(block), block.shape)
            rows[i, j], columns[i, j] = row_edges[i] + place[0], column_edges[j] + place[1]
    return Pooled(matrix[rows, columns], rows, columns, row_edges[:-1], column_edges[:-1])


@dataclass(frozen=True)
class Tile:
    """One matrix on the map: what it is called, what is in it, and where it stands."""

    name: str
    label: str
    values: Numbers
    line: int
    place: int

    @property
    def corner(self) -> tuple[int, int]:
        """Its first row and column of cells."""
        return self.line * DOWN, self.place * ACROSS


def lay_out(matrices: Mapping[str, Numbers], places: Mapping[str, tuple[str, str]]) -> list[Tile]:
    """Every matrix as a tile: a line for each part of the model, in the order of its forward pass.

    `places` says for each name its part and what it is called in it.
    """
    lines = list(dict.fromkeys(places[name][0] for name in matrices))
    counts = dict.fromkeys(lines, 0)
    tiles = []
    for name, values in matrices.items():
        line, label = places[name]
        tiles.append(Tile(name, label, values, lines.index(line), counts[line]))
        counts[line] += 1
    return tiles


def map_figure(tiles: Sequence[Tile], lines: Sequence[str], chosen: str) -> go.Figure:
    """All matrices of a model, each in its own scale; the chosen one is framed in orange."""
    n_places = max(FEWEST_PLACES, *(tile.place + 1 for tile in tiles))
    ground = np.full((len(lines) * DOWN, n_places * ACROSS), np.nan, np.float32)
    for tile in tiles:
        row, column = tile.corner
        ground[row : row + TILE, column : column + TILE] = _thumbnail(tile.values)
    figure = go.Figure(
        go.Heatmap(
            z=ground,
            zmin=-1,
            zmax=1,
            xgap=0,
            ygap=0,
            colorscale=_even(LIGHT.diverging),
            showscale=False,
            hoverinfo="skip",
            name="weights",
        )
    )
    middle = (TILE - 1) / 2
    figure.add_scatter(
        x=np.array([tile.corner[1] + middle for tile in tiles], np.float32),
        y=np.array([tile.corner[0] + middle for tile in tiles], np.float32),
        mode="markers",
        marker={"size": 30, "symbol": "square", "opacity": 0},
        text=[tile.name for tile in tiles],
        customdata=[
            [*tile.values.shape, *(float(fold(tile.values)) for _, fold in FOLDS)] for tile in tiles
        ],
        hovertemplate=(
            "%{text}<br>%{customdata[0]} × %{customdata[1]} weights"
            "<br>%{customdata[2]:.4g} to %{customdata[3]:.4g}<extra></extra>"
        ),
        name="matrices",
    )
    for tile in tiles:
        row, column = tile.corner
        is_chosen = tile.name == chosen
        figure.add_shape(
            type="rect",
            x0=column - 0.75,
            x1=column + TILE - 0.25,
            y0=row - 0.75,
            y1=row + TILE - 0.25,
            line={
                "color": LIGHT.backward if is_chosen else LIGHT.line,
                "width": 3 if is_chosen else 1,
            },
        )
        if n_places <= MOST_NAMED or is_chosen:
            figure.add_annotation(
                x=column + middle,
                y=row + TILE,
                yanchor="top",
                text=tile.label,
                showarrow=False,
                font={
                    "size": 10,
                    "color": LIGHT.backward_text if is_chosen else LIGHT.muted,
                },
            )
    figure.update_layout(
        margin={"l": 80, "r": 4, "t": 36, "b": 4},
        hoverdistance=-1,
        showlegend=False,
        xaxis={"visible": False, "range": [-1.5, n_places * ACROSS - 1], "fixedrange": True},
        yaxis={
            "range": [len(lines) * DOWN - 0.5, -1.5],
            "tickmode": "array",
            "tickvals": [line * DOWN + middle for line in range(len(lines))],
            "ticktext": list(lines),
            "tickfont": {"size": 12, "color": LIGHT.text},
            "ticks": "",
            "showline": False,
            "showgrid": False,
            "fixedrange": True,
            "automargin": False,
        },
    )
    return figure


def matrix_figure(pooled: Pooled, chosen: tuple[int, int], what: str) -> go.Figure:
    """A matrix cell by cell, or what is largest in each block of it; one weight is framed."""
    cell = _cell_of(pooled, chosen)
    largest = float(np.abs(pooled.values).max()) or 1.0
    rows, columns = pooled.values.shape
    figure = go.Figure(
        go.Heatmap(
            z=pooled.values.astype(np.float32),
            zmin=-largest,
            zmax=largest,
            xgap=0 if columns > 48 else 1,
            ygap=0 if rows > 48 else 1,
            colorscale=_even(LIGHT.diverging),
            colorbar={"tickformat": ".2g", "nticks": 5},
            customdata=np.stack([pooled.rows, pooled.columns], axis=-1).astype(np.int32),
            hovertemplate=(
                f"row %{{customdata[0]}}, column %{{customdata[1]}}<br>{what} %{{z:.5g}}"
                "<extra></extra>"
            ),
            name=what,
        )
    )
    figure.add_scatter(
        x=[cell[1]],
        y=[cell[0]],
        mode="markers",
        marker={
            "symbol": "square-open",
            "size": 13,
            "color": LIGHT.backward,
            "line": {"width": 3, "color": LIGHT.backward},
        },
        hoverinfo="skip",
        name="the chosen weight",
    )
    figure.update_layout(
        margin={"l": 56, "r": 8, "t": 36, "b": 44},
        showlegend=False,
        xaxis={
            "title": {"text": "column"},
            "showgrid": False,
            "range": [-0.5, columns - 0.5],
            **_ticks(pooled.first_columns),
        },
        yaxis={
            "title": {"text": "row"},
            "showgrid": False,
            "range": [rows - 0.5, -0.5],
            **_ticks(pooled.first_rows),
        },
        uirevision=f"{rows} {columns}",
    )
    return figure


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
    figure = go.Figure()
    figure.add_scatter(
        x=values,
        y=losses,
        mode="lines+markers",
        name="the loss, measured",
        line={"color": LIGHT.forward, "width": 3, "shape": "spline", "smoothing": 0.6},
        marker={"size": 5, "color": LIGHT.forward},
        hovertemplate="weight %{x:.5g}<br>loss %{y:.6f}<extra></extra>",
    )
    figure.add_scatter(
        x=ends,
        y=here.loss + gradient * (ends - here.value),
        mode="lines",
        name=f"the gradient, a slope of {format_number(gradient)}",
        line={"color": LIGHT.backward, "width": 2.5},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[after.value],
        y=[after.loss],
        mode="markers",
        name="after the step",
        marker={"symbol": "diamond-open", "size": 13, "color": LIGHT.backward, "line_width": 2.5},
        hovertemplate="after the step: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
    )
    figure.add_scatter(
        x=[here.value],
        y=[here.loss],
        mode="markers",
        name="the weight now",
        marker={
            "size": 14,
            "color": LIGHT.backward,
            "line": {"width": 2.5, "color": LIGHT.ground},
        },
        hovertemplate="now: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
    )
    if by_hand is not None:
        figure.add_scatter(
            x=[by_hand.value],
            y=[by_hand.loss],
            mode="markers+text",
            name="by hand",
            text=["by hand"],
            textposition="top center",
            textfont={"color": LIGHT.text, "size": 13},
            cliponaxis=False,
            showlegend=False,  # or the plot would shrink when the hand begins to move
            marker={
                "size": 15,
                "symbol": "circle-open",
                "color": LIGHT.text,
                "line": {"width": 3, "color": LIGHT.text},
            },
            hovertemplate="by hand: weight %{x:.6g}<br>loss %{y:.6f}<extra></extra>",
        )
    figure.update_layout(
        margin={"l": 84, "r": 16, "t": 64, "b": 52},
        legend={"y": 1.03},
        xaxis={"title": {"text": title}, "range": ends.tolist()},
        yaxis={
            "title": {"text": "loss on the batch, nats per token"},
            "range": [low - margin, high + margin],
            "automargin": False,
            "tickformat": ".4~f" if high - low > 1e-3 else "",
        },
        uirevision=f"{title} {ends.tolist()}",
    )
    return figure


def _cell_of(pooled: Pooled, chosen: tuple[int, int]) -> tuple[int, int]:
    """The cell that stands for a weight, which need not be the one that it shows."""
    row, column = chosen
    return (
        int(np.searchsorted(pooled.first_rows, row, side="right")) - 1,
        int(np.searchsorted(pooled.first_columns, column, side="right")) - 1,
    )


def _ticks(places: npt.NDArray[np.intp]) -> dict[str, object]:
    """At most eight, with the numbers that rows or columns have in the matrix."""
    count = len(places)
    shown = np.unique(np.linspace(0, count - 1, min(count, 8)).astype(int))
    return {
        "tickmode": "array",
        "tickvals": shown.tolist(),
        "ticktext": [str(places[each]) for each in shown],
    }


def _thumbnail(values: Numbers) -> Numbers:
    """A matrix as TILE × TILE cells between -1 and 1; what is smaller is stretched."""
    small = pool(values, TILE).values
    rows = np.arange(TILE) * small.shape[0] // TILE
    columns = np.arange(TILE) * small.shape[1] // TILE
    largest = float(np.abs(small).max()) or 1.0
    stretched: Numbers = (small[rows][:, columns] / largest).astype(np.float32)
    return stretched


def _edges(length: int, most: int) -> npt.NDArray[np.intp]:
    """Where blocks begin and the last one ends."""
    return np.linspace(0, length, min(length, most) + 1).astype(np.intp)


def _even(colours: Sequence[str]) -> list[tuple[float, str]]:
    return [(index / (len(colours) - 1), colour) for index, colour in enumerate(colours)]
