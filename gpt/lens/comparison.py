"""Two models that read the same tokens: how far apart their heads look, and what they predict."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


def head_distances(first: Tensor, second: Tensor) -> Tensor:
    """How far apart every head of one model and every head of another look: -> `(H, K)`.

    The total variation distance ½ ∑ |A[t, s] - B[t, s]| of a query's weights, the mean over all
    queries but the first, which can only look at itself: 0 where two heads look alike, 1 where
    they never look at the same token.

    Args:
        first: the patterns of one model on a text, layer by layer, `(H, T, T)`.
        second: those of the other on the same text, `(K, T, T)`.

    Raises ValueError if the texts are not equally long, or one token alone.
    """
    T = first.shape[-1]
    if second.shape[-1] != T:
        raise ValueError(
            f"One model read {T} tokens, the other {second.shape[-1]}: only on the same tokens can "
            "heads be compared."
        )
    if T < 2:
        raise ValueError("Heads differ from the second token on; the text has only one.")
    flat = [patterns[:, 1:].flatten(1).double() for patterns in (first, second)]
    distances: Tensor = torch.cdist(flat[0], flat[1], p=1) / (2 * (T - 1))
    return distances.to(first.dtype)


class Agreement(NamedTuple):
    """What two models say of every next token.

    Attributes:
        divergence: KL(first ‖ second) after each token, in nats, `(T,)`; 0 where they agree.
        is_same_best: whether they think the same token the likeliest, `(T,)`.
        surprisals: how surprised each is by the token that does follow, in nats, `(2, T - 1)`.
    """

    divergence: Tensor
    is_same_best: Tensor
    surprisals: Tensor


def compare_logits(first: Tensor, second: Tensor, tokens: Tensor) -> Agreement:
    """From the logits `(T, V)` of two models with one vocabulary on the same tokens `(T,)`.

    KL(p ‖ q) = ∑ p ln(p / q) (Kullback and Leibler 1951).
    """
    p, q = (logits.double().log_softmax(-1) for logits in (first, second))
    following = tokens[1:, None]
    return Agreement(
        (p.exp() * (p - q)).sum(-1),
        p.argmax(-1) == q.argmax(-1),
        torch.stack([-each[:-1].gather(-1, following)[:, 0] for each in (p, q)]),
    )
