"""Matrices to be read cell by cell."""

from __future__ import annotations

import numpy as np

from explorer.charts.cells import Cells, cells_figure
from explorer.theme import LIGHT


def test_forbidden_cells_are_grey_and_the_rest_keep_their_numbers() -> None:
    pattern = np.array([[1.0, np.nan], [0.25, 0.75]])
    figure = cells_figure([Cells("pattern", pattern, ["a", " "], ["a", " "], "share")])
    shares, grey = figure.data
    np.testing.assert_array_equal(np.asarray(shares.z), np.float32(pattern))
    np.testing.assert_array_equal(np.isnan(np.asarray(grey.z)), ~np.isnan(pattern))
    assert grey.colorscale[0][1] == LIGHT.masked
    assert (shares.zmin, shares.zmax) == (0, 1)
    assert figure.layout.xaxis.ticktext == ("a", "·")
    assert figure.layout.yaxis.autorange == "reversed"
    assert shares.customdata[1][0] == ["·", "a"]


def test_signed_numbers_are_centred_on_zero() -> None:
    (heatmap,) = cells_figure([Cells("numbers", np.array([[1.0, -3.0]]))]).data
    assert (heatmap.zmin, heatmap.zmax) == (-3, 3)
    assert (heatmap.text[0][1], heatmap.hovertext[0][1]) == ("−3.00", "−3.0000")


def test_a_large_matrix_is_not_written_full_of_numbers() -> None:
    (heatmap,) = cells_figure([Cells("numbers", np.zeros((4, 32)))]).data
    assert heatmap.texttemplate is None


def test_the_chosen_row_is_framed() -> None:
    figure = cells_figure([Cells("numbers", np.zeros((3, 2)), chosen_row=1)])
    (frame,) = figure.layout.shapes
    assert (frame.y0, frame.y1, frame.x1) == (0.5, 1.5, 1.5)
