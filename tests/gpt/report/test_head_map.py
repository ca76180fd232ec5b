"""Maps of heads, by their shapes: who looks at whom, and how much."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from gpt.report.head_map import draw_pattern, draw_scale, opacity, shade


def areas(path: str) -> dict[tuple[int, int], int]:
    """How wide the pieces are that a path is made of, by where they begin."""
    pieces = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path)
    return {(int(x), int(y)): int(width) for x, y, width in pieces}


def texts(svg: ElementTree.Element, kind: str) -> list[str | None]:
    return [each.text for group in svg.iter("g") if group.get("class") == kind for each in group]


def test_a_pattern_is_drawn_in_shades_and_the_future_is_grey() -> None:
    svg = ElementTree.fromstring(
        draw_pattern([[1.0, 0, 0], [0.52, 0.48, 0], [0.009, 0.011, 0.98]], "abc", "pattern")
    )
    weights = {
        each.get("fill-opacity"): areas(each.get("d", ""))
        for each in svg.iter("path")
        if each.get("class") == "weight"
    }
    assert weights == {
        "1": {(0, 0): 1, (2, 2): 1},
        f"{opacity(10):g}": {(0, 1): 2},  # both halves are one shape
        f"{opacity(1):g}": {(1, 2): 1},  # faint, but seen; a hundredth and less is nothing
    }
    (future,) = [each for each in svg.iter("path") if each.get("class") == "future"]
    assert future.get("d") == "M0 0H1V1H2V2H3V0z"


def test_faint_is_not_nothing() -> None:
    assert [shade(weight) for weight in (0.0, 0.009, 0.01, 0.5, 1.0)] == [0, 0, 1, 10, 20]
    assert (opacity(1), opacity(20)) == (0.12, 1.0)
    drawn = ElementTree.fromstring(draw_scale())
    assert [each.text for each in drawn.iter("text")] == ["0", "0.5", "1"]
    assert len([each for each in drawn if each.get("class") == "weight"]) == 20


def test_tokens_stand_beside_rows_and_above_columns_as_many_as_have_room() -> None:
    T = 24
    pattern = [[1 / (t + 1)] * T for t in range(T)]
    tokens = ["", " ", "\n", *"abcdefghijklmnopqrstu"]
    svg = ElementTree.fromstring(draw_pattern(pattern, tokens, "t"))
    assert texts(svg, "beside") == texts(svg, "across") == ["⊢", "·", "↵", *tokens[3:]]
    words = ["<extraordinary>"] * 60
    crowded = ElementTree.fromstring(draw_pattern([[1.0] * 60] * 60, words, "t"))
    assert texts(crowded, "beside") == texts(crowded, "up") == ["<extr…"] * 20
