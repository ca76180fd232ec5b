"""The map of a model: a small picture of every matrix, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.charts.quick_figure import Numbers
from explorer.charts.weight import pool
from explorer.theme import LIGHT, colour_scale

TILE = 12  # cells of a matrix' picture on the map, each way
ACROSS, DOWN = TILE + 2, TILE + 5  # from one tile to the next; below each there is its name
MIDDLE = (TILE - 1) / 2  # of a tile, from its corner
FEWEST_PLACES = 6  # side by side that there is room for, taken or not
MOST_NAMED = 9  # tiles side by side that all have room for their names; else the chosen one has
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
    named = [tile for tile in tiles if n_places <= MOST_NAMED or tile.name == chosen]
    pictures = {
        "type": "heatmap",
        "z": ground,
        "zmin": -1,
        "zmax": 1,
        "xgap": 0,
        "ygap": 0,
        "colorscale": colour_scale(LIGHT.diverging),
        "showscale": False,
        "hoverinfo": "skip",
        "name": "weights",
    }
    matrices = {
        "type": "scatter",
        "x": np.array([tile.corner[1] + MIDDLE for tile in tiles], np.float32),
        "y": np.array([tile.corner[0] + MIDDLE for tile in tiles], np.float32),
        "mode": "markers",
        "marker": {"size": 30, "symbol": "square", "opacity": 0},
        "text": [tile.name for tile in tiles],
        "customdata": [
            [*tile.values.shape, *(float(fold(tile.values)) for _, fold in FOLDS)] for tile in tiles
        ],
        "hovertemplate": (
            "%{text}<br>%{customdata[0]} × %{customdata[1]} weights"
            "<br>%{customdata[2]:.4g} to %{customdata[3]:.4g}<extra></extra>"
        ),
        "name": "matrices",
    }
    layout = {
        # All at once: one added after another, Plotly looks through those before it every time.
        "shapes": [_frame(tile, tile.name == chosen) for tile in tiles],
        "annotations": [_label(tile, tile.name == chosen) for tile in named],
        "margin": {"l": 80, "r": 4, "t": 36, "b": 4},
        "hoverdistance": -1,
        "showlegend": False,
        "xaxis": {"visible": False, "range": [-1.5, n_places * ACROSS - 1], "fixedrange": True},
        "yaxis": {
            "range": [len(lines) * DOWN - 0.5, -1.5],
            "tickmode": "array",
            "tickvals": [line * DOWN + MIDDLE for line in range(len(lines))],
            "ticktext": list(lines),
            "tickfont": {"size": 12, "color": LIGHT.text},
            "ticks": "",
            "showline": False,
            "showgrid": False,
            "fixedrange": True,
            "automargin": False,
        },
    }
    return go.Figure({"data": [pictures, matrices], "layout": layout})


def _frame(tile: Tile, is_chosen: bool) -> dict[str, object]:
    row, column = tile.corner
    return {
        "type": "rect",
        "x0": column - 0.75,
        "x1": column + TILE - 0.25,
        "y0": row - 0.75,
        "y1": row + TILE - 0.25,
        "line": {
            "color": LIGHT.backward if is_chosen else LIGHT.line,
            "width": 3 if is_chosen else 1,
        },
    }


def _label(tile: Tile, is_chosen: bool) -> dict[str, object]:
    row, column = tile.corner
    return {
        "x": column + MIDDLE,
        "y": row + TILE,
        "yanchor": "top",
        "text": tile.label,
        "showarrow": False,
        "font": {"size": 10, "color": LIGHT.backward_text if is_chosen else LIGHT.muted},
    }


def _thumbnail(values: Numbers) -> Numbers:
    """A matrix as TILE × TILE cells between -1 and 1; what is smaller is stretched."""
    small = pool(values, TILE).values
    rows = np.arange(TILE) * small.shape[0] // TILE
    columns = np.arange(TILE) * small.shape[1] // TILE
    largest = float(np.abs(small).max()) or 1.0
    stretched: Numbers = (small[rows][:, columns] / largest).astype(np.float32)
    return stretched
