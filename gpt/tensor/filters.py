"""From logits to the probabilities that a token is drawn from: pure functions, one per control.

Each takes logits `(B, V)` and returns logits, with -inf for a token that is out. They are applied
in the order in which they stand here, as `transformers` does, to whose logits processors they are
equal: a repetition penalty, the temperature, then what is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

COLDEST = 1e-100  # below it, a quotient might overflow; long before, the softmax has chosen


@dataclass(frozen=True)
class SamplingConfig:
    """How the next token is chosen from logits. The defaults leave the model's distribution be.

    Attributes:
        temperature: the logits are divided by it; at 0 the likeliest token is always taken.
        top_k: only so many of the likeliest tokens stay; 0 for all.
        top_p: the likeliest tokens stay until together they have this probability.
        min_p: a token stays if it is at least this share as likely as the likeliest.
        repetition_penalty: the logits of tokens already in the text are divided by it where they
            are positive, multiplied where they are negative.

    Raises:
        ValueError: a number out of its range; one sentence says which.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ValueError(
                f"temperature is {self.temperature:g}; it must be 0 (always the likeliest token) "
                "or above."
            )
        if self.top_k < 0:
            raise ValueError(f"top_k is {self.top_k}; it must be 0 (all tokens) or above.")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p:g}; it must be above 0 and at most 1.")
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"min_p is {self.min_p:g}; it must be from 0 to 1.")
        if not 0 < self.repetition_penalty < math.inf:
            raise ValueError(
                f"repetition_penalty is {self.repetition_penalty:g}; it must be above 0, "
                "and 1 for none."
            )


MODEL_ITSELF = SamplingConfig()


class Stage(NamedTuple):
    """What one of the controls left: its name, and the logits `(B, V)`."""

    name: str
    logits: Tensor

    @property
    def probabilities(self) -> Tensor:
        """What is left, as shares that add up to 1."""
        return self.logits.softmax(dim=-1)


def penalise_repetition(logits: Tensor, text: Tensor, penalty: float) -> Tensor:
    """Makes the tokens of the text `(B, T)` less likely (Keskar et al. 2019, "CTRL")."""
    seen = logits.gather(-1, text)
    penalised = torch.where(seen < 0, seen * penalty, seen / penalty)
    return logits.scatter(-1, text, penalised)


def divide_by_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Below 1 the likely gets likelier, above 1 the unlikely gets its chance; at 0 one is left.

    Of several that are likeliest at 0, it is the first.
    """
    if temperature < COLDEST:
        best = logits.argmax(dim=-1, keepdim=True)
        return torch.full_like(logits, -math.inf).scatter(-1, best, logits.gather(-1, best))
    return logits if temperature == 1 else logits / temperature


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """The k largest logits, and whatever equals the smallest of them (Fan et al. 2018)."""
    smallest = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < smallest, -math.inf)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """The likeliest tokens that together reach p: the "nucleus" (Holtzman et al. 2019)."""
    ordered, order = logits.sort(dim=-1)
    # From the unlikeliest up: what adds up to no more than 1 - p can go; the last one stays.
    is_out = ordered.softmax(dim=-1).cumsum(dim=-1) <= 1 - p
    is_out[..., -1] = False
    return logits.masked_fill(is_out.scatter(-1, order, is_out), -math.inf)


def keep_min_p(logits: Tensor, p: float) -> Tensor:
    """The tokens at least p times as likely as the likeliest (Nguyen et al. 2024)."""
    probabilities = logits.softmax(dim=-1)
    is_out = probabilities < p * probabilities.amax(dim=-1, keepdim=True)
    return logits.masked_fill(is_out, -math.inf)


def filter_logits(logits: Tensor, config: SamplingConfig, text: Tensor) -> Iterator[Stage]:
    """The model's own logits in float64, then what each control that is not off makes of them.

    Args:
        logits: of the next token, `(B, V)`.
        config: the controls.
        text: the tokens so far, `(B, T)`, which a repetition penalty looks at.
    """
    logits = logits.double()
    yield Stage("model", logits)
    if config.repetition_penalty != 1:
        logits = penalise_repetition(logits, text, config.repetition_penalty)
        yield Stage("repetition penalty", logits)
    logits = divide_by_temperature(logits, config.temperature)
    yield Stage("temperature", logits)
    if config.top_k:
        logits = keep_top_k(logits, config.top_k)
        yield Stage("top-k", logits)
    if config.top_p < 1:
        logits = keep_top_p(logits, config.top_p)
        yield Stage("top-p", logits)
    if config.min_p > 0:
        logits = keep_min_p(logits, config.min_p)
        yield Stage("min-p", logits)
