"""Averaging the past, three ways that give the same: the road from a loop to attention.

Each takes `(B, T, C)` and returns `(B, T, C)`, where token t holds the mean of tokens 0 to t.
From the lecture "Let's build GPT" (Karpathy, 2023), "the mathematical trick in self-attention".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def average_by_loops(x: Tensor) -> Tensor:
    """For every sequence and every token, the mean of what came up to there."""
    B, T, _ = x.shape
    out = torch.zeros_like(x)
    for b in range(B):
        for t in range(T):
            out[b, t] = x[b, : t + 1].mean(dim=0)
    return out


def average_by_matrix(x: Tensor) -> Tensor:
    """One matrix product: row t of a triangular matrix has 1 / (t + 1) up to t, and then zeros."""
    return mean_weights(x.shape[1]).to(x) @ x  # (T, T) @ (B, T, C)


def average_by_softmax(x: Tensor, scores: Tensor) -> Tensor:
    """The same matrix as the softmax of scores `(T, T)`, the future masked with -inf.

    Equal scores give the mean. Let them depend on the tokens, and this is attention.
    """
    return softmax_weights(scores) @ x


def mean_weights(n_tokens: int) -> Tensor:
    """`(T, T)`: ones up to the diagonal, each row divided by its sum."""
    ones = torch.ones(n_tokens, n_tokens).tril()
    return ones / ones.sum(dim=1, keepdim=True)


def masked(scores: Tensor) -> Tensor:
    """The scores `(T, T)` with -inf wherever a token would look at a later one."""
    is_past = torch.ones_like(scores, dtype=torch.bool).tril()
    return scores.masked_fill(~is_past, -math.inf)


def softmax_weights(scores: Tensor) -> Tensor:
    """`(T, T)`: each row of masked scores as shares that add up to 1."""
    return masked(scores).softmax(dim=-1)
