"""The figures carry the numbers that they were given."""

from __future__ import annotations

import numpy as np

from explorer.charts.landscape import descent_map, fit
from explorer.theme import LIGHT


def test_the_map_shows_losses_as_powers_of_ten_and_the_path_in_orange() -> None:
    losses = [[1.0, 10.0], [0.1, 0.0]]
    path = [(0.0, 1.0, 0.1), (0.5, 0.5, 0.05)]
    ground, steps, here = descent_map([0.0, 1.0], losses, path).data
    np.testing.assert_allclose(ground.z, [[0, 1], [-1, -2]], atol=1e-6)
    assert ground.text[1][1] == "0.000"
    assert (steps.x, steps.y) == ((0.0, 0.5), (1.0, 0.5))
    assert steps.line.color == LIGHT.backward
    assert (here.x, here.y) == ((0.5,), (0.5,))


def test_the_fit_shows_before_after_and_what_was_asked() -> None:
    before, after, examples = fit([0, 1], [0, -1], [0, 2], [(1.0, 2.5)]).data
    assert (before.y, after.y) == ((0, -1), (0, 2))
    assert after.line.color == LIGHT.forward
    assert (examples.x, examples.y) == ((1.0,), (2.5,))
