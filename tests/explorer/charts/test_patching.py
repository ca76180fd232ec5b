from __future__ import annotations

import numpy as np

from explorer.charts.patching import patched_heads_figure, patched_stream_figure


def test_a_token_that_differs_is_named_twice() -> None:
    shares = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -0.5]])
    figure = patched_stream_figure(shares, ["a", "b", " "], ["a", "x", " "], ["embedding", "end"])
    assert list(figure.layout.xaxis.ticktext) == ["a", "b<br>→x", "·"]
    assert list(figure.data[0].y) == ["embedding", "end"]
    assert figure.data[0].x.tolist() == list(figure.layout.xaxis.tickvals) == [1, 2, 3]
    np.testing.assert_array_equal(figure.data[0].z, shares.astype(np.float32))
    assert figure.layout.title.text == "the residual stream swapped at one token and depth"
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)


def test_numbers_are_written_where_they_have_room() -> None:
    assert patched_heads_figure(np.zeros((2, 4))).data[0].texttemplate == "%{z:.2f}"
    assert patched_heads_figure(np.zeros((2, 40))).data[0].texttemplate is None
