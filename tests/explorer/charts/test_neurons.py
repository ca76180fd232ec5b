from __future__ import annotations

import numpy as np

from explorer.charts.neurons import neurons_figure
from explorer.charts.tokens import coloured


def test_neurons_are_rows_and_tokens_columns() -> None:
    activations = np.array([[0.0, 3.0, 1.0], [-0.1, 0.5, 0.0]])
    figure = neurons_figure(activations, ["one", "two"], ["a", " ", "b"], chosen=1, pinned=2)
    cells = figure.data[0]
    assert np.array_equal(cells.z, activations.astype(np.float32))
    assert (cells.zmin, cells.zmax) == (-3.0, 3.0)
    assert cells.text[0][1] == "·"
    assert list(cells.hovertext[1])[:2] == ["1<br>activation −0.1000", "2<br>activation 0.5000"]
    assert (cells.x.tolist(), list(cells.y)) == ([1, 2, 3], ["one", "two"])
    row, column = figure.layout.shapes
    assert (row.y0, row.y1, column.x0, column.x1) == (0.5, 1.5, 2.5, 3.5)
    assert (
        neurons_figure(np.abs(activations), ["", ""], [""] * 3, chosen=None, pinned=0).data[0].zmin
        == 0
    )


def test_tokens_are_as_coloured_as_their_numbers_are_large() -> None:
    html = coloured(["a", " ", "<"], [1.0, -0.5, 0.0], chosen=1)
    assert "var(--gpt-forward) 45%" in html and "var(--gpt-backward) 22%" in html
    assert html.count("outline") == 1 and "&lt;" in html and "·" in html
    assert "forward) 11%" in coloured(["a"], [1.0], largest=4.0)
    assert coloured([], []) == ""
