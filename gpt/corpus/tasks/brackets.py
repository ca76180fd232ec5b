"""A task with many right answers: close what is open, and keep the brackets balanced."""

from __future__ import annotations

import math
import random
from functools import cache

from gpt.corpus.tasks.task import Example, Task

CLOSING = {"(": ")", "[": "]", "{": "}"}


@cache
def completions(steps: int, depth: int) -> int:
    """How many ways lead from that depth to 0 in that many steps up or down, never below 0.

    By the reflection principle (Bertrand's ballot problem): of all C(steps, up) orders of the steps
    up and down, C(steps, up - 1) go below 0. From depth 0 these are the Catalan numbers.
    """
    up, odd = divmod(steps - depth, 2)
    if odd or up < 0:
        return 0
    return math.comb(steps, up) - (math.comb(steps, up - 1) if up else 0)


class Brackets(Task):
    """Go on with a balanced string of brackets: `({=[]})`.

    A string has always as many pairs, and all balanced strings of them are equally likely. It is
    cut anywhere between two places, each as likely; the answer is what comes after.

    The prompt leaves s steps and has d brackets open. A pair that is yet to be opened is one of
    three kinds, and there are (s - d) / 2 of them; brackets that close have no choice. So all of
    `completions(s, d)` times 3^((s - d) / 2) answers are equally likely.
    """

    name = "brackets"
    title = "Balance brackets"
    n_pairs = 8
    asks = f"Go on after the = until there are {n_pairs} pairs of brackets, all closed in order."
    cuts = range(4, 13)

    def draw(self, rng: random.Random) -> Example:
        drawn: list[str] = []
        open_: list[str] = []
        for left in reversed(range(2 * self.n_pairs)):
            up, down = completions(left, len(open_) + 1), completions(left, len(open_) - 1)
            if not open_ or rng.random() < up / (up + down):
                open_.append(rng.choice(list(CLOSING)))
                drawn.append(open_[-1])
            else:
                drawn.append(CLOSING[open_.pop()])
        cut = rng.choice(self.cuts)
        return Example("".join(drawn[:cut]), "".join(drawn[cut:]))

    def probability(self, example: Example) -> float:
        depth = len(_still_open(example.prompt) or "")
        steps = 2 * self.n_pairs - len(example.prompt)
        if len(example.answer) != steps or _still_open(example.prompt + example.answer) != "":
            return 0.0
        return math.exp(-_entropy(steps, depth))

    @property
    def floor(self) -> float:
        """The mean of ln(completions(s, d)) + (s - d) / 2 ln 3 over all prompts, per token.

        Of the Catalan number of balanced shapes, completions(k, d) completions(s, d) are at depth d
        after k steps: the ways there, which are the ways back, and the ways on. An answer has s + 1
        tokens.
        """
        n_steps = 2 * self.n_pairs
        entropy = 0.0
        for cut in self.cuts:
            for depth in range(cut + 1):
                ways = completions(cut, depth) * completions(n_steps - cut, depth)
                if ways:
                    share = ways / completions(n_steps, 0)
                    entropy += share * _entropy(n_steps - cut, depth) / len(self.cuts)
        return entropy / (n_steps - sum(self.cuts) / len(self.cuts) + 1)


def _entropy(steps: int, depth: int) -> float:
    """In nats, of what may follow where so many steps are left and so many brackets open."""
    return math.log(completions(steps, depth)) + (steps - depth) / 2 * math.log(len(CLOSING))


def _still_open(text: str) -> str | None:
    """The brackets that are still to be closed; None where one is closed that is not open."""
    open_: list[str] = []
    for bracket in text:
        if bracket in CLOSING:
            open_.append(bracket)
        elif not open_ or CLOSING[open_.pop()] != bracket:
            return None
    return "".join(open_)
