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
    shares = np.array([[-0.125, 0.5], [-0.001, 1.0]])
    written = patched_heads_figure(shares).data[0]
    assert [list(row) for row in written.text] == [["−0.12", "0.50"], ["0.00", "1.00"]]
    assert written.hovertext[0][0] == "layer 0, head 0: −0.125 of the way"
    assert patched_heads_figure(np.zeros((2, 40))).data[0].texttemplate is None


def test_what_is_pointed_at_is_named() -> None:
    figure = patched_stream_figure(np.array([[0.0, -1.0]]), ["a", "b"], ["a", "x"], ["layer 1"])
    assert figure.data[0].hovertext[0][1] == "b→x, token 2, layer 1: −1.000 of the way"
