"""Tasks about a string of characters, each with one right answer: copy, reverse and sort it."""

from __future__ import annotations

import math
import random
import string
from abc import abstractmethod

from gpt.corpus.tasks.task import SEPARATOR, Example, Task

LETTERS = string.ascii_lowercase


class Answered(Task):
    """A task whose prompt has exactly one right answer: the best possible loss is 0."""

    @abstractmethod
    def answer_to(self, prompt: str) -> str:
        """The right answer."""

    def probability(self, example: Example) -> float:
        return float(example.answer == self.answer_to(example.prompt))

    @property
    def floor(self) -> float:
        """0: whoever knows the rule is never surprised."""
        return 0.0


class Copy(Answered):
    """Write a string again: `qfo=hxab=hxab`.

    The string to copy stands after some letters that are to be ignored, so it begins and ends
    anywhere: no fixed distance leads from a letter of the answer to the one to be copied. What does
    is an *induction head* (Olsson et al. 2022, "In-context Learning and Induction Heads"): find
    where the letter just written, or the separator, stood before, and write what came after it.
    That takes two layers: the first lets each letter know the one before it. No letter comes twice
    among those of a prompt, so there is one such place.
    """

    name = "copy"
    title = "Copy a string"
    asks = "Write again what stands between the two =, and end there."
    lengths = range(4, 11)
    filler_lengths = range(0, 7)

    def draw(self, rng: random.Random) -> Example:
        n_filler = rng.choice(self.filler_lengths)
        length = rng.choice(self.lengths)
        drawn = "".join(rng.sample(LETTERS, n_filler + length))
        answer = drawn[n_filler:]
        return Example(f"{drawn[:n_filler]}{SEPARATOR}{answer}", answer)

    def read(self, written: str) -> Example:
        """The prompt of this task has a separator of its own."""
        filler, _, rest = written.partition(SEPARATOR)
        copied, _, answer = rest.partition(SEPARATOR)
        return Example(f"{filler}{SEPARATOR}{copied}", answer)

    def answer_to(self, prompt: str) -> str:
        return prompt.rpartition(SEPARATOR)[2]

    @property
    def blind_floor(self) -> float:
        """The entropy of the answer alone, for who knows the format but cannot look back.

        A string has one of K lengths, as likely as each other. With length n it is one of
        26! / (26 - n)! strings of different letters, so its entropy is ln K plus the mean of their
        logarithms; it has n + 1 tokens.
        """
        arrangements = [math.log(math.perm(len(LETTERS), n)) for n in self.lengths]
        entropy = math.log(len(self.lengths)) + math.fsum(arrangements) / len(arrangements)
        return entropy / (sum(self.lengths) / len(self.lengths) + 1)


class Reverse(Answered):
    """Write a string backwards: `abbey=yebba`."""

    name = "reverse"
    title = "Reverse a string"
    asks = "Write the letters before the = backwards."
    lengths = range(3, 9)

    def draw(self, rng: random.Random) -> Example:
        prompt = "".join(rng.choices(LETTERS, k=rng.choice(self.lengths)))
        return Example(prompt, self.answer_to(prompt))

    def answer_to(self, prompt: str) -> str:
        return prompt[::-1]


class Sort(Answered):
    """Put digits in order: `4099=0499`."""

    name = "sort"
    title = "Sort digits"
    asks = "Write the digits before the = in order, the smallest first."
    lengths = range(3, 9)

    def draw(self, rng: random.Random) -> Example:
        prompt = "".join(rng.choices(string.digits, k=rng.choice(self.lengths)))
        return Example(prompt, self.answer_to(prompt))

    def answer_to(self, prompt: str) -> str:
        return "".join(sorted(prompt))
