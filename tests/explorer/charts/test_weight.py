from __future__ import annotations

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from explorer.charts.weight import (
    MOST_CELLS,
    Moved,
    curve_figure,
    matrix_figure,
    neighbourhood,
    pool,
)


def test_a_small_matrix_is_shown_as_it_is() -> None:
    matrix = np.arange(12.0).reshape(3, 4)
    pooled = pool(matrix)
    assert np.array_equal(pooled.values, matrix)
    assert pooled.rows[2].tolist() == [2, 2, 2, 2] and pooled.columns[0].tolist() == [0, 1, 2, 3]


def test_every_cell_of_a_large_matrix_shows_the_largest_of_its_block() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(250, 40))
    matrix[137, 21] = -100
    pooled = pool(matrix, most=10)
    assert pooled.values.shape == (10, 10)
    assert np.array_equal(pooled.values, matrix[pooled.rows, pooled.columns])
    row, column = np.argwhere(pooled.values == -100)[0]
    assert (pooled.rows[row, column], pooled.columns[row, column]) == (137, 21)
    assert pooled.first_rows[row] <= 137 < pooled.first_rows[row] + 25
    for i in range(10):
        for j in range(10):
            block = matrix[25 * i : 25 * i + 25, 4 * j : 4 * j + 4]
            assert abs(pooled.values[i, j]) == np.abs(block).max()


@pytest.mark.parametrize("shape", [(1, 30), (12, 12), (25, 13), (97, 250)])
def test_of_equals_the_first_in_a_block_is_shown(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).integers(-2, 3, shape).astype(np.float32)
    pooled = pool(matrix, most=12)
    ends = [*pooled.first_rows[1:], shape[0]], [*pooled.first_columns[1:], shape[1]]
    for i, top in enumerate(pooled.first_rows):
        for j, left in enumerate(pooled.first_columns):
            block = np.abs(matrix[top : ends[0][i], left : ends[1][j]])
            row, column = np.argwhere(block == block.max())[0]
            assert (pooled.rows[i, j], pooled.columns[i, j]) == (top + row, left + column)


def test_another_weight_of_the_same_matrix_changes_nothing_but_the_frame() -> None:
    pooled = pool(np.random.default_rng(3).normal(size=(20, 300)))
    first, second = (
        matrix_figure(pooled, place, "weight").to_dict() for place in ((3, 9), (4, 280))
    )
    assert first["layout"].pop("shapes") != second["layout"].pop("shapes")
    assert PlotlyJSONEncoder().encode(first) == PlotlyJSONEncoder().encode(second)


@pytest.mark.parametrize(("place", "first"), [((0, 0), (0, 0)), ((511, 30), (495, 22))])
def test_around_a_weight_every_cell_is_a_weight(
    place: tuple[int, int], first: tuple[int, int]
) -> None:
    matrix = np.arange(512.0 * 40).reshape(512, 40)
    around = neighbourhood(matrix, *place)
    assert around.values.shape == (17, 17)
    assert (around.rows[0, 0], around.columns[0, 0]) == first
    assert np.array_equal(around.values, matrix[around.rows, around.columns])
    assert place[0] in around.rows and place[1] in around.columns


def test_the_chosen_weight_is_framed_in_the_cell_that_stands_for_it() -> None:
    matrix = np.random.default_rng(1).normal(size=(2 * MOST_CELLS, 8))
    figure = matrix_figure(pool(matrix), (101, 5), "weight")
    (heatmap,), (_, frame) = figure.data, figure.layout.shapes
    assert heatmap.z.shape == (MOST_CELLS, 8)
    assert (frame.yanchor, frame.xanchor) == (50, 5)
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-6.5, 6.5, -6.5, 6.5)  # pixels
    row, column = heatmap.customdata[50, 5]
    assert heatmap.z[50, 5] == np.float32(matrix[row, column])


@pytest.mark.parametrize(
    ("chosen", "anchor", "across", "up"),
    [
        ((0, 0), (-0.5, -0.5), (1.5, 14.5), (-14.5, -1.5)),
        ((29, 39), (29.5, 39.5), (-14.5, -1.5), (1.5, 14.5)),
        ((0, 7), (-0.5, 7), (-6.5, 6.5), (-14.5, -1.5)),
    ],
)
def test_at_the_edge_of_small_cells_the_frame_stays_within_the_picture(
    chosen: tuple[int, int],
    anchor: tuple[float, float],
    across: tuple[float, float],
    up: tuple[float, float],
) -> None:
    figure = matrix_figure(pool(np.eye(30, 40)), chosen, "weight")
    _, frame = figure.layout.shapes
    assert (frame.yanchor, frame.xanchor) == anchor
    assert ((frame.x0, frame.x1), (frame.y0, frame.y1)) == (across, up)


def test_the_tangent_touches_the_curve_where_the_weight_is() -> None:
    values = np.linspace(-1, 1, 25)
    losses = (values - 0.5) ** 2
    here, after = Moved(0.0, 0.25), Moved(0.1, 0.16)
    figure = curve_figure(values, losses, here, -1.0, after, Moved(0.5, 0.0), "w")
    curve, tangent, diamond, now, hand = figure.data
    assert np.array_equal(curve.x, values) and np.array_equal(curve.y, losses)
    assert tangent.y.tolist() == [1.25, -0.75]
    assert (now.x[0], now.y[0]) == (0.0, 0.25) and (diamond.x[0], hand.x[0]) == (0.1, 0.5)
    low, high = figure.layout.yaxis.range
    assert low < 0 and high > 2.25
    assert len(curve_figure(values, losses, here, -1.0, after, None, "w").data) == 4


def test_a_loss_that_does_not_change_still_has_an_axis() -> None:
    figure = curve_figure(
        np.linspace(-1, 1, 3), np.full(3, 2.0), Moved(0, 2.0), 0.0, Moved(0, 2.0), None, "w"
    )
    low, high = figure.layout.yaxis.range
    assert low < 2.0 < high
