"""Muon: updates of which every direction has the same size, for the matrices inside a model."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gpt.tensor.layers import Linear
from gpt.tensor.optimiser import AdamW
from gpt.tensor.training_config import TrainingConfig

# One iteration maps each singular value s to a·s + b·s³ + c·s⁵. With Keller Jordan's numbers small
# ones grow fast and large ones stay around 1, without ever settling there; that is near enough.
A, B, C = 3.4445, -4.7750, 2.0315

LAST_LAYER = "lm_head"


class Muon(AdamW):
    """Momentum, orthogonalised (Jordan et al. 2024, "Muon: An optimizer for hidden layers").

    The gradient of a matrix is mostly a few large directions. Muon keeps all its directions and
    makes them equally large, so that what is rare is learnt as fast. That suits the matrices inside
    a model, those of `hidden_matrices`; embeddings, the last layer and vectors are left to AdamW.

    torch.optim.Muon orthogonalises matrix by matrix and in bfloat16, at which a CPU without such
    arithmetic is slow; here the matrices keep their precision, and those of a shape go together.

    Of a hidden matrix, `moments` holds the running mean of its gradient ("momentum").
    """

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        super().__init__(dict(model.named_parameters()), config)
        self._hidden = hidden_matrices(model)
        self._others = [name for name in self._parameters if name not in self._hidden]

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Updates every parameter that has a gradient, in place."""
        self._step_by_moments(self._others, learning_rate)
        by_shape: dict[torch.Size, list[str]] = {}
        for name in self._hidden:
            if self._parameters[name].grad is not None:
                by_shape.setdefault(self._parameters[name].shape, []).append(name)
        for (rows, columns), names in by_shape.items():
            directions = torch.stack([self._direction(name) for name in names])
            updates = orthogonalise(directions, self._config.muon_iterations)
            # A taller matrix needs longer updates for the same change of each of its outputs.
            rate = learning_rate * math.sqrt(max(1, rows / columns))
            for name, update in zip(names, updates, strict=True):
                matrix = self._parameters[name]
                matrix.mul_(1 - learning_rate * self._config.weight_decay)
                matrix.add_(update, alpha=-rate)

    def _direction(self, name: str) -> Tensor:
        """The gradient with its momentum, as Nesterov looks ahead: `(rows, columns)`."""
        gradient, memory = self._parameters[name].grad, self._config.muon_momentum
        assert gradient is not None
        momentum = self._moments_of(name)["momentum"].lerp_(gradient, 1 - memory)
        return gradient.lerp(momentum, memory)

    def _no_moments(self, name: str) -> dict[str, Tensor]:
        if name in self._hidden:
            return {"momentum": torch.zeros_like(self._parameters[name])}
        return super()._no_moments(name)


def hidden_matrices(model: nn.Module) -> list[str]:
    """The names of the matrices between the embeddings and the last layer."""
    return [
        f"{name}.weight"
        for name, module in model.named_modules()
        if isinstance(module, Linear) and name != LAST_LAYER
    ]


def orthogonalise(matrices: Tensor, iterations: int) -> Tensor:
    """The nearest matrices with all singular values about 1: `(N, rows, columns)` -> the same.

    For a matrix U S Vᵀ that is U Vᵀ, here by a Newton-Schulz iteration, which needs products of
    matrices only (Bernstein and Newhouse 2024, "Old optimizer, new norm"; Jordan et al. 2024).
    """
    is_tall = matrices.shape[-2] > matrices.shape[-1]
    # Of the two products of a matrix with its transpose, the smaller.
    x: Tensor = matrices.mT if is_tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)  # no singular value above 1
    for _ in range(iterations):
        square = x @ x.mT
        x = A * x + (B * square + C * square @ square) @ x
    return x.mT if is_tall else x
