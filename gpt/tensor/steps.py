"""A text grown token by token, each with everything that decided it: one interface to both GPTs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from gpt.scalar.model import Cache, Config, FloatRows, empty_cache, forward
from gpt.tensor.cache import PastBlock
from gpt.tensor.filters import SamplingConfig, Stage, filter_logits
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.sampling import Continuation, NotANumberError, invert_cumulative


class Reader(Protocol):
    """Whatever can say what follows a text."""

    def next_logits(self, tokens: Sequence[int]) -> Tensor:
        """Logits `(V,)` of the token after a text that begins with the text of the last call."""


class TensorReader:
    """A GPT of tensors, which keeps keys and values of what it has read.

    Raises ValueError if the model cannot go past its block in the way asked for.
    """

    def __init__(self, model: LanguageModel, past_block: PastBlock = "crop") -> None:
        self._continuation = Continuation(model, past_block)

    def next_logits(self, tokens: Sequence[int]) -> Tensor:
        return self._continuation.next_logits(torch.tensor([tokens]))[0]


class ScalarReader:
    """A GPT of plain numbers, which does the same; past its block it reads the last block anew."""

    def __init__(self, config: Config, weights: Mapping[str, FloatRows]) -> None:
        self._config = config
        self._weights = weights
        self._cache: Cache = empty_cache(config)
        self._n_read = 0

    def next_logits(self, tokens: Sequence[int]) -> Tensor:
        if len(tokens) > self._config.block_size:
            tokens = tokens[-self._config.block_size :]
            self._cache, self._n_read = empty_cache(self._config), 0
        logits: list[float] = []
        for position in range(self._n_read, len(tokens)):
            logits, self._cache = forward(
                self._config, self._weights, tokens[position], position, self._cache
            )
        self._n_read = len(tokens)
        return torch.tensor(logits, dtype=torch.float64)


@dataclass(frozen=True)
class Step:
    """How one token came to be.

    Attributes:
        token: its id.
        stages: the logits `(1, V)` of the model, then what each control made of them.
        uniform: the number in [0, 1) that pointed at it; None where the token was given.
    """

    token: int
    stages: tuple[Stage, ...]
    uniform: float | None

    @property
    def logits(self) -> Tensor:
        """What the model says, `(V,)`."""
        return self.stages[0].logits[0]

    @property
    def probabilities(self) -> Tensor:
        """What the token was drawn from, `(V,)`."""
        return self.stages[-1].probabilities[0]

    @property
    def model_probability(self) -> float:
        """The share that the model gave to the token, before any control."""
        return self.stages[0].probabilities[0, self.token].item()

    @property
    def surprisal(self) -> float:
        """-ln of that share, in nats."""
        return -self.logits.log_softmax(dim=-1)[self.token].item()

    @property
    def entropy(self) -> float:
        """The surprisal that the model expected, in nats."""
        logs = self.logits.log_softmax(dim=-1)
        # A token that is impossible is expected never, and adds nothing.
        return -float(torch.special.xlogy(logs.exp(), logs.exp()).sum())

    @property
    def rank(self) -> int:
        """How many tokens the model holds likelier than this one, and one more."""
        return int((self.logits > self.logits[self.token]).sum()) + 1


def take_step(
    logits: Tensor,
    text: Sequence[int],
    config: SamplingConfig,
    *,
    uniform: float | None = None,
    token: int | None = None,
) -> Step:
    """Chooses a token by a number in [0, 1), or takes the one given.

    Args:
        logits: of the next token, `(V,)`.
        text: the tokens so far.
        config: the controls.
        uniform: where the needle points; needed unless a token is given.
        token: one to take, whatever is likely.

    Raises:
        NotANumberError: the logits hold a NaN.
    """
    if logits.isnan().any():
        raise NotANumberError
    stages = tuple(filter_logits(logits[None], config, torch.tensor([text])))
    if token is not None:
        return Step(token, stages, None)
    assert uniform is not None
    needle = torch.tensor([uniform], dtype=torch.float64)
    return Step(int(invert_cumulative(stages[-1].probabilities, needle)), stages, uniform)


def generate_steps(
    reader: Reader,
    prompt: Sequence[int],
    config: SamplingConfig,
    generator: torch.Generator,
    *,
    end: int | None = None,
) -> Iterator[Step]:
    """Continues a text for as long as it is asked to, or until it has drawn `end`, such as BOS.

    Draws what `generate` draws for a single sequence with the same generator.

    Raises ValueError if there is no token to start from; NotANumberError.
    """
    if not prompt:
        raise ValueError("There must be at least one token to continue from.")
    text = list(prompt)
    while True:
        uniform = torch.rand(1, dtype=torch.float64, generator=generator).item()
        step = take_step(reader.next_logits(text), text, config, uniform=uniform)
        yield step
        if step.token == end:
            return
        text.append(step.token)
