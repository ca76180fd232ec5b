"""The figures of a training carry its numbers, in every unit and however many there are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.charts.training import (
    Curve,
    Mark,
    Trail,
    View,
    in_unit,
    loss_figure,
    smooth,
    thin,
    trail_figure,
)
from explorer.theme import CATEGORICAL, LIGHT
from gpt.runs.text_measure import Baseline


def curve(title: str = "mine", losses: tuple[float, ...] = (3.0, 2.0, 1.0)) -> Curve:
    steps = np.arange(1, len(losses) + 1)
    return Curve(title, steps, np.array(losses), np.array([0, 2]), np.array([3.5, 2.5]), 10, 0.5)


def named(figure, name: str):
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def test_units_are_e_to_the_loss_and_bits_over_characters() -> None:
    losses = np.array([0.0, math.log(65)])
    np.testing.assert_allclose(in_unit(losses, "perplexity", 1.0), [1, 65])
    # Half a character a token: each character costs twice the bits of a token.
    np.testing.assert_allclose(in_unit(losses, "bits per character", 0.5), [0, 2 * math.log2(65)])
    assert in_unit(losses, "nats", 0.5) is losses


def test_a_perplexity_beyond_every_float_is_still_a_number() -> None:
    assert np.isfinite(in_unit(np.array([1e30]), "perplexity", 1.0).astype(np.float32)).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(8, 60))
def test_thinning_keeps_ends_and_extremes_and_invents_nothing(
    values: list[float], most: int
) -> None:
    steps, numbers = np.arange(len(values)) * 3, np.array(values)
    kept_steps, kept = thin(steps, numbers, most)
    assert len(kept) <= max(most, 1)
    assert (kept.min(), kept.max()) == (min(values), max(values))
    assert (kept_steps[0], kept_steps[-1]) == (steps[0], steps[-1])
    assert (np.diff(kept_steps) > 0).all()
    np.testing.assert_array_equal(kept, numbers[kept_steps // 3])


def test_one_spike_among_a_hundred_thousand_steps_is_still_seen() -> None:
    losses = np.ones(100_000)
    losses[54_321] = 9.0
    steps, values = thin(np.arange(100_000), losses)
    assert len(values) <= 2000
    assert steps[values == 9.0].tolist() == [54_321]


def test_smoothing_is_the_mean_of_what_came_before() -> None:
    np.testing.assert_allclose(smooth(np.array([4.0, 2.0, 0.0, 6.0]), 2), [4, 3, 1, 3])


def test_both_losses_are_drawn_as_they_are() -> None:
    figure = loss_figure(curve(), view=View())
    np.testing.assert_allclose(named(figure, "each batch").y, [3, 2, 1])
    validation = named(figure, "validation")
    np.testing.assert_allclose((validation.x, validation.y), [[0, 2], [3.5, 2.5]])
    assert named(figure, "train").line.color == LIGHT.forward
    assert named(figure, "train").y.dtype == np.float32


def test_beside_others_a_run_is_named_in_the_legend_as_they_are() -> None:
    figure = loss_figure(curve(), view=View(), overlays=[curve("other")])
    names = {trace.name for trace in figure.data if trace.showlegend is not False}
    assert names == {"mine, train", "mine, validation", "other, train", "other, validation"}


def test_a_run_that_ended_after_its_first_step_is_seen_all_the_same() -> None:
    assert named(loss_figure(curve(losses=(3.0,)), view=View()), "train").mode == "markers"
    assert named(loss_figure(curve(), view=View()), "train").mode == "lines"


def test_baselines_are_lines_with_their_names_in_the_unit_that_is_shown() -> None:
    baselines = [Baseline("guessing", math.log(65)), Baseline("counting pairs", math.log(12))]
    figure = loss_figure(curve(), baselines, view=View("perplexity"))
    heights = sorted(shape.y0 for shape in figure.layout.shapes)
    assert heights == pytest.approx([12, 65])
    texts = {annotation.text for annotation in figure.layout.annotations}
    assert texts == {"counting pairs 12.00", "guessing 65.00"}
    logarithmic = loss_figure(curve(), baselines, view=View("perplexity", is_log_y=True))
    places = sorted(annotation.y for annotation in logarithmic.layout.annotations)
    assert places == pytest.approx([math.log10(12), math.log10(65)])


def test_a_floor_of_nothing_is_left_out_where_nothing_is_infinitely_far_down() -> None:
    floor = Baseline("the best possible", 0.0)
    plain = loss_figure(curve(), [floor], view=View())
    assert [shape.y0 for shape in plain.layout.shapes] == [0]
    assert plain.layout.yaxis.range[0] < 0
    logarithmic = loss_figure(curve(), [floor], view=View(is_log_y=True))
    assert logarithmic.layout.shapes == ()
    lowest = math.log10(min(curve().train_losses.min(), curve().validation_losses.min()))
    assert lowest - 0.3 < logarithmic.layout.yaxis.range[0] < lowest


def test_labels_that_would_cover_one_another_are_written_as_one() -> None:
    exploded = curve(losses=(3.0, 900.0, 3.0))
    baselines = [Baseline("guessing", 3.3), Baseline("counting pairs", 2.56)]
    (label,) = loss_figure(exploded, baselines, view=View()).layout.annotations
    assert label.text == "counting pairs 2.56 · guessing 3.30"


def test_the_axes_hold_the_curve_and_the_baselines_whatever_went_astray_beside_them() -> None:
    astray = curve("astray", (3.0, 1e20))
    figure = loss_figure(curve(), [Baseline("guessing", 4.2)], view=View(), overlays=[astray])
    low, high = figure.layout.yaxis.range
    assert low < 1.0
    assert 4.2 < high < 10
    assert figure.layout.xaxis.range == pytest.approx((-0.1, 10.1))


def test_overlaid_runs_take_the_categorical_colours() -> None:
    others = [curve("first"), curve("second")]
    figure = loss_figure(curve(), view=View(), overlays=others)
    assert named(figure, "first, validation").line.color == CATEGORICAL[0]
    assert named(figure, "second, validation").line.color == CATEGORICAL[1]
    assert named(figure, "second, train").line.dash == "dot"


def test_a_mark_stands_at_its_step_and_a_moment_is_an_orange_line() -> None:
    figure = loss_figure(curve(), view=View(moment=2), marks=[Mark(2, "paused")])
    marks = named(figure, "began, was steered or ended")
    assert marks.showlegend is not False
    assert (list(marks.x), list(marks.text)) == ([2], ["paused"])
    (line,) = (shape for shape in figure.layout.shapes if shape.x0 == 2)
    assert line.line.color == LIGHT.backward


def test_zoom_is_given_up_only_with_the_run_the_unit_or_the_axes() -> None:
    kept = loss_figure(curve(), view=View()).layout.uirevision
    assert loss_figure(curve(losses=(3.0, 2.0)), view=View(moment=1)).layout.uirevision == kept
    for other in (View("perplexity"), View(is_log_x=True), View(is_log_y=True)):
        assert loss_figure(curve(), view=other).layout.uirevision != kept


def test_a_run_that_has_not_begun_shows_what_there_is_to_beat() -> None:
    nothing = Curve("new", *[np.array([])] * 4, steps=50)
    figure = loss_figure(nothing, [Baseline("guessing", 2.64)], view=View())
    low, high = figure.layout.yaxis.range
    assert low < 2.64 < high


def test_a_trail_is_orange_and_has_its_limit() -> None:
    trail = Trail(
        "gradient norm", np.array([1, 2]), np.array([3.0, 0.5]), 9, limit=Baseline("clipped to", 1)
    )
    figure = trail_figure(trail, is_log_x=False)
    np.testing.assert_allclose(figure.data[0].y, [3, 0.5])
    assert figure.data[0].line.color == LIGHT.backward
    assert figure.layout.annotations[0].text == "clipped to 1.00"
