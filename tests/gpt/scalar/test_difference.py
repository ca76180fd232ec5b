import math

import pytest

from gpt.scalar.difference import central_difference


def test_a_straight_line_has_its_slope_at_every_width() -> None:
    for epsilon in (1.0, 0.25, 2.0**-20):
        assert central_difference(lambda x: 3 * x + 1, 0.5, epsilon) == 3.0


def test_the_error_falls_with_the_square_of_epsilon_and_then_rises() -> None:
    errors = [
        abs(central_difference(math.exp, 1.0, 10.0**-k) - math.e) / math.e for k in range(1, 15)
    ]
    for k in range(1, 5):
        assert errors[k - 1] == pytest.approx(10.0 ** (-2 * k) / 6, rel=0.01)
    assert min(errors) == min(errors[4:7])
    assert errors[13] > 1e-4


def test_the_step_really_taken_is_the_divisor() -> None:
    """At x = 1e6, x + 1e-8 is not a float; the nearest is 7 % off."""
    assert central_difference(lambda x: x, 1e6, 1e-8) == 1.0


def test_a_step_that_is_lost_in_x_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        central_difference(lambda x: x, 1.0, 1e-17)
