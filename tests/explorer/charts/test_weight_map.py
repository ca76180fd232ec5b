from __future__ import annotations

import numpy as np

from explorer.charts.weight_map import MOST_NAMED, TILE, lay_out, map_figure


def test_the_map_has_a_tile_for_every_matrix_and_frames_one() -> None:
    matrices = {"a": np.ones((30, 4)), "b": -np.ones((1, 4)), "c": np.zeros((4, 4))}
    places = {"a": ("in", "a"), "b": ("layer 0", "b"), "c": ("layer 0", "c")}
    tiles = lay_out(matrices, places)
    assert [(tile.line, tile.place) for tile in tiles] == [(0, 0), (1, 0), (1, 1)]
    figure = map_figure(tiles, ["in", "layer 0"], "c")
    ground, markers = figure.data
    row, column = tiles[1].corner
    assert (ground.z[row : row + TILE, column : column + TILE] == -1).all()
    assert list(markers.text) == ["a", "b", "c"]
    assert [list(each) for each in markers.customdata] == [
        [30, 4, 1, 1, 1, 0],
        [1, 4, -1, -1, -1, 0],
        [4, 4, 0, 0, 0, 0],
    ]
    framed = [shape for shape in figure.layout.shapes if shape.line.width == 3]
    assert len(framed) == 1
    assert framed[0].x0 < markers.x[2] < framed[0].x1 and framed[0].y0 < markers.y[2]
    assert [each.text for each in figure.layout.annotations] == ["a", "b", "c"]


def test_of_many_matrices_side_by_side_only_the_chosen_one_has_room_for_its_name() -> None:
    names = [f"m{number}" for number in range(MOST_NAMED + 1)]
    tiles = lay_out({name: np.eye(2) for name in names}, {name: ("all", name) for name in names})
    (name,) = map_figure(tiles, ["all"], "m7").layout.annotations
    assert (name.text, name.x) == ("m7", 7 * (TILE + 2) + (TILE - 1) / 2)
