"""What a slider refuses to be; the rest is shown in tests/browser."""

from __future__ import annotations

import math

import pytest

from explorer.components.live_sliders import Slider


@pytest.mark.parametrize(
    ("value", "minimum", "maximum", "step", "sentence"),
    [
        (math.nan, -1, 1, 0.1, "not finite"),
        (0, -math.inf, 1, 0.1, "not finite"),
        (2, -1, 1, 0.1, "must lie in that range"),
        (1, 1, 1, 0.1, "must not be empty"),
        (0, -1, 1, 0, "must be above 0"),
    ],
)
def test_a_slider_that_cannot_be_is_refused(
    value: float, minimum: float, maximum: float, step: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"slider w.*{sentence}"):
        Slider("w", value, minimum, maximum, step)
