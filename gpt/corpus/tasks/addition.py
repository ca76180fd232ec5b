"""A task with one right answer that takes carrying: add two numbers."""

from __future__ import annotations

import random

from gpt.corpus.tasks.strings import Answered
from gpt.corpus.tasks.task import Example


class Add(Answered):
    """Add two numbers, in ordinary writing: `57+968=1025`."""

    name = "add"
    title = "Add two numbers"
    asks = "Write the sum of the two numbers before the =."
    numbers = range(0, 1000)

    def draw(self, rng: random.Random) -> Example:
        prompt = f"{rng.choice(self.numbers)}+{rng.choice(self.numbers)}"
        return Example(prompt, self.answer_to(prompt))

    def answer_to(self, prompt: str) -> str:
        return str(sum(map(int, prompt.split("+"))))
