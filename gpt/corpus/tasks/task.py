"""What a task is: prompts with answers, drawn by a process whose best possible loss is known."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gpt.corpus.tokenizer import Tokenizer

SEPARATOR = "="
"""Stands between prompt and answer; no answer holds it."""


class Example(NamedTuple):
    """What is given, and what is asked for."""

    prompt: str
    answer: str

    @property
    def document(self) -> str:
        """The two as one line of text."""
        return f"{self.prompt}{SEPARATOR}{self.answer}"

    @classmethod
    def of(cls, document: str) -> Example:
        """The prompt before the last separator, and the answer after it."""
        prompt, _, answer = document.rpartition(SEPARATOR)
        return cls(prompt, answer)

    def encode(self, tokenizer: Tokenizer) -> EncodedExample:
        """The example between two BOS. Raises UnknownCharacterError, and ValueError without BOS."""
        tokens = tokenizer.encode_document(self.document)
        return EncodedExample(tokens, len(tokens) - 1 - len(self.answer))


class EncodedExample(NamedTuple):
    """An example as token ids, from BOS to BOS.

    Attributes:
        tokens: all of them.
        answer_start: the place of the first token of the answer, which ends with the last BOS.
    """

    tokens: list[int]
    answer_start: int


class Task(ABC):
    """Draws examples, and knows how well the best of all models could do.

    Losses are in nats per token of the answer, one a character and one for the BOS that closes it:
    to know where an answer ends is part of the answer. The tokens of the prompt are not asked for.
    """

    name: str
    """What commands and run folders call it."""

    title: str
    """What people call it."""

    asks: str
    """What is to be written behind the separator, as a sentence."""

    @abstractmethod
    def draw(self, rng: random.Random) -> Example:
        """One example."""

    @abstractmethod
    def probability(self, example: Example) -> float:
        """The probability of the answer, given the prompt; 0 for what is no answer to it."""

    @property
    @abstractmethod
    def floor(self) -> float:
        """The best possible loss: the entropy of the answer given the prompt.

        The entropy of a whole answer over the expected number of its tokens, as a loss over many
        examples is all their surprise over all their tokens.
        """

    @property
    def blind_floor(self) -> float | None:
        """The best possible loss without a look at the prompt, where it is known."""
        return None

    @property
    def has_one_answer(self) -> bool:
        """Whether the prompt leaves no choice."""
        return self.floor == 0

    def read(self, written: str) -> Example:
        """Prompt and answer as a model wrote them: what it wrote may hold separators, too."""
        prompt, _, answer = written.partition(SEPARATOR)
        return Example(prompt, answer)

    def answer_to(self, prompt: str) -> str | None:
        """The right answer; None where there are several."""
        return None

    def is_right(self, example: Example) -> bool:
        """Whether the answer is one of those that the prompt allows."""
        return self.probability(example) > 0
