"""When training goes wrong for good."""

from __future__ import annotations

from collections.abc import Sequence

HIGHEST_ADVISED = 0.01
"""Adam moves every weight by about the learning rate, and weights begin at a few hundredths."""


def gentler(learning_rate: float) -> float:
    """The learning rate to try after one at which a training diverged: a third, but never a wild
    one.
    """
    return min(learning_rate / 3, HIGHEST_ADVISED)


class TrainingDiverged(ArithmeticError):
    """The loss or the gradient is no longer a finite number; the message says what to try.

    Attributes:
        step: the update that was not made.
        learning_rate: at that step.
    """

    def __init__(
        self, what: str, step: int, learning_rate: float, remedies: Sequence[str] = ()
    ) -> None:
        self.step = step
        self.learning_rate = learning_rate
        advice = [f"a learning rate of {gentler(learning_rate):.2g}", *remedies]
        super().__init__(
            f"{what} at step {step}, with a learning rate of {learning_rate:.3g}; "
            f"try {' or '.join(advice)}."
        )
