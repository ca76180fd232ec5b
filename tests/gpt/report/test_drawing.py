"""Drawings as SVG, by their numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from gpt.report.drawing import HEIGHT, LEFT, RIGHT, WIDTH, Line, draw_curves, draw_pattern, thin

NAN = float("nan")


def areas(path: str) -> dict[tuple[int, int], int]:
    """How wide the pieces are that a path is made of, by where they begin."""
    pieces = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path)
    return {(int(x), int(y)): int(width) for x, y, width in pieces}


def test_a_curve_goes_from_its_first_step_to_its_last_and_higher_is_further_up() -> None:
    drawn = draw_curves(
        [Line("train", [0, 5, 10], [3.0, NAN, 1.0], has_dots=True)], "a <loss>", "n"
    )
    svg = ElementTree.fromstring(drawn)
    assert svg.get("aria-label") == "a <loss>"
    (path,) = [each for each in svg if each.get("class") == "train"]
    numbers = [float(n) for n in re.findall(r"[\d.]+", path.get("d", ""))]
    (x0, y0), (x1, y1) = numbers[:2], numbers[2:]
    assert (x0, x1) == (LEFT, WIDTH - RIGHT), "what is no number is left out"
    assert 0 < y0 < y1 < HEIGHT
    dots = [each for each in svg if each.get("class") == "dot"]
    assert [dot[0].text for dot in dots] == ["step 0: 3.0000", "step 10: 1.0000"]
    ticks = [each.text for each in svg if each.tag == "text"]
    assert {"1", "2", "3", "0", "10", "step", "n"} <= set(ticks)


def test_without_a_number_there_is_no_drawing() -> None:
    assert draw_curves([Line("train", [1], [NAN])], "t", "n") == ""
    assert "<circle" in draw_curves([Line("train", [1], [2.0], has_dots=True)], "t", "n")


def test_a_pattern_is_drawn_in_tenths_and_the_future_is_grey() -> None:
    svg = ElementTree.fromstring(
        draw_pattern([[1.0, 0, 0], [0.52, 0.48, 0], [0.04, 0.06, 0.9]], "pattern")
    )
    weights = {
        each.get("fill-opacity"): areas(each.get("d", ""))
        for each in svg
        if each.get("class") == "weight"
    }
    assert weights == {
        "1": {(0, 0): 1},
        "0.5": {(0, 1): 2},  # both halves are one shape
        "0.1": {(1, 2): 1},
        "0.9": {(2, 2): 1},
    }
    (future,) = [each for each in svg if each.get("class") == "future"]
    assert future.get("d") == "M0 0H1V1H2V2H3V0z"


def test_thinning_keeps_both_ends() -> None:
    assert thin(range(5), 9) == [0, 1, 2, 3, 4]
    assert thin(range(101), 5) == [0, 25, 50, 75, 100]
