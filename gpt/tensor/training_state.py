"""What training remembers from one step to the next, and what its caller may change in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Steering and progress are also those of the GPT made of plain numbers, which needs no torch.
    from torch import Tensor


@dataclass
class Controls:
    """What the caller may change between two reports.

    Attributes:
        learning_rate: replaces the schedule's, for as long as it is set.
        should_stop: ends the loop before the next step.
    """

    learning_rate: float | None = None
    should_stop: bool = False


@dataclass
class Progress:
    """How far training has come.

    Attributes:
        step: updates made.
        best_step: the one after which the validation loss was lowest.
        best_validation_loss: that loss, in nats per token.
        evaluations_since_best: how long patience has been tried.
    """

    step: int = 0
    best_step: int | None = None
    best_validation_loss: float | None = None
    evaluations_since_best: int = 0


@dataclass(frozen=True)
class TrainingState:
    """Everything from which training goes on as if it had never been interrupted.

    Attributes:
        tensors: weights, optimiser and generator, flat and by name: ready for safetensors.
        values: progress and controls: ready for JSON.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]
