from __future__ import annotations

import numpy as np
import pytest

from explorer.charts.quick_figure import Cells, Line, Spot
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
    (cells,) = figure.panels[0].marks
    assert isinstance(cells, Cells) and cells.places is not None
    assert cells.values.shape == (MOST_CELLS, 8) and cells.chosen == (50, 5)
    row, column = (places[50, 5] for places in cells.places)
    assert cells.values[50, 5] == matrix[row, column]
    assert (-cells.lowest, cells.highest) == (np.abs(matrix).max(),) * 2
    # The ninth of the cells, counted from 1, begins with the seventeenth row.
    assert figure.axes["row"].names == {1 + 12 * i: str(24 * i) for i in range(8)}


def test_the_tangent_touches_the_curve_where_the_weight_is() -> None:
    values = np.linspace(-1, 1, 25)
    losses = (values - 0.5) ** 2
    here, after = Moved(0.0, 0.25), Moved(0.1, 0.16)
    figure = curve_figure(values, losses, here, -1.0, after, Moved(0.5, 0.0), "w")
    curve, tangent, diamond, now, hand = figure.panels[0].marks
    assert isinstance(curve, Line) and isinstance(tangent, Line)
    assert np.array_equal(curve.x, values) and np.array_equal(curve.y, losses)
    assert tangent.x.tolist() == [-1, 1] and tangent.y.tolist() == [1.25, -0.75]
    assert isinstance(diamond, Spot) and isinstance(now, Spot) and isinstance(hand, Spot)
    assert (now.x, now.y) == (0.0, 0.25) and (diamond.x, hand.x) == (0.1, 0.5)
    assert hand.is_labelled and not now.is_labelled
    across, up = figure.axes["weight"], figure.axes["loss"]
    assert (across.low, across.high) == (-1, 1) and up.low < 0 and up.high > 2.25
    unmoved = curve_figure(values, losses, here, -1.0, after, None, "w")
    assert len(unmoved.panels[0].marks) == 4


def test_a_loss_that_does_not_change_still_has_an_axis() -> None:
    figure = curve_figure(
        np.linspace(-1, 1, 3), np.full(3, 2.0), Moved(0, 2.0), 0.0, Moved(0, 2.0), None, "w"
    )
    assert figure.axes["loss"].low < 2.0 < figure.axes["loss"].high
