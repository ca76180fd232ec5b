"""What is said of the error of a nudge is true of the curve that is shown."""

from __future__ import annotations

import pytest

from explorer.autograd_sections import EPSILONS
from explorer.charts.slope import describe_errors
from explorer.study import Study
from gpt.scalar.expression import parse

BENDS = "Too wide a nudge, and the curve bends away under it."
HARMLESS = "A wide nudge does no harm here: the curve is straight, or bends alike on both sides."
LOST = "Too narrow, and the two outputs differ only in digits that a float lacks."


@pytest.mark.parametrize(
    ("text", "x", "sentence"),
    [
        ("relu(0.5*x - 0.3)", 2.0, f"{HARMLESS} {LOST}"),  # straight as far as a nudge reaches
        ("x**2 - 3*x", 2.0, f"{HARMLESS} {LOST}"),  # a parabola
        ("1000000 + x", 1.0, f"{HARMLESS} {LOST}"),  # rounding alone, and more of it
        ("exp(x)", 1.0, f"{BENDS} {LOST}"),
        (
            "log(x)",
            0.05,
            f"Too wide a nudge, and it leads to where the output is undefined. {LOST}",
        ),
        ("x**3", 0.0, f"{BENDS} However narrow, no digits are lost here."),
        ("relu(x)", 0.0001, f"{BENDS} However narrow, no digits are lost here."),
        ("x + x", 1.0, "Every nudge finds the gradient exactly, be it wide or narrow."),
        ("log(x)", 1e-90, "Every nudge leads to where the output is undefined."),
    ],
)
def test_the_sentence_is_about_this_curve(text: str, x: float, sentence: str) -> None:
    study = Study(parse(text), {"x": x})
    errors = [study.nudges(["x"], epsilon)[0].relative_error for epsilon in EPSILONS]
    assert describe_errors(errors) == sentence


def test_at_a_corner_no_nudge_comes_near() -> None:
    study = Study(parse("relu(x)"), {"x": 0.0})
    errors = [study.nudges(["x"], epsilon)[0].relative_error for epsilon in EPSILONS]
    assert describe_errors(errors).startswith("No nudge comes near: the curve has a corner here")
