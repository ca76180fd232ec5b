"""The continuations that were tried, as a tree: where each left another, and how likely it was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from explorer.components.distribution import Controls

MOST_KEPT = 24


class Branch(NamedTuple):
    """One continuation of the prompt.

    Attributes:
        tokens: all of them.
        forced: the places of those that were given, not drawn.
        surprisals: of each, by the model itself, in nats.
        controls, seed: by which the others were drawn.
    """

    tokens: tuple[int, ...]
    forced: frozenset[int]
    surprisals: tuple[float, ...]
    controls: Controls
    seed: int


class Limb(NamedTuple):
    """What a branch has to itself: from where it leaves another to its end.

    Attributes:
        branch: the whole continuation.
        row: in which it is drawn; the first is 0.
        start: the place of the first token of its own.
        parent: the row of the branch that it leaves there; None for the first.
    """

    branch: Branch
    row: int
    start: int
    parent: int | None

    @property
    def share(self) -> float:
        """The probability of its first own token, given all before; 1 where it has none."""
        return math.exp(-sum(self.branch.surprisals[self.start : self.start + 1]))

    @property
    def log_probability(self) -> float:
        """ln of the probability of the whole continuation."""
        return -sum(self.branch.surprisals)


def with_branch(tries: Sequence[Branch], branch: Branch) -> tuple[Branch, ...]:
    """The tries and one more; one that only begins as another does is a part of that."""
    if any(_begins(branch, each) for each in tries):
        return tuple(tries)
    begun = next((place for place, each in enumerate(tries) if _begins(each, branch)), len(tries))
    kept = [each for each in tries if not _begins(each, branch)]
    kept.insert(begun, branch)
    return tuple(kept[-MOST_KEPT:]) if branch.tokens else tuple(tries)


def grow(branches: Sequence[Branch]) -> list[Limb]:
    """The branches, of which none begins another, as limbs of a tree, row by row."""
    limbs: list[Limb] = []

    def lay(group: list[Branch], start: int, parent: int | None) -> None:
        if not group:
            return
        row = len(limbs)
        first = group[0]
        limbs.append(Limb(first, row, start, parent))
        # From the last fork to the first, so that what forks late stays close to its parent.
        others = group[1:]
        forks = sorted({_fork(first, each) for each in others}, reverse=True)
        for place in forks:
            leaving = [each for each in others if _fork(first, each) == place]
            leaving.sort(key=lambda each: each.tokens[place])
            for _, same in groupby(leaving, key=lambda each: each.tokens[place]):
                lay(list(same), place, row)

    lay(list(branches), 0, None)
    return limbs


def common_length(one: Sequence[object], other: Sequence[object]) -> int:
    """How many tokens, or characters, the two begin alike."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _begins(short: Branch, long: Branch) -> bool:
    return long.tokens[: len(short.tokens)] == short.tokens


def _fork(one: Branch, other: Branch) -> int:
    """The first place at which they differ."""
    return common_length(one.tokens, other.tokens)
