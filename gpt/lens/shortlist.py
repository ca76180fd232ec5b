"""The likeliest tokens of a large vocabulary one by one, and all others as one: the tail.

What softmax makes of the listed tokens depends on the others only through a sum, and so does the
entropy. With both sums known at a temperature, every share is exact although the tail is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

COLDEST = 1e-6  # of a tail's sums: long before, softmax leaves nothing to the tail


class Shortlist(NamedTuple):
    """Of each of P places in a text the K likeliest tokens, in the order of the vocabulary.

    Attributes:
        tokens: their ids, `(P, K)`.
        logits: `(P, K)`.
        others: the logits of all other tokens, `(P, V - K)`; none where K = V.
    """

    tokens: Tensor
    logits: Tensor
    others: Tensor

    def tail(self, temperatures: Sequence[float]) -> Tensor:
        """What the others come to at each of N temperatures T, `(P, N, 2)`.

        First ln Σ exp((l - m) / T) over their logits l, where m is the largest logit of all; then
        the mean of (l - m) / T, each weighted by its exp. Without others -inf and 0.
        """
        P, n_others = self.others.shape
        sums = torch.full((P, len(temperatures), 2), -torch.inf)
        sums[..., 1] = 0
        if n_others == 0:
            return sums
        below = self.others - self.logits.amax(dim=-1, keepdim=True)  # (P, V - K), <= 0
        for index, temperature in enumerate(temperatures):
            scaled = below / max(temperature, COLDEST)
            sums[:, index, 0] = scaled.logsumexp(dim=-1)
            sums[:, index, 1] = (scaled.softmax(dim=-1) * scaled).sum(dim=-1)
        return sums


def list_likeliest(logits: Tensor, k: int) -> Shortlist:
    """The k likeliest tokens of each place, of logits `(P, V)`; all where there are no more."""
    V = logits.shape[-1]
    if k >= V:
        tokens = torch.arange(V).expand(logits.shape)
        return Shortlist(tokens, logits, logits[:, V:])
    order = logits.argsort(dim=-1, descending=True, stable=True)
    tokens = order[:, :k].sort(dim=-1).values
    return Shortlist(tokens, logits.gather(-1, tokens), logits.gather(-1, order[:, k:]))
