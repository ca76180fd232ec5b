"""The text that is being written: tokens drawn or forced, each with what decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from explorer.components.distribution import Controls, Request
from explorer.sampling.digest import Digest, digest
from explorer.sampling.subject import Subject, config_of
from explorer.sampling.tries import Branch, common_length, with_branch
from gpt.lens.writing import new_reader
from gpt.tensor.steps import Reader, Step, take_step

FIRST_TOKENS, BEGINNING = 60, 2
WORD_AT_MOST = 40  # tokens


@lru_cache(16)
def needles(seed: int, count: int) -> tuple[float, ...]:
    """The numbers that draw a text of that seed, one for each place."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(count, dtype=torch.float64, generator=generator).tolist())


class Measure(NamedTuple):
    """What the model itself thought of a token that was taken, and what the controls made of it.

    Attributes:
        logit: of the token.
        probability: what the model gave to it.
        drawn_probability: what it was, or would have been, drawn with.
        rank: 1 for the likeliest.
        surprisal, entropy: in nats.
    """

    logit: float
    probability: float
    drawn_probability: float
    rank: int
    surprisal: float
    entropy: float


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
        measures: of each token taken.
        tries: the continuations that were left for others, oldest first.
    """

    subject: Subject
    controls: Controls
    taken: list[int] = field(default_factory=list)
    forced: set[int] = field(default_factory=set)
    logits: list[Tensor] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    tries: tuple[Branch, ...] = ()
    _digests: list[Digest] = field(default_factory=list)
    _reader: Reader | None = None

    @property
    def is_over(self) -> bool:
        """Whether the text has ended, or grown as long as it may."""
        return self.has_ended or len(self.taken) >= self.subject.length

    @property
    def has_ended(self) -> bool:
        """Whether it ends as a document of its model does."""
        return bool(self.taken) and self.taken[-1] == self.subject.end

    @property
    def whole(self) -> list[int]:
        """The prompt's tokens and those taken."""
        return [*self.subject.prompt, *self.taken]

    @property
    def branch(self) -> Branch:
        """What was taken, as one of the continuations tried."""
        surprisals = tuple(each.surprisal for each in self.measures)
        given = frozenset(self.forced)
        return Branch(tuple(self.taken), given, surprisals, self.controls, self.subject.seed)

    def uniforms(self) -> tuple[float, ...]:
        """The needle of every place, and of the next."""
        return self._needles()[: len(self.taken) + 1]

    def _needles(self) -> tuple[float, ...]:
        return needles(self.subject.seed, self.subject.length + 1)

    def ask(self) -> Tensor:
        """The logits of the next token, `(V,)`. Raises NotANumberError if they are none."""
        while len(self.logits) <= len(self.taken):
            if self._reader is None:
                self._reader = new_reader(self.subject.opened, self.subject.past_block)
            read = self.whole[: len(self.subject.prompt) + len(self.logits)]
            # A copy, for it may be a part of the logits of all that was read.
            self.logits.append(self._reader.next_logits(read).clone())
        return self.logits[len(self.taken)]

    def step(self, token: int | None = None) -> Step:
        """The next token, drawn or given."""
        place = len(self.taken)
        needle = self._needles()[place]
        config = config_of(self.controls)
        step = take_step(self.ask(), self.whole, config, uniform=needle, token=token)
        self.taken.append(step.token)
        self.measures.append(
            Measure(
                step.logits[step.token].item(),
                step.model_probability,
                step.probabilities[step.token].item(),
                step.rank,
                step.surprisal,
                step.entropy,
            )
        )
        if token is not None:
            self.forced.add(place)
        return step

    def go_on(self, count: int) -> None:
        """So many tokens more, or fewer if the text ends."""
        for _ in range(count):
            if self.is_over:
                return
            self.step()

    def begin(self) -> None:
        """A first text. Of one that is over, as a name soon is, only its beginning: there it can go
        on, and the rest stands among the tries.
        """
        self.go_on(FIRST_TOKENS)
        if self.has_ended:
            self.go_back(min(BEGINNING, len(self.taken) - 1))

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
        """To when only so many tokens had been taken; what is left stays among the tries."""
        self.tries = with_branch(self.tries, self.branch)
        self._cut(place)

    def _cut(self, place: int) -> None:
        del self.taken[place:], self.measures[place:]
        del self.logits[place + 1 :], self._digests[place + 1 :]
        self.forced = {each for each in self.forced if each < place}
        self._reader = None  # what it has read cannot be unread

    def take_path(self, tokens: Sequence[int]) -> None:
        """Goes on by these tokens, whatever would be drawn."""
        V = self.subject.opened.tokenizer.vocab_size
        for token in tokens:
            if self.is_over or not 0 <= token < V:
                return
            self.step(token)

    def return_to(self, branch: Branch) -> None:
        """Takes up a continuation that was left, and the controls by which it was drawn.

        What another seed drew is given here: this one would draw something else.
        """
        self.tries = with_branch(self.tries, self.branch)
        if branch.controls != self.controls:
            self._cut(0)
            self.controls = branch.controls
        common = common_length(self.taken, branch.tokens)
        self._cut(common)
        for place in range(common, len(branch.tokens)):
            if self.is_over:
                return
            is_drawn = place not in branch.forced and branch.seed == self.subject.seed
            self.step(None if is_drawn else branch.tokens[place])

    def written_anew(self, subject: Subject, controls: Controls) -> Text:
        """The same length by another model, prompt, seed or controls; what had ended, to its end.

        What was forced stays as long as all before it does: elsewhere it would be another word. The
        continuations tried stay as long as the same model goes on from the same prompt, and this
        one joins them where something was forced in it.
        """
        length = subject.length if self.has_ended else len(self.taken)
        is_same = (subject.opened, subject.prompt) == (self.subject.opened, self.subject.prompt)
        tries = with_branch(self.tries, self.branch) if self.forced else self.tries
        text = Text(subject, controls, tries=tries if is_same else ())
        V = subject.opened.tokenizer.vocab_size
        for place in range(length):
            if text.is_over:
                break
            is_given = place in self.forced and text.taken == self.taken[:place]
            text.step(self.taken[place] if is_given and self.taken[place] < V else None)
        return text

    def all_digests(self) -> list[Digest]:
        """What the browser needs of every place, and of the next. Raises NotANumberError."""
        self.ask()
        config = config_of(self.controls)
        for place in range(len(self._digests), len(self.taken) + 1):
            self._digests.append(digest(self.logits[place], config, self._needles()[place]))
        return self._digests


def answer(text: Text, request: Request) -> Text:
    """The text after what the reader did. Raises ValueError for controls out of their range."""
    config_of(request.controls)
    if request.controls != text.controls:
        text = text.written_anew(text.subject, request.controls)
    match request.act:  # "controls" and "look" ask for nothing more
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
            text.take_path([request.token])
    return text
