from __future__ import annotations

import numpy as np

from explorer.charts.weight_uses import uses_figure


def test_cells_and_both_sums_are_those_of_the_contributions() -> None:
    contributions = np.array([[0.0, 2.0, -1.0], [0.5, 0.0, -3.0]])
    texts = [["a", " ", "\n"], ["b", "c", "d"]]
    figure = uses_figure(contributions, texts, (1, 2))
    cells, of_positions, of_examples = figure.data
    assert np.array_equal(cells.z, contributions.astype(np.float32))
    assert (cells.x.tolist(), cells.y.tolist()) == ([1, 2, 3], [1, 2])
    assert list(cells.text[0]) == ["a", "·", "↵"]
    assert of_positions.y.tolist() == [0.5, 2.0, -4.0]
    assert of_examples.x.tolist() == [1.0, -2.5]
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (2.5, 3.5, 1.5, 2.5)


def test_a_few_large_uses_do_not_hide_the_others() -> None:
    contributions = np.full((10, 100), 0.01)
    contributions[0, 0] = 100
    assert uses_figure(contributions, [["a"] * 100] * 10, (0, 0)).data[0].zmax < 0.02
    nothing = uses_figure(np.zeros((1, 4)), [["a"] * 4], (0, 0)).data[0]
    assert nothing.zmax == 1.0
