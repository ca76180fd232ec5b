"""The losses of two models, by value."""

from __future__ import annotations

import numpy as np

from explorer.charts.comparison import SIDE_COLOURS
from explorer.charts.loss_comparison import losses_figure
from explorer.charts.training import Curve
from explorer.theme import LIGHT
from gpt.runs.text_measure import Baseline

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
        assert 0 > low > -3 and 30 < top < 33


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


def test_a_label_that_would_hide_where_a_curve_ends_stands_below_its_line() -> None:
    baselines = [Baseline("the best possible", 1.0), Baseline("guessing", 3.0)]
    layout = losses_figure({"A": curve("one")}, {"A": 0, "B": 2}, baselines).layout
    labels = layout.annotations
    anchors = {each.text.rsplit(" ", 1)[0]: each.yanchor for each in labels if each.y is not None}
    assert anchors["the best possible"] == "top"
    assert anchors["guessing"] == "bottom"
    only = losses_figure({"A": curve("one")}, {"A": 0, "B": 2}, baselines[1:]).layout
    assert layout.yaxis.range[0] < only.yaxis.range[0], "there is room below it for A and B"


def test_one_run_is_in_the_colour_of_neither_side() -> None:
    alone = losses_figure({"A": curve("one")}, {"A": 0, "B": 2})
    assert {each.line.color for each in alone.data} == {LIGHT.muted}
    assert [shape.line.color for shape in alone.layout.shapes] == list(SIDE_COLOURS)
