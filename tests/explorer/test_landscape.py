"""Gradient descent on two weights, against values worked out by hand."""

from __future__ import annotations

from math import cosh, tanh

import pytest

from explorer.landscape import EXAMPLES, answers, descend, survey, walk


def test_loss_and_slopes_of_the_first_step_by_hand() -> None:
    v, w = 0.7, -0.4
    errors = [(x, v * tanh(w * x) - target) for x, target in EXAMPLES]
    first = next(descend(v, w, learning_rate=0.1))
    assert first.loss == pytest.approx(sum(error**2 for _, error in errors) / 4, rel=1e-12)
    by_v = sum(2 * error * tanh(w * x) for x, error in errors) / 4
    by_w = sum(2 * error * v * x / cosh(w * x) ** 2 for x, error in errors) / 4
    assert first.v_gradient == pytest.approx(by_v, rel=1e-12)
    assert first.w_gradient == pytest.approx(by_w, rel=1e-12)


def test_a_step_goes_against_the_slope() -> None:
    first, second = walk(-1.8, 1.2, learning_rate=0.08, steps=1)
    assert second.v == first.v - 0.08 * first.v_gradient
    assert second.w == first.w - 0.08 * first.w_gradient
    assert second.loss < first.loss


def test_both_signs_flipped_is_the_same_neuron() -> None:
    inputs = [-1.5, 0.0, 0.3, 2.0]
    assert answers(1.1, 0.9, inputs) == answers(-1.1, -0.9, inputs)
    assert answers(1.1, 0.9, [2.0]) == [pytest.approx(1.1 * tanh(1.8))]


def test_the_survey_has_a_row_for_each_w_and_a_column_for_each_v() -> None:
    losses = survey([-1.0, 0.5])
    for row, w in enumerate((-1.0, 0.5)):
        for column, v in enumerate((-1.0, 0.5)):
            assert losses[row][column] == walk(v, w, 0.1, 0)[0].loss
