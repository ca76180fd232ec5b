"""Figures of what heads are."""

from __future__ import annotations

import numpy as np

from explorer.charts.heads import before_after_figure, score_figure
from explorer.theme import LIGHT


def test_the_shown_head_stands_out_and_the_others_stay_grey() -> None:
    scores = np.array([[0.1, 0.2], [0.3, 0.9]])
    figure = score_figure([0, 10], scores, ["layer 0, head 0", "layer 0, head 1"], [1], 10, "score")
    grey, shown = figure.data
    np.testing.assert_allclose(shown.y, [0.2, 0.9], rtol=1e-6)
    assert shown.line.color == LIGHT.forward
    assert grey.line.color != LIGHT.forward
    assert not grey.showlegend
    assert figure.layout.shapes[0].x0 == 10


def test_bars_are_ordered_by_the_larger_of_before_and_after() -> None:
    before, after = np.array([0.7, 0.3, 0.0]), np.array([0.1, 0.1, 0.8])
    first, second = before_after_figure(before, after, ["a", "b", "c"]).data
    assert list(first.text) == ["c", "a", "b"]
    np.testing.assert_allclose(first.y, [0.0, 0.7, 0.3], rtol=1e-6)
    np.testing.assert_allclose(second.y, [0.8, 0.1, 0.1], rtol=1e-6)


def test_without_anything_off_there_is_one_row_of_bars() -> None:
    assert len(before_after_figure(np.array([0.6, 0.4]), None, ["a", "b"]).data) == 1
