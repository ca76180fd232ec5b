"""Small experiments with one head of attention: the notes of the lecture "Let's build GPT".

Attention lets tokens talk along a directed graph; it knows no order, keeps sequences of a batch
apart, sees the future unless that is masked, may look at another text, and divides by √D for a
reason. Each can be tried with `look` and `saturation`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gpt.tensor.layers import Head, attend
from gpt.tensor.tap import Tap


class Look(NamedTuple):
    """What one head saw.

    Attributes:
        pattern: how much each token took from each, `(B, T, S)`; rows add up to 1.
        output: what each token took in all, `(B, T, C)`.
    """

    pattern: Tensor
    output: Tensor


@torch.no_grad()
def look(head: Head, x: Tensor, *, at: Tensor | None = None, is_causal: bool = True) -> Look:
    """One head in which the tokens of `x` `(B, T, C)` look at those of `at` `(B, S, C)`.

    Left out, `at` is `x`: self-attention. Another text makes it cross-attention, for which there is
    no before and after, so `is_causal` must be False where the lengths differ.
    """
    seen = x if at is None else at
    query, key, value = (
        layer(each).unsqueeze(1)  # (B, 1, T, C): one head
        for layer, each in ((head.query, x), (head.key, seen), (head.value, seen))
    )
    trace: dict[str, Tensor] = {}
    output = attend(query, key, value, Tap(trace), is_causal=is_causal)
    return Look(trace["pattern"].squeeze(1), output.squeeze(1))


class Saturation(NamedTuple):
    """What a head's width does to its softmax, without and with the division by √D.

    Attributes:
        raw_variance, scaled_variance: of the scores, over many random queries and keys.
        raw, scaled: the pattern of one query over a few keys, `(S,)` each.
        raw_largest, scaled_largest: the largest share in a pattern, on average over the queries.
    """

    raw_variance: float
    scaled_variance: float
    raw: Tensor
    scaled: Tensor
    raw_largest: float
    scaled_largest: float


QUERIES = 256


def saturation(head_size: int, n_keys: int, generator: torch.Generator) -> Saturation:
    """Queries and keys with entries from N(0, 1), as layers are made to give at first.

    A score is then a sum of D products of variance 1, so its variance is D; divided by √D it is 1
    again, whatever the width (Vaswani et al. 2017, footnote 4).
    """
    query = torch.randn(QUERIES, head_size, generator=generator)
    key = torch.randn(n_keys, head_size, generator=generator)
    raw_scores = query @ key.T  # (QUERIES, S)
    scaled_scores = raw_scores / head_size**0.5
    raw, scaled = raw_scores.softmax(dim=-1), scaled_scores.softmax(dim=-1)
    return Saturation(
        raw_scores.var().item(),
        scaled_scores.var().item(),
        raw[0],
        scaled[0],
        raw.max(dim=-1).values.mean().item(),
        scaled.max(dim=-1).values.mean().item(),
    )
