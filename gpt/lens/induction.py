"""Induction: to go on as it went on the last time, on text that has no other regularity."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gpt.lens.trace import trace
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.tap import Ablation

TEXT_SEED = 1337


class RepeatedText(NamedTuple):
    """Random tokens, and then the same again.

    Attributes:
        tokens: `(B, T)`; no token comes twice within a half.
        start: where the first half begins: 1 after BOS, else 0.
        period: how many tokens a half has; T = start + 2 period.
    """

    tokens: Tensor
    start: int
    period: int


def draw_repeated_text(
    block_size: int,
    vocabulary: Tensor,
    generator: torch.Generator,
    *,
    bos: int | None = None,
    batch_size: int = 8,
    longest: int = 32,
) -> RepeatedText:
    """Draws random tokens without repetition and repeats them once.

    Args:
        block_size: how many tokens the model reads at most.
        vocabulary: the ids to draw from, each once, `(n,)`.
        generator: draws them.
        bos: the token that opens a text, if there is one.
        batch_size: how many texts, B.
        longest: how many tokens a half has at most; fewer where block or vocabulary ask for it.

    Raises ValueError if there is not room for two tokens twice.
    """
    start = 0 if bos is None else 1
    period = min((block_size - start) // 2, len(vocabulary), longest)
    if period < 2:
        raise ValueError(
            f"With a block of {block_size} and {len(vocabulary)} tokens to draw from there is no "
            "room for two tokens and their repetition, on which induction is measured."
        )
    order = torch.rand(batch_size, len(vocabulary), generator=generator).argsort(-1)
    half = vocabulary.cpu()[order[:, :period]]
    opening = torch.full((batch_size, start), 0 if bos is None else bos)
    return RepeatedText(torch.cat([opening, half, half], dim=1), start, period)


def induction_score(patterns: Tensor, text: RepeatedText) -> Tensor:
    """How much goes from a token that comes again to what followed it the first time.

    With a period of n, mean over the second half's t of A[t, t-n+1] (Olsson et al. 2022, "prefix
    matching"). Patterns `(B, ..., T, T)` -> `(...)`, the mean over the batch.
    """
    stripe = patterns.diagonal(1 - text.period, -2, -1)  # starts at t = period - 1
    second_half = stripe[..., text.start + 1 :]
    return second_half.mean(-1).mean(0)


def chance_of_induction(text: RepeatedText) -> float:
    """What a head scores that looks at all it can see alike: the mean of 1 / (t + 1)."""
    first = text.start + text.period
    return sum(1 / (t + 1) for t in range(first, first + text.period)) / text.period


def measure_induction(
    model: LanguageModel, text: RepeatedText, ablate: Ablation | None = None
) -> Tensor:
    """The induction score of every head, `(n_layer, H)`, some parts replaced if so asked.

    Raises NoSuchActivationError if the model has no heads.
    """
    return induction_score(trace(model, text.tokens, ablate=ablate).patterns, text)


def score_induction(
    model: LanguageModel, vocab_size: int, bos: int | None, ablate: Ablation | None = None
) -> tuple[Tensor, float] | None:
    """The induction score of every head, `(n_layer · H,)`, and what chance would give.

    On a text drawn by a fixed seed, so that it is a number of the model alone. None where there is
    no room in the block for a text and its repetition.
    """
    vocabulary = torch.tensor([i for i in range(vocab_size) if i != bos])
    drawn = torch.Generator().manual_seed(TEXT_SEED)
    try:
        text = draw_repeated_text(model.config.block_size, vocabulary, drawn, bos=bos)
    except ValueError:
        return None
    return measure_induction(model, text, ablate).flatten(), chance_of_induction(text)
