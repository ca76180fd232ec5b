from __future__ import annotations

import numpy as np
import pytest

from explorer.charts.quick_figure import Bars, Cells
from explorer.charts.weight_uses import uses_figure


def test_cells_and_both_sums_are_those_of_the_contributions() -> None:
    contributions = np.array([[0.0, 2.0, -1.0], [0.5, 0.0, -3.0]])
    texts = [["a", " ", "\n"], ["b", "c", "d"]]
    figure = uses_figure(contributions, texts, (1, 2))
    cells, of_positions, of_examples = (panel.marks[0] for panel in figure.panels)
    assert isinstance(cells, Cells)
    assert np.array_equal(cells.values, contributions)
    assert cells.texts and cells.texts[0] == ["a", "·", "↵"]
    assert cells.chosen == (1, 2)
    assert isinstance(of_positions, Bars) and isinstance(of_examples, Bars)
    assert of_positions.is_upright and of_positions.values.tolist() == [0.5, 2.0, -4.0]
    assert not of_examples.is_upright and of_examples.values.tolist() == [1.0, -2.5]
    across, down = figure.axes["position"], figure.axes["example"]
    assert (across.low, across.high, down.low, down.high) == (0.5, 3.5, 2.5, 0.5)


def test_of_one_example_there_is_no_sum_beside_it() -> None:
    figure = uses_figure(np.array([[0.0, 2.0]]), [["a", "b"]], (0, 1))
    assert [(panel.x, panel.across) for panel in figure.panels] == [("position", (0.0, 1.0))] * 2


@pytest.mark.parametrize(
    ("sums", "low", "high"),
    [((2.0, -4.0), -4.36, 2.36), ((0.0, 5.0), 0.0, 5.3), ((-5.0, 0.0), -5.3, 0.0), ((0, 0), 0, 1)],
)
def test_the_longest_bars_of_either_sign_have_room(
    sums: tuple[float, float], low: float, high: float
) -> None:
    axis = uses_figure(np.array([sums]), [["a", "b"]], (0, 0)).axes["of positions"]
    assert (axis.low, axis.high) == pytest.approx((low, high))


def test_a_few_large_uses_do_not_hide_the_others() -> None:
    def largest(contributions: np.ndarray) -> float:
        texts = [["a"] * contributions.shape[1]] * len(contributions)
        cells = uses_figure(contributions, texts, (0, 0)).panels[0].marks[0]
        assert isinstance(cells, Cells)
        assert cells.lowest == -cells.highest
        return cells.highest

    contributions = np.full((10, 100), 0.01)
    contributions[0, 0] = 100
    assert largest(contributions) < 0.02
    assert largest(np.zeros((1, 4))) == 1.0
