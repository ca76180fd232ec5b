"""What a training step has to tell. Standard library only: whoever reads reports needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["finished", "out of patience"]


@dataclass(frozen=True)
class Histogram:
    """Counts of numbers in equally wide bins between `low` and `high`."""

    low: float
    high: float
    counts: list[int]


@dataclass(frozen=True)
class MatrixReport:
    """One matrix at one step.

    Attributes:
        update_ratio: length of the update over length of the matrix, both as Euclidean norms. About
            1e-3 is healthy; much more is unstable, much less hardly learns (Karpathy, makemore 3).
        weight: the matrix after the update.
        gradient: what the update was made from, after clipping.
        update: the change of the matrix.
    """

    update_ratio: float
    weight: Histogram
    gradient: Histogram
    update: Histogram


@dataclass(frozen=True)
class Report:
    """What happened in one step. Step 0 is the model before training: it is only evaluated.

    Attributes:
        step: how many updates the model has now had.
        train_loss: of this step's batch, before the update, in nats per token.
        validation_loss: after the update, in nats per token, when it was evaluated.
        validation_accuracy: the share of the tokens of held-out answers that were predicted.
        validation_exact_match: the share of the held-out answers of which all tokens were.
        is_best: whether this is the lowest validation loss so far.
        learning_rate: of this update.
        gradient_norm: over all parameters, before clipping.
        milliseconds: for batch, forward, backward and update; evaluation and inspection excluded.
        tokens_per_second: trained on, at that pace.
        matrices: a close look at every matrix, when it was inspected.
        ending: why this report is the last, if it is and nobody asked for it.
    """

    step: int
    train_loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_exact_match: float | None = None
    is_best: bool = False
    learning_rate: float | None = None
    gradient_norm: float | None = None
    milliseconds: float | None = None
    tokens_per_second: float | None = None
    matrices: dict[str, MatrixReport] | None = None
    ending: Ending | None = None
