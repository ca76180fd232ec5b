"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

from gpt.tensor.training_config import ScheduleName, TrainingConfig

# How much of the way from the minimum to the peak is left, from progress 0 to 1.
DECAYS: dict[ScheduleName, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: 1.0 - progress,
    # Loshchilov and Hutter 2016, equation 5, without restarts.
    "cosine": lambda progress: (1.0 + math.cos(math.pi * progress)) / 2,
    # Warm-up, stable, decay: Zhai et al. 2021, Hägele et al. 2024. Until it decays, a run does not
    # depend on where it ends.
    "trapezoid": lambda progress: min(1.0, 2 * (1.0 - progress)),
}


def learning_rate_at(step: int, config: TrainingConfig) -> float:
    """The learning rate of an optimiser step, of which the first is 1.

    It rises linearly over the warm-up, reaches the peak on the step after, and falls from there; a
    step past the last keeps the last rate. These are nanoGPT's steps, counted from 1.
    """
    if step <= config.warmup_steps:
        return config.learning_rate * step / (config.warmup_steps + 1)
    progress = (step - 1 - config.warmup_steps) / (config.steps - config.warmup_steps)
    remaining = DECAYS[config.schedule](min(progress, 1.0))
    minimum = config.minimum_learning_rate
    return minimum + remaining * (config.learning_rate - minimum)
