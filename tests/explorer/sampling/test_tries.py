"""The tree of continuations tried: who leaves whom, where, and how likely."""

from __future__ import annotations

import math

import pytest

from explorer.components.distribution import Controls
from explorer.sampling.tries import Branch, grow, with_branch


def branch(text: str, *surprisals: float) -> Branch:
    logs = surprisals or (0.5,) * len(text)
    return Branch(tuple(map(ord, text)), frozenset(), logs, Controls(), 1)


def test_what_only_begins_another_is_no_branch_of_its_own() -> None:
    tries = with_branch((), branch("abc"))
    assert with_branch(tries, branch("ab")) == tries
    assert with_branch(tries, branch("")) == tries
    assert with_branch(tries, branch("abcd")) == (branch("abcd"),)
    assert with_branch((branch("ab"), branch("ax")), branch("abc")) == (branch("abc"), branch("ax"))
    assert with_branch(tries, branch("abx")) == (branch("abc"), branch("abx"))


def test_each_limb_leaves_the_branch_that_it_shares_most_with() -> None:
    limbs = grow([branch("abcdef"), branch("abXw"), branch("abcdY"), branch("abXyz"), branch("Z")])
    found = [("".join(map(chr, each.branch.tokens)), each.start, each.parent) for each in limbs]
    assert found == [
        ("abcdef", 0, None),
        ("abcdY", 4, 0),
        ("abXw", 2, 0),
        ("abXyz", 3, 2),
        ("Z", 0, 0),
    ]
    assert [each.row for each in limbs] == [0, 1, 2, 3, 4]


def test_probabilities_are_products_of_the_models_own() -> None:
    first, second = grow(
        [branch("ab", math.log(2), math.log(4)), branch("ac", math.log(2), math.log(8))]
    )
    assert second.share == pytest.approx(1 / 8)
    assert math.exp(second.log_probability) == pytest.approx(1 / 16)
    assert first.share == pytest.approx(1 / 2)
