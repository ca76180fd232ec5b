"""Drawings as SVG, by their numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from gpt.report.drawing import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Level,
    Line,
    draw_curves,
    thin,
)

NAN = float("nan")


def test_a_curve_goes_from_its_first_step_to_its_last_and_higher_is_further_up() -> None:
    drawn = draw_curves(
        [Line("train", [0, 5, 10], [3.0, NAN, 1.0], has_dots=True)], "a <loss>", unit="n"
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
    assert draw_curves([Line("train", [1], [NAN])], "t") == ""
    assert "<circle" in draw_curves([Line("train", [1], [2.0], has_dots=True)], "t")


def test_what_there_is_to_beat_is_dashed_across_and_names_that_meet_are_one() -> None:
    lines = [Line("train", [0, 10], [3.0, 1.0])]
    levels = [Level("guessing", 3.0), Level("knowing", 2.99), Level("floor", 0.5)]
    svg = ElementTree.fromstring(draw_curves(lines, "t", unit="nats", levels=levels))
    dashed = [each.get("d", "") for each in svg if each.get("class") == "level"]
    heights = [float(re.findall(r"[\d.]+", path)[1]) for path in dashed]
    assert len(heights) == 3
    assert TOP < heights[0] < heights[1] < heights[2] < HEIGHT - BOTTOM
    names = [each for each in svg if each.get("class") == "level-name"]
    assert [each.text for each in names] == ["guessing 3.00, knowing 2.99", "floor 0.50"]
    assert float(names[1].get("y", 0)) > heights[2], "below, where no curve is"
    (unit,) = [each for each in svg if each.text == "nats"]
    assert 12 <= float(unit.get("y", 0)) < TOP, "above the axis, whole"


def test_thinning_keeps_both_ends() -> None:
    assert thin(range(5), 9) == [0, 1, 2, 3, 4]
    assert thin(range(101), 5) == [0, 25, 50, 75, 100]
