"""Histograms show shares of a matrix' numbers; the ratios single out the chosen matrix."""

from __future__ import annotations

import numpy as np

from explorer.charts.training_matrices import HEALTHY_RATIO, histogram_figure, ratio_figure
from explorer.theme import LIGHT


def histogram(*counts: int, low: float = -1.0, high: float = 1.0) -> dict[str, object]:
    return {"low": low, "high": high, "counts": list(counts)}


def test_bars_stand_in_the_middle_of_their_bins_and_add_up_to_one() -> None:
    now = dict.fromkeys(("weight", "gradient", "update"), histogram(1, 3))
    first = dict.fromkeys(("weight", "gradient", "update"), histogram(2, 2))
    bars, outline = histogram_figure(now, first).data[:2]
    np.testing.assert_allclose(bars.x, [-0.5, 0.5])
    np.testing.assert_allclose(bars.y, [0.25, 0.75])
    np.testing.assert_allclose(outline.y, [0.5, 0.5])
    colours = [trace.marker.color for trace in histogram_figure(now, first).data[::2]]
    assert colours == [LIGHT.forward, LIGHT.backward, LIGHT.backward]


def test_a_matrix_of_equal_numbers_has_a_bar_too() -> None:
    flat = dict.fromkeys(("weight", "gradient", "update"), histogram(0, 0, low=0.0, high=0.0))
    bars = histogram_figure(flat, flat).data[0]
    assert np.isfinite(bars.y).all()
    assert bars.width > 0


def test_the_chosen_matrix_is_orange_and_drawn_last() -> None:
    steps = np.array([50, 100])
    ratios = {"a": (steps, np.array([1e-2, 1e-3])), "b": (steps, np.array([0.0, 1e-4]))}
    figure = ratio_figure(ratios, "a", 100)
    assert [trace.name for trace in figure.data] == ["b", "a"]
    assert figure.data[1].line.color == LIGHT.backward
    assert figure.data[0].y[0] > 0  # an update of nothing still has a place on the log axis
    assert figure.layout.shapes[0].y0 == HEALTHY_RATIO
