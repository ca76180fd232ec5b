"""What the browser needs of one place in a text: all of a small vocabulary, the top of a large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gpt.lens.shortlist import list_likeliest
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.steps import take_step

MOST_SHOWN = 200  # tokens of a vocabulary: a larger one is shown by its likeliest
LISTED = 100
SLIDER_TEMPERATURES = tuple(hundredth / 100 for hundredth in range(201))

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Digest:
    """One place: the tokens that are listed, and the others as one, the tail.

    Attributes:
        tokens: ids of the K that are listed, in the order of the vocabulary.
        logits: `(K,)`.
        final: what they are drawn with under the controls, `(K,)`.
        starts: where each one's share begins, of all shares laid end to end, `(K,)`.
        tail: ln of the sum of the others, relative to the likeliest, and their mean: see
            `gpt.lens.shortlist`; at temperature 1 and at the controls', `(2, 2)`.
        kept: how many tokens the controls keep.
        entropy: of what is drawn from, in nats.
        drawn: the token at which the needle points.
        span: from where to where its share goes, `(2,)`.
    """

    tokens: tuple[int, ...]
    logits: Floats
    final: Floats
    starts: Floats
    tail: Floats
    kept: int
    entropy: float
    drawn: int
    span: tuple[float, float]


def listed_of(vocab_size: int) -> int:
    """How many tokens of such a vocabulary are listed."""
    return vocab_size if vocab_size <= MOST_SHOWN else LISTED


def digest(logits: Tensor, config: SamplingConfig, needle: float) -> Digest:
    """A place from the logits `(V,)` of its token. Raises NotANumberError."""
    short = list_likeliest(logits[None], listed_of(len(logits)))
    step = take_step(logits, [], config, uniform=needle)
    shares = step.probabilities
    ends = shares.cumsum(dim=-1)
    tokens = short.tokens[0]
    end = ends[step.token].item()
    return Digest(
        tuple(tokens.tolist()),
        short.logits[0].float().numpy(),
        shares[tokens].float().numpy(),
        (ends - shares)[tokens].float().numpy(),
        short.tail([1.0, config.temperature])[0].float().numpy(),
        int((shares > 0).sum()),
        -float(torch.special.xlogy(shares, shares).sum()),
        step.token,
        (end - shares[step.token].item(), end),
    )


def tail_at_sliders(logits: Tensor) -> Floats:
    """The tail of one place at every temperature of the slider, `(201, 2)`."""
    short = list_likeliest(logits[None], listed_of(len(logits)))
    table: Floats = short.tail(SLIDER_TEMPERATURES)[0].float().numpy()
    return table
