"""The trees of what could follow and of what was tried, by their numbers."""

from __future__ import annotations

import math

import pytest

from explorer.charts.continuations import likely_figure, tried_figure
from explorer.components.distribution import Controls
from explorer.sampling.near_misses import Miss
from explorer.sampling.tries import Branch, grow
from explorer.theme import LIGHT
from gpt.tensor.tree import Node


def read(tokens) -> str:
    return "".join(map(chr, tokens))


def test_a_path_is_as_high_as_it_is_likely_and_stands_beside_its_parent() -> None:
    nodes = [
        Node((97,), 0.5, 0.5, 0.0),
        Node((98,), 0.3, 0.3, 0.5),
        Node((97, 32), 0.4, 0.2, 0.0),
        Node((98, 10), 0.01, 0.003, 0.5),
    ]
    likely, slight = likely_figure(nodes, 3, read).data
    assert list(likely.base) == [0, 0, 1]
    assert list(likely.width) == [0.5, 0.3, 0.2]
    assert list(likely.y) == [0.25, 0.65, 0.1]
    assert list(likely.text) == ["a", "b", "·"]
    assert list(map(list, likely.customdata)) == [[97], [98], [97, 32]]
    assert list(slight.text) == [""]
    assert "<b>b↵</b><br>0.0100 after" in slight.hovertext[0]
    assert "0.0030 for the whole path" in slight.hovertext[0]


def test_what_was_tried_runs_from_fork_to_end_and_what_stands_is_blue() -> None:
    half = math.log(2)
    branches = [
        Branch((97, 98, 99, 100), frozenset(), (half,) * 4, Controls(), 1),
        Branch((97, 98, 120), frozenset({2}), (half, half, math.log(1e6)), Controls(), 1),
    ]
    figure = tried_figure(grow(branches), 1, [Miss(2, 122, 0.4), Miss(0, 121, 0.3)], read)
    *lines, forks, ends, late, early, misses = figure.data
    drawn = [(list(line.x), list(line.y), line.line.color) for line in lines]
    assert drawn == [
        ([0, 2], [0, 0], LIGHT.forward),
        ([2, 4], [0, 0], LIGHT.muted),
        ([2, 2, 3], [0, 1, 1], LIGHT.forward),
    ]
    assert list(forks.marker.color) == [LIGHT.muted, LIGHT.backward]
    assert "<b>x</b> was given, with probability 0.0000" in forks.hovertext[1]
    assert "4 tokens, probability 0.0625, 0.693 nats a token" in ends.hovertext[0]
    assert "2.5 · 10<sup>-7</sup>" in ends.hovertext[1]
    assert list(map(list, ends.customdata)) == [["limb", 0, 1], ["limb", 1, 1]]
    assert ends.x == pytest.approx((4, 3))
    assert (late.y, early.y) == ((1, 2), (0, 3)), "each from the row in which the text runs there"
    assert list(map(list, misses.customdata)) == [["miss", 2, 122], ["miss", 0, 121]]
    assert list(misses.text) == [" z 0.40 ", " y 0.30 "]
