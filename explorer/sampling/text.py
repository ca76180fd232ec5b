"""The text that is being written: tokens drawn or forced, each with what decided it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from explorer.components.distribution import Controls, Request
from explorer.sampling.subject import Subject, config_of
from gpt.lens.writing import new_reader
from gpt.tensor.steps import Reader, Step, take_step

WORD_AT_MOST = 40  # tokens


def needles(seed: int, count: int) -> tuple[float, ...]:
    """The numbers that draw a text of that seed, one for each place."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.rand(1, dtype=torch.float64, generator=generator).item() for _ in range(count)
    )


@dataclass
class Text:
    """A prompt and what follows it.

    A place's needle depends on the seed alone: whoever goes back and on again draws the same, and
    other controls meet the same luck.

    Attributes:
        subject: who writes.
        controls: how.
        taken: the tokens behind the prompt.
        forced: the places of those that were given, not drawn.
        logits: of each place, as far as the model has been asked.
    """

    subject: Subject
    controls: Controls
    taken: list[int] = field(default_factory=list)
    forced: set[int] = field(default_factory=set)
    logits: list[Tensor] = field(default_factory=list)
    _reader: Reader | None = None

    @property
    def is_over(self) -> bool:
        """Whether the text has ended, or grown as long as it may."""
        has_ended = bool(self.taken) and self.taken[-1] == self.subject.end
        return has_ended or len(self.taken) >= self.subject.length

    def uniforms(self) -> tuple[float, ...]:
        """The needle of every place, and of the next."""
        return needles(self.subject.seed, len(self.taken) + 1)

    def ask(self) -> Tensor:
        """The logits of the next token, `(V,)`. Raises NotANumberError if they are none."""
        while len(self.logits) <= len(self.taken):
            if self._reader is None:
                self._reader = new_reader(self.subject.opened, self.subject.past_block)
            read = [*self.subject.prompt, *self.taken[: len(self.logits)]]
            self.logits.append(self._reader.next_logits(read))
        return self.logits[len(self.taken)]

    def step(self, token: int | None = None) -> Step:
        """The next token, drawn or given."""
        place = len(self.taken)
        read = [*self.subject.prompt, *self.taken]
        needle = needles(self.subject.seed, place + 1)[place]
        step = take_step(self.ask(), read, config_of(self.controls), uniform=needle, token=token)
        self.taken.append(step.token)
        if token is not None:
            self.forced.add(place)
        return step

    def go_on(self, count: int) -> None:
        """So many tokens more, or fewer if the text ends."""
        for _ in range(count):
            if self.is_over:
                return
            self.step()

    def go_on_by_word(self) -> None:
        """Up to the next blank."""
        texts = self.subject.opened.tokenizer
        for index in range(WORD_AT_MOST):
            if self.is_over:
                return
            written = texts.decode([self.step().token])
            if index and written[-1:].isspace():
                return

    def go_back(self, place: int) -> None:
        """To when only so many tokens had been taken."""
        del self.taken[place:]
        del self.logits[place + 1 :]
        self.forced = {each for each in self.forced if each < place}
        self._reader = None  # what it has read cannot be unread

    def written_anew(self, subject: Subject, controls: Controls) -> Text:
        """The same length by another model, prompt, seed or controls; what was forced stays."""
        length = len(self.taken)
        text = Text(subject, controls)
        V = subject.opened.tokenizer.vocab_size
        for place in range(length):
            if text.is_over:
                break
            given = self.taken[place] if place in self.forced and self.taken[place] < V else None
            text.step(given)
        return text

    def all_logits(self) -> np.ndarray:
        """`(taken + 1, V)`: of every place, and of the next."""
        self.ask()
        return torch.stack(self.logits).float().numpy()


def answer(text: Text, request: Request) -> Text:
    """The text after what the reader did. Raises ValueError for controls out of their range."""
    config_of(request.controls)
    if request.controls != text.controls:
        text = text.written_anew(text.subject, request.controls)
    match request.act:
        case "token":
            text.go_on(1)
        case "word":
            text.go_on_by_word()
        case "end":
            text.go_on(text.subject.length)
        case "back":
            text.go_back(max(0, len(text.taken) - 1))
        case "goto":
            text.go_back(min(max(0, request.place), len(text.taken)))
        case "force":
            text.go_back(min(max(0, request.place), len(text.taken)))
            if 0 <= request.token < text.subject.opened.tokenizer.vocab_size:
                text.step(request.token)
    return text
