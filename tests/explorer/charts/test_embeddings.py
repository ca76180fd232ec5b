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


def test_along_a_path_numbers_do_not_lie_on_one_another() -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    names = [str(i + 1) for i in range(200)]
    path = projection_figure(points, [0.5, 0.25], names, {36}, is_path=True).data[0]
    shown = [text for text in path.text if text]
    assert {"37", "50", "100", "150", "200"} <= {*shown} and 10 < len(shown) < 100
    assert [size > 0 for size in path.marker.size] == [not text for text in path.text]
    assert list(path.customdata) == names and path.hovertext[1].startswith("2: ")
    few = projection_figure(points[::20], [0.5, 0.25], names[:10], is_path=True).data[0]
    assert all(few.text)


def test_what_has_no_order_is_all_named() -> None:
    same = np.zeros((3, 2))
    assert list(projection_figure(same, [0.5, 0.25], ["a", "b", "c"]).data[0].text) == [*"abc"]
