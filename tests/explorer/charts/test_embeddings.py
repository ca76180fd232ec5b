from __future__ import annotations

import numpy as np

from explorer.charts.embeddings import projection_figure
from explorer.theme import LIGHT


def test_axes_say_how_much_they_show() -> None:
    points = np.array([[1.0, 2.0], [3.0, -4.0]])
    figure = projection_figure(points, [0.25, 0.125], ["a", "b"], {1})
    assert figure.layout.xaxis.title.text == "first direction, 25.0% of the variance"
    assert figure.layout.yaxis.title.text == "second direction, 12.5% of the variance"
    assert list(figure.data[0].textfont.color) == [LIGHT.text, LIGHT.backward]
    np.testing.assert_array_equal(figure.data[0].y, [2.0, -4.0])
