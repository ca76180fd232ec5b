"""Adam: a step size of its own for every parameter, from the history of its gradients.

Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1, as a pure function:
state and gradients go in, the new state and the updates come out, nothing is written in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from gpt.scalar.value import Gradients, Id


@dataclass(frozen=True)
class AdamSettings:
    """How far back Adam remembers. Defaults are MicroGPT's."""

    beta1: float = 0.85
    beta2: float = 0.99
    epsilon: float = 1e-8


MICROGPT = AdamSettings()


@dataclass(frozen=True)
class AdamState:
    """Per parameter the running mean of its gradient and of its square, and the steps taken."""

    step: int
    m: list[float]
    v: list[float]


def initial_state(n_parameters: int) -> AdamState:
    """No history: both means are zero, which `adam` corrects for."""
    return AdamState(0, [0.0] * n_parameters, [0.0] * n_parameters)


def adam(
    state: AdamState,
    parameters: Sequence[Id],
    gradients: Gradients,
    learning_rate: float,
    settings: AdamSettings = MICROGPT,
) -> tuple[AdamState, list[float]]:
    """The state after one step, and what to add to each parameter.

    m ← β₁·m + (1-β₁)·g,  v ← β₂·v + (1-β₂)·g²,  update = -η · m̂ / (√v̂ + ε)
    with m̂ = m / (1-β₁ᵗ), v̂ = v / (1-β₂ᵗ): both means start at zero, and the division undoes that.
    A parameter that the loss did not depend on has gradient 0, but may still move on its history.
    """
    step = state.step + 1
    old1, old2 = settings.beta1, settings.beta2
    new1, new2 = 1 - old1, 1 - old2
    gs = [gradients.get(id, 0.0) for id in parameters]
    m = [old1 * mean + new1 * g for mean, g in zip(state.m, gs, strict=True)]
    v = [old2 * mean + new2 * g * g for mean, g in zip(state.v, gs, strict=True)]
    # √(v / c) = √v / √c: the corrections, the same for all parameters, are taken out of the loop.
    root = sqrt(1 - old2**step)
    rate = -learning_rate * root / (1 - old1**step)
    epsilon = settings.epsilon * root
    updates = [rate * mean / (sqrt(square) + epsilon) for mean, square in zip(m, v, strict=True)]
    return AdamState(step, m, v), updates
