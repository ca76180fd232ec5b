"""Figures of two models side by side, by value."""

from __future__ import annotations

import numpy as np

from explorer.charts.comparison import (
    SIDE_COLOURS,
    Depths,
    head_distance_figure,
    lens_figure,
    losses_figure,
    shorten,
    worth_figure,
)
from explorer.charts.training import Curve
from explorer.theme import LIGHT

STEPS = np.array([0, 1, 2])
LOSSES = np.array([3.0, 2.0, 1.0])


def curve(title: str) -> Curve:
    return Curve(title, STEPS, LOSSES, STEPS, LOSSES, 2)


def test_each_chosen_checkpoint_is_a_line_in_its_colour() -> None:
    figure = losses_figure({"A": curve("one"), "B": curve("other")}, {"A": 0, "B": 2})
    lines = [shape for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert [(line.x0, line.line.color) for line in lines] == [
        (0, SIDE_COLOURS[0]),
        (2, SIDE_COLOURS[1]),
    ]
    assert {"<b>A</b>", "<b>B</b>"} == {note.text for note in figure.layout.annotations}
    alone = losses_figure({"A": curve("one")}, {"A": 2, "B": 2})
    assert "<b>A and B</b>" in [note.text for note in alone.layout.annotations]
    assert [trace.name for trace in alone.data] == ["validation", "train"]


def test_both_curves_are_in_one_style_and_a_comes_first() -> None:
    figure = losses_figure({"A": curve("one"), "B": curve("other")}, {"A": 0, "B": 2})
    assert [(each.name, each.line.color, each.line.dash) for each in figure.data] == [
        ("one, validation", SIDE_COLOURS[0], "solid"),
        ("one, train", SIDE_COLOURS[0], "dot"),
        ("other, validation", SIDE_COLOURS[1], "solid"),
        ("other, train", SIDE_COLOURS[1], "dot"),
    ]


def test_all_of_both_curves_is_within_the_axis() -> None:
    high = Curve("high", STEPS, 10 * LOSSES, STEPS, 10 * LOSSES, 2)
    for curves in ({"A": curve("low"), "B": high}, {"A": high, "B": curve("low")}):
        low, top = losses_figure(curves, {"A": 0, "B": 0}).layout.yaxis.range
        assert 0 > low > -2 and 30 < top < 33


def test_b_alone_is_in_its_own_colour_with_its_own_mark() -> None:
    figure = losses_figure({"B": curve("other")}, {"B": 1})
    assert {each.line.color for each in figure.data} == {SIDE_COLOURS[1]}
    assert [note.text for note in figure.layout.annotations] == ["<b>B</b>"]


def test_losses_of_different_tokens_are_drawn_in_bits_per_character() -> None:
    long = Curve("long", STEPS, LOSSES, STEPS, LOSSES, 2, characters_per_token=2.0)
    figure = losses_figure(
        {"A": curve("short"), "B": long}, {"A": 0, "B": 0}, unit="bits per character"
    )
    one = np.array([3.0, 2.0, 1.0]) / np.log(2)
    np.testing.assert_allclose(figure.data[0].y, one, rtol=1e-6)
    np.testing.assert_allclose(figure.data[2].y, one / 2, rtol=1e-6)


def test_a_cell_is_a_pair_of_heads_and_the_chosen_is_framed() -> None:
    distances = np.array([[0.0, 0.5, 1.0], [0.25, 0.5, 0.75]])
    figure = head_distance_figure(
        distances,
        ["layer 0, head 0", "layer 0, head 1"],
        ["layer 0, head 0", "layer 0, head 1", "layer 1, head 0"],
        (1, 2),
        (["induction 0.9", ""], ["", "", "first token 0.5"]),
    )
    grid, full, others = figure.data
    np.testing.assert_array_equal(grid.z, distances.astype(np.float32))
    assert (grid.zmin, grid.zmax) == (0, 1)
    assert (list(full.text), full.textfont.color) == (["1.00", "0.75"], LIGHT.ground)
    assert (list(others.x), list(others.y)) == ([0, 1, 0, 1], [0, 0, 1, 1])
    assert grid.customdata[0][2] == (
        "A layer 0, head 0: induction 0.9<br>B layer 1, head 0: first token 0.5"
    )
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 2.5, 0.5, 1.5)
    assert frame.line.color == LIGHT.backward
    assert list(figure.layout.xaxis.ticktext) == ["L0H0", "L0H1", "L1H0"]


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
    assert figure.data[2].text[0] == "·where…"
    assert figure.layout.xaxis.tickangle == -90
    assert [shorten("abc", most) for most in (1, 2, 3)] == ["a", "a…", "abc"]
