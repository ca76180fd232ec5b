"""Slopes without calculus: nudge the input both ways and see how far the output moves."""

from __future__ import annotations

from collections.abc import Callable


def central_difference(f: Callable[[float], float], x: float, epsilon: float) -> float:
    """(f(x + ε) - f(x - ε)) / 2ε.

    Wrong by about ε² · f‴/6, because the curve bends, and by about |f| · 1e-16 / ε, because the two
    outputs agree in ever more digits as ε shrinks and floats have only sixteen: best near ε = 1e-5.
    """
    above, below = x + epsilon, x - epsilon
    # The step really taken: x + ε is rounded to a float, and the error would be counted as slope.
    return (f(above) - f(below)) / (above - below)
