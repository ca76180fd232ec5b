"""How a weight came to be, in words that add up."""

from __future__ import annotations

import re

import numpy as np

from explorer.charts.attention_words import mixture, product_steps, pushes


def numbers(html: str) -> list[float]:
    text = re.sub(r"<[^>]+>", " ", html).replace("−", "-")
    return [float(each) for each in re.findall(r"-?\d+\.?\d*", text)]


def test_the_product_the_scale_and_the_softmax_are_written_out() -> None:
    query, key = np.array([1.0, 2.0, -1.0, 0.0]), np.array([3.0, -1.0, 2.0, 5.0])
    scores = np.array([-0.5, 0.25])  # q·k is -1, divided by the root of 4 it is -0.5
    total = float(np.exp(scores).sum())
    html = product_steps(query, key, "a", " ", float(np.exp(-0.5) / total), 2, total)
    found = numbers(html)
    assert -1.0 in found
    assert -0.5 in found
    assert round(float(np.exp(-0.5) / total), 4) in found
    assert "·" in html


def test_a_mixture_shows_the_largest_shares_and_the_rest() -> None:
    values, shares = np.eye(8), np.array([0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.06, 0.04])
    html = mixture(values, shares, list("abcdefgh"), shares @ values)
    assert html.index("0.3000") < html.index("0.2000")
    assert "others" in html
    assert 0.1 in numbers(html)  # the two that are left out


def test_pushes_are_ordered_from_both_ends() -> None:
    html = pushes(np.array([0.5, -2.0, 1.5, 0.0, 0.1, -0.3]), list("abcdef"))
    rows = [numbers(row) for row in html.split("<tr>")[2:]]
    assert rows[0] == [1.5, -2.0]
    assert rows[1] == [0.5, -0.3]
