"""What an optimiser does to a single weight, one line of arithmetic after the other.

Plain numbers in the order in which they arise, so that each line can be written out; `gpt.tensor`
does the same for whole matrices at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

CLIP_EPSILON = 1e-6
"""What torch adds to a gradient's norm before it divides by it."""


def clip_factor(norm: float, longest: float | None) -> float:
    """By what a gradient of that norm is multiplied to be no longer than `longest`."""
    return 1.0 if longest is None else min(1.0, longest / (norm + CLIP_EPSILON))


@dataclass(frozen=True)
class AdamUpdate:
    """One weight's share of a step of AdamW (Kingma and Ba 2015; Loshchilov and Hutter 2017).

    Attributes:
        weight: before the step.
        gradient: d(loss)/d(weight) on the batch.
        clip: by what the whole gradient was shortened.
        m, v: the running means of the gradient and of its square, before the step.
        count: updates of this weight, this one included.
        learning_rate: η.
        weight_decay: λ; 0 for what is not decayed.
        beta1, beta2: the memory of either mean.
        epsilon: keeps the division from failing where v is 0.
    """

    weight: float
    gradient: float
    clip: float
    m: float
    v: float
    count: int
    learning_rate: float
    weight_decay: float
    beta1: float
    beta2: float
    epsilon: float

    @property
    def clipped(self) -> float:
        """g, the gradient after clipping."""
        return self.clip * self.gradient

    @property
    def new_m(self) -> float:
        """m ← β₁ m + (1 - β₁) g"""
        return self.beta1 * self.m + (1 - self.beta1) * self.clipped

    @property
    def new_v(self) -> float:
        """v ← β₂ v + (1 - β₂) g²"""
        return self.beta2 * self.v + (1 - self.beta2) * self.clipped**2

    @property
    def corrected_m(self) -> float:
        """m̂ = m / (1 - β₁ᵗ): the mean began at 0, and this undoes it."""
        return self.new_m / (1 - self.beta1**self.count)

    @property
    def corrected_v(self) -> float:
        """v̂ = v / (1 - β₂ᵗ)"""
        return self.new_v / (1 - self.beta2**self.count)

    @property
    def decay(self) -> float:
        """-η λ w: the pull towards zero."""
        return -self.learning_rate * self.weight_decay * self.weight

    @property
    def move(self) -> float:
        """-η m̂ / (√v̂ + ε): the step down the slope."""
        return -self.learning_rate * self.corrected_m / (sqrt(self.corrected_v) + self.epsilon)

    @property
    def uncorrected_move(self) -> float:
        """-η m / (√v + ε): what the move would be with the means as they stand."""
        return -self.learning_rate * self.new_m / (sqrt(self.new_v) + self.epsilon)

    @property
    def new_weight(self) -> float:
        """w - η λ w - η m̂ / (√v̂ + ε)"""
        return self.weight + self.decay + self.move


@dataclass(frozen=True)
class MuonUpdate:
    """One weight's share of a step of Muon (Jordan et al. 2024).

    The step is one of the whole matrix: what comes out for a weight depends on all the others.

    Attributes:
        weight: before the step.
        gradient: d(loss)/d(weight) on the batch.
        clip: by what the whole gradient was shortened.
        momentum: the running mean of the gradient before the step.
        orthogonal: this weight's element of the orthogonalised matrix.
        stretch: √(rows / columns) of a matrix that is taller than wide, else 1.
        learning_rate: η.
        weight_decay: λ.
        beta: the memory of the mean.
    """

    weight: float
    gradient: float
    clip: float
    momentum: float
    orthogonal: float
    stretch: float
    learning_rate: float
    weight_decay: float
    beta: float

    @property
    def clipped(self) -> float:
        """g, the gradient after clipping."""
        return self.clip * self.gradient

    @property
    def new_momentum(self) -> float:
        """m ← β m + (1 - β) g"""
        return self.beta * self.momentum + (1 - self.beta) * self.clipped

    @property
    def direction(self) -> float:
        """d = β m + (1 - β) g with the new m: as Nesterov looks ahead."""
        return self.beta * self.new_momentum + (1 - self.beta) * self.clipped

    @property
    def decay(self) -> float:
        """-η λ w: the pull towards zero."""
        return -self.learning_rate * self.weight_decay * self.weight

    @property
    def move(self) -> float:
        """-η √(rows / columns) o, with o of the orthogonalised matrix."""
        return -self.learning_rate * self.stretch * self.orthogonal

    @property
    def new_weight(self) -> float:
        """w - η λ w - η √(rows / columns) o"""
        return self.weight + self.decay + self.move


Update = AdamUpdate | MuonUpdate
