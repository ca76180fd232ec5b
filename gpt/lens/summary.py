"""All heads as one pattern: their mean, the strongest, or attention followed through the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def average_pattern(patterns: Tensor) -> Tensor:
    """The mean over all layers and heads: `(n_layer, H, T, T)` -> `(T, T)`."""
    return patterns.mean((0, 1))


def strongest_pattern(patterns: Tensor) -> Tensor:
    """For each pair the largest weight that any head gives it: `(n_layer, H, T, T)` -> `(T, T)`.

    Its rows need not add up to 1.
    """
    return patterns.amax((0, 1))


def attention_rollout(patterns: Tensor) -> Tensor:
    """How much of each embedding reaches each place: `(n_layer, H, T, T)` -> `(T, T)`.

    In every layer a token keeps half of itself, by the residual stream, and takes half from where
    its heads look on average; the layers multiply (Abnar and Zuidema 2020, "Quantifying Attention
    Flow in Transformers"). What the MLPs do is not in it.
    """
    T = patterns.shape[-1]
    unit = torch.eye(T, dtype=patterns.dtype, device=patterns.device)
    rollout = unit
    for layer in patterns.mean(1):
        rollout = (0.5 * layer + 0.5 * unit) @ rollout
    return rollout


SUMMARIES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "average": average_pattern,
    "strongest": strongest_pattern,
    "rollout": attention_rollout,
}
