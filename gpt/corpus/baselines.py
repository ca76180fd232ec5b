"""What a model must beat: the losses of guessing, of counting tokens, and of counting pairs.

All in nats per token, over every token of the validation stream that has one before it: the same
tokens that a GPT is asked for. With V the vocabulary size and a the smoothing, the counts n are
taken from the training stream; adding a to each (Laplace's rule for a = 1) leaves nothing
impossible.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Baselines:
    """Validation losses in nats per token, from the plainest guess to the best."""

    uniform: float
    unigram: float
    bigram: float


def measure_baselines(
    train: Sequence[int], validation: Sequence[int], vocab_size: int, *, smoothing: float = 1.0
) -> Baselines:
    """All three, fitted on `train` and measured on `validation`; raises ValueError as they do."""
    return Baselines(
        uniform_loss(vocab_size),
        unigram_loss(train, validation, vocab_size, smoothing=smoothing),
        bigram_loss(train, validation, vocab_size, smoothing=smoothing),
    )


def uniform_loss(vocab_size: int) -> float:
    """ln V: every token equally likely. An untrained model starts near it."""
    return math.log(vocab_size)


def unigram_loss(
    train: Sequence[int], validation: Sequence[int], vocab_size: int, *, smoothing: float = 1.0
) -> float:
    """The mean of -ln p(x), with p(x) = (n(x) + a) / (n + a V): how common is this token?

    Raises ValueError where validation has no two tokens or the smoothing is not positive.
    """
    _check(validation, smoothing)
    counts = Counter(train[1:])
    total = counts.total() + smoothing * vocab_size
    return _mean_surprise(
        (count, (counts[token] + smoothing) / total)
        for token, count in Counter(validation[1:]).items()
    )


def bigram_loss(
    train: Sequence[int], validation: Sequence[int], vocab_size: int, *, smoothing: float = 1.0
) -> float:
    """The mean of -ln p(y | x), with p(y | x) = (n(x, y) + a) / (n(x) + a V).

    How common is token y after token x? As in the first part of Karpathy's lectures "makemore".
    Raises ValueError where validation has no two tokens or the smoothing is not positive.
    """
    _check(validation, smoothing)
    count_pairs = Counter(pairwise(train))
    counts = Counter(train[:-1])
    return _mean_surprise(
        (count, (count_pairs[x, y] + smoothing) / (counts[x] + smoothing * vocab_size))
        for (x, y), count in Counter(pairwise(validation)).items()
    )


def _mean_surprise(counted_probabilities: Iterable[tuple[int, float]]) -> float:
    """The mean of -ln p over probabilities p, each with how often it came up, in nats."""
    pairs = list(counted_probabilities)
    return -math.fsum(n * math.log(p) for n, p in pairs) / sum(n for n, _ in pairs)


def _check(validation: Sequence[int], smoothing: float) -> None:
    if len(validation) < 2:
        raise ValueError("A loss needs at least two validation tokens: one to predict the next.")
    if not smoothing > 0:
        raise ValueError(f"Smoothing adds more than 0 to each count, but {smoothing} was asked.")
