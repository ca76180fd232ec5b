"""What turns gradients into updates."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from gpt.tensor.language_model import LanguageModel
from gpt.tensor.training_config import TrainingConfig


def build_optimiser(model: LanguageModel, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2017), decaying matrices and embeddings only.

    Biases and the gains of norms are left alone: pulling them to zero would change what a layer
    computes, not how large its weights are.
    """
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups,
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        fused=parameters[0].device.type in ("cpu", "cuda"),
    )


def clip_gradients(parameters: Iterable[nn.Parameter], longest: float | None) -> float:
    """Shortens the gradient, in place, to `longest` if it is longer (Pascanu et al. 2012).

    Returns its norm over all parameters as it was before.
    """
    with_gradient = [p for p in parameters if p.grad is not None]
    norm = nn.utils.get_total_norm([p.grad for p in with_gradient if p.grad is not None])
    if longest is not None:
        nn.utils.clip_grads_with_norm_(with_gradient, longest, norm)
    return norm.item()
