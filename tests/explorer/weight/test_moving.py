from __future__ import annotations

from explorer.weight.moving import FEWEST_POINTS, MOST_POINTS, points_in


def test_a_curve_has_an_odd_number_of_points_that_fits_the_time() -> None:
    assert points_in(6, 0.01) == MOST_POINTS == 25
    assert points_in(6, 0.3) == 19  # twenty would fit, but the weight is to stand in the middle
    assert points_in(6, 0.5) == 11
    assert points_in(6, 5) == FEWEST_POINTS == 9
