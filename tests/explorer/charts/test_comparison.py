"""Figures of two models side by side, by value."""

from __future__ import annotations

import numpy as np

from explorer.charts.comparison import (
    SIDE_COLOURS,
    Depths,
    head_distance_figure,
    lens_figure,
    shorten,
    worth_figure,
)
from explorer.charts.quick_figure import Cells, Numbers


def test_a_cell_is_a_pair_of_heads_and_the_chosen_is_framed() -> None:
    distances = np.array([[0.0, 0.5, 1.0], [0.25, 0.5, 0.75]])
    figure = head_distance_figure(
        distances,
        ["layer 0, head 0", "layer 0, head 1"],
        ["layer 0, head 0", "layer 0, head 1", "layer 1, head 0"],
        (1, 2),
        (["induction 0.9", ""], ["", "", "first token 0.5"]),
    )
    (cells,) = figure.panels[0].marks
    assert isinstance(cells, Cells) and cells.texts is not None
    np.testing.assert_array_equal(cells.values, distances)
    assert cells.written == [["0.00", "0.50", "1.00"], ["0.25", "0.50", "0.75"]]
    assert cells.texts[0][2] == (
        "A layer 0, head 0\ninduction 0.9\nB layer 1, head 0\nfirst token 0.5"
    )
    assert cells.chosen == (1, 2)
    assert figure.axes["head of B"].names == {1: "L0H0", 2: "L0H1", 3: "L1H0"}


def test_the_greys_of_the_grid_follow_what_there_is() -> None:
    names = [f"layer 0, head {head}" for head in range(9)]

    def cells_of(distances: Numbers) -> Cells:
        count = len(distances)
        none = ([""] * count, [""] * count)
        figure = head_distance_figure(distances, names[:count], names[:count], (0, 0), none)
        (cells,) = figure.panels[0].marks
        assert isinstance(cells, Cells)
        return cells

    distances = np.full((9, 9), 0.5)
    distances[0, 1], distances[2, 3] = 0.31, 0.637
    cells = cells_of(distances)
    assert (cells.lowest, cells.highest, cells.scale) == (0.31, 0.637, "greys")
    assert cells.written and cells.written[0][1] == ".31", "a narrow cell has no room for the zero"
    near = cells_of(distances * 0.1)
    assert (near.lowest, near.highest) == (0, 0.0637), "what is nearly equal looks so"
    alike = cells_of(np.zeros((1, 1)))
    assert (alike.lowest, alike.highest) == (0, 1)


def test_each_side_of_the_lens_has_its_colour() -> None:
    first, second = (
        Depths(side, [["a"]], np.array([[0.1]]), ["layer 0"], side) for side in ("A", "B")
    )
    scales = [trace.colorscale[-1][1] for trace in lens_figure([first, second], ["x"]).data[::2]]
    assert scales == list(SIDE_COLOURS)


def test_many_parts_stand_upright_under_their_short_names() -> None:
    parts = [f"layer {i}, {part}" for i in range(3) for part in ("head 0", "head 1", "MLP")]
    axis = worth_figure(parts, [0.1] * 9, [0.2] * 9).layout.xaxis
    assert list(axis.ticktext[:3]) == ["L0H0", "L0H1", "L0 MLP"]
    assert axis.tickangle == -90


def test_the_lens_writes_what_is_said_at_every_depth() -> None:
    said = [["a", " "], ["b", "\n"]]
    depths = Depths("A", said, np.array([[0.5, 0.25], [1, 0]]), ["embeddings", "layer 0"])
    figure = lens_figure([depths, depths], ["x", ""])
    assert [list(row) for row in figure.data[0].text] == [["a", "·"], ["b", "↵"]]
    assert list(figure.data[3].customdata[0]) == ["x", "⊢"]
    assert list(figure.layout.yaxis2.ticktext) == ["embeddings", "layer 0"]


def test_a_part_that_one_model_lacks_has_no_bar() -> None:
    first, second = worth_figure(["layer 0, head 0", "layer 1, MLP"], [0.5, 0.1], [0.25, None]).data
    np.testing.assert_allclose(first.y, [0.5, 0.1], rtol=1e-6)
    np.testing.assert_allclose(second.y, [0.25, np.nan])


def test_long_tokens_are_cut_and_their_names_stand_upright() -> None:
    read = ["·wherefore"] * 20
    depths = Depths("A", [read], np.full((1, 20), 0.1), ["layer 0"])
    figure = lens_figure([depths], read)
    assert figure.data[1].text[0] == "·where…"
    assert figure.layout.xaxis.tickangle == -90
    assert [shorten("abc", most) for most in (1, 2, 3)] == ["a", "a…", "abc"]
