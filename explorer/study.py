"""What the Autograd page looks at: a program at certain numbers, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gpt.scalar.difference import central_difference
from gpt.scalar.examples import TinyGPT
from gpt.scalar.expansion import expand
from gpt.scalar.expression import Evaluation, ExpressionError, Program
from gpt.scalar.graph import Recording
from gpt.scalar.value import Gradients, UndefinedError, Value, backward, computed_values


@dataclass(frozen=True)
class Nudge:
    """A gradient, and what was found of it by another way; None where that way is undefined."""

    leaf: str
    gradient: float
    found: float | None

    @property
    def relative_error(self) -> float | None:
        """|found - gradient| / |gradient|; where the gradient is 0, the distance itself."""
        if self.found is None:
            return None
        size = abs(self.gradient)
        return abs(self.found - self.gradient) / (size if size > 1e-12 else 1.0)


@dataclass(frozen=True)
class Study:
    """A program worked out at `numbers`; in primitive operations only, if `is_primitive`.

    Raises:
        ExpressionError: upon the first look at `evaluation`, if it is undefined at these numbers.
    """

    program: Program | TinyGPT
    numbers: Mapping[str, float]
    is_primitive: bool = False
    recording: Recording = field(default_factory=Recording)

    @cached_property
    def evaluation(self) -> Evaluation:
        if isinstance(self.program, TinyGPT):
            return self.program.evaluate(self.numbers, self.recording)
        evaluation = self.program.evaluate(self.numbers)
        if self.is_primitive:
            try:
                return Evaluation(expand(evaluation.output), evaluation.leaves, {})
            except UndefinedError as error:
                # The long way round can overflow where the short one did not.
                raise ExpressionError(str(error), self.program.text) from None
        return evaluation

    @property
    def output(self) -> Value:
        return self.evaluation.output

    @cached_property
    def order(self) -> list[Value]:
        """Every computed value, in the order of the forward pass."""
        return computed_values(self.output)

    @cached_property
    def gradients(self) -> Gradients:
        return backward(self.output)

    def gradient(self, leaf: str) -> float:
        """d(output)/d(leaf)."""
        return self.gradients.get(self.evaluation.leaves[leaf].id, 0.0)

    def number(self, leaf: str) -> float:
        return self.evaluation.leaves[leaf].data

    def output_at(self, leaf: str, x: float) -> float:
        """The output with one leaf moved to x and all others as they are."""
        moved = {**self.numbers, leaf: x}
        if isinstance(self.program, TinyGPT):
            return self.program.loss(moved)
        return self.program.evaluate(moved).output.data

    def curve(self, leaf: str, xs: Sequence[float]) -> list[float | None]:
        """The output at every x; None where it is undefined."""
        return [self._defined(leaf, x) for x in xs]

    def slope_by_nudging(self, leaf: str, epsilon: float) -> float | None:
        """The gradient as central differences find it; None if a nudge leads out of bounds."""
        try:
            return central_difference(lambda x: self.output_at(leaf, x), self.number(leaf), epsilon)
        except (ExpressionError, ZeroDivisionError):
            return None

    def nudges(self, leaves: Sequence[str], epsilon: float) -> list[Nudge]:
        """The bump test of every leaf."""
        return [
            Nudge(leaf, self.gradient(leaf), self.slope_by_nudging(leaf, epsilon))
            for leaf in leaves
        ]

    def _defined(self, leaf: str, x: float) -> float | None:
        try:
            return self.output_at(leaf, x)
        except ExpressionError:
            return None
