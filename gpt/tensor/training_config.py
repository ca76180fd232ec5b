"""How a model is trained: one frozen record beside `GPTConfig`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpt.tensor.settings import Settings, limited

OptimiserName = Literal["adamw", "muon"]
ScheduleName = Literal["constant", "linear", "cosine", "trapezoid"]


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """Everything that training needs besides the model and the data.

    Attributes:
        steps: number of optimiser updates.
        batch_size: sequences per step, B.
        seed: of the weights, the batches and dropout.
        optimiser: what turns gradients into updates; "muon" makes those of the matrices inside the
            model equally large in every direction, and is AdamW for the rest.
        learning_rate: its peak, after the warm-up.
        schedule: how it falls from there to `minimum_learning_rate` at the last step; "trapezoid"
            keeps the peak for the first half, then falls in a straight line.
        warmup_steps: over how many steps it rises, linearly.
        minimum_learning_rate: where it ends; a constant schedule stays at its peak.
        beta1: Adam's memory of gradients.
        beta2: Adam's memory of squared gradients.
        muon_momentum: Muon's memory of gradients.
        muon_iterations: how often Muon's approximation is refined: three will do, five are usual.
        weight_decay: the pull of matrices towards zero.
        gradient_clip: longest gradient, as a norm over all parameters; None leaves it as it is.
        evaluation_interval: steps between validation losses.
        evaluation_windows: how many stretches of block_size tokens a validation loss reads.
        patience: evaluations in a row without a better loss after which to stop; None for never.
        inspection_interval: steps between histograms and update ratios; None for never.

    Raises:
        ValueError: a setting is impossible; one sentence says which and why.
    """

    steps: int = limited(1000, at_least=1)
    batch_size: int = limited(16, at_least=1)
    seed: int = limited(1337, at_least=0, below=2**32)
    optimiser: OptimiserName = "adamw"
    learning_rate: float = limited(1e-3, at_least=0)
    schedule: ScheduleName = "cosine"
    warmup_steps: int = limited(0, at_least=0)
    minimum_learning_rate: float = limited(0.0, at_least=0)
    beta1: float = limited(0.9, at_least=0, below=1)
    beta2: float = limited(0.99, at_least=0, below=1)
    muon_momentum: float = limited(0.95, at_least=0, below=1)
    muon_iterations: int = limited(5, at_least=1, below=21)
    weight_decay: float = limited(0.1, at_least=0)
    gradient_clip: float | None = limited(1.0, at_least=0)
    evaluation_interval: int = limited(100, at_least=1)
    evaluation_windows: int = limited(256, at_least=1)
    patience: int | None = limited(None, at_least=1)
    inspection_interval: int | None = limited(50, at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minimum_learning_rate > self.learning_rate:
            raise ValueError(
                f"minimum_learning_rate ({self.minimum_learning_rate}) must not be above "
                f"learning_rate ({self.learning_rate})."
            )
        if self.warmup_steps >= self.steps:
            raise ValueError(
                f"warmup_steps ({self.warmup_steps}) must be below steps ({self.steps})."
            )
