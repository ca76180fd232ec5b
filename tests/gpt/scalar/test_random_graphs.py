"""Gradients of graphs drawn at random over all operations, against three other ways to find them.

Errors are measured against the sum of the absolute contributions of all paths, in the graph written
in primitive operations: two large contributions that cancel leave a small gradient with the
rounding errors of the large ones, and that is no failure. Where all contributions are next to
nothing, as that of b in a**b at a = 1, what is left is the rounding of a itself: hence a floor.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt.scalar.difference import central_difference
from gpt.scalar.expansion import PRIMITIVES, expand
from gpt.scalar.families import Matrix
from gpt.scalar.functions import add, cross_entropy, dot, linear, mean, relu, rmsnorm, softmax
from gpt.scalar.value import Id, UndefinedError, Value, backward, computed_values
from gpt.tensor.replay import replay_in_torch

WIDTH = 3  # of vectors
FLOOR = 1e-14
LEAVES = ("a", "b", "c", "d")
MATRIX = [("w", row, column) for row in range(2) for column in range(WIDTH)]

Vector = Sequence[Value]


class Operation(NamedTuple):
    """`carry_out` takes so many values, a plain number and the matrix, and gives a few values."""

    n_operands: int
    carry_out: Callable[[Vector, float, Matrix], list[Value]]


OPERATIONS = {
    "a + b": Operation(2, lambda v, k, w: [v[0] + v[1]]),
    "a + k": Operation(1, lambda v, k, w: [v[0] + k]),
    "k + a": Operation(1, lambda v, k, w: [k + v[0]]),
    "a - b": Operation(2, lambda v, k, w: [v[0] - v[1]]),
    "a - k": Operation(1, lambda v, k, w: [v[0] - k]),
    "k - a": Operation(1, lambda v, k, w: [k - v[0]]),
    "a * b": Operation(2, lambda v, k, w: [v[0] * v[1]]),
    "a * k": Operation(1, lambda v, k, w: [v[0] * k]),
    "k * a": Operation(1, lambda v, k, w: [k * v[0]]),
    "a / b": Operation(2, lambda v, k, w: [v[0] / v[1]]),
    "a / k": Operation(1, lambda v, k, w: [v[0] / k]),
    "k / a": Operation(1, lambda v, k, w: [k / v[0]]),
    "a ** b": Operation(2, lambda v, k, w: [v[0] ** v[1]]),
    "a ** k": Operation(1, lambda v, k, w: [v[0] ** k]),
    "a ** integer": Operation(1, lambda v, k, w: [v[0] ** round(k)]),
    "k ** a": Operation(1, lambda v, k, w: [k ** v[0]]),
    "-a": Operation(1, lambda v, k, w: [-v[0]]),
    "exp": Operation(1, lambda v, k, w: [v[0].exp()]),
    "log": Operation(1, lambda v, k, w: [v[0].log()]),
    "relu": Operation(1, lambda v, k, w: [v[0].relu()]),
    "tanh": Operation(1, lambda v, k, w: [v[0].tanh()]),
    "dot": Operation(2 * WIDTH, lambda v, k, w: [dot(v[:WIDTH], v[WIDTH:])]),
    "linear": Operation(WIDTH, lambda v, k, w: linear(v, w)),
    "row of the matrix": Operation(WIDTH, lambda v, k, w: add(w[1], v)),
    "add": Operation(2 * WIDTH, lambda v, k, w: add(v[:WIDTH], v[WIDTH:])),
    "relu of a vector": Operation(WIDTH, lambda v, k, w: relu(v)),
    "rmsnorm": Operation(WIDTH, lambda v, k, w: rmsnorm(v)),
    "softmax": Operation(WIDTH, lambda v, k, w: softmax(v)),
    "cross_entropy": Operation(WIDTH, lambda v, k, w: [cross_entropy(v, round(abs(k)) % WIDTH)]),
    "mean": Operation(WIDTH, lambda v, k, w: [mean(v)]),
}


class Step(NamedTuple):
    name: str
    operands: tuple[int, ...]
    constant: float


@dataclass(frozen=True)
class Recipe:
    """A computation that can be carried out at any numbers."""

    numbers: dict[Id, float]
    steps: tuple[Step, ...]

    def carry_out(self, numbers: dict[Id, float]) -> Value:
        """The last value computed, with these numbers for the leaves and the matrix."""
        values, matrix = _start(numbers)
        for step in self.steps:
            values += _step(step, values, matrix)
        return values[-1]


def _start(numbers: dict[Id, float]) -> tuple[list[Value], Matrix]:
    rows = [[numbers["w", row, column] for column in range(WIDTH)] for row in range(2)]
    return [Value.leaf(numbers[name], name) for name in LEAVES], Matrix("w", rows)


def _step(step: Step, values: Vector, matrix: Matrix) -> list[Value]:
    operation = OPERATIONS[step.name]
    return operation.carry_out([values[i] for i in step.operands], step.constant, matrix)


NUMBERS = st.floats(-2.5, 2.5).map(lambda number: round(number, 3))
CONSTANTS = NUMBERS.filter(lambda number: abs(number) >= 0.1)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """A dozen steps that are defined at the numbers drawn, and not too steep there."""
    ids: list[Id] = [*LEAVES, *MATRIX]
    numbers: dict[Id, float] = {id: draw(NUMBERS) for id in ids}
    values, matrix = _start(numbers)
    steps: list[Step] = []
    for _ in range(12):
        name = draw(st.sampled_from(list(OPERATIONS)))
        # Either leaves or the newest values, so that graphs grow deep and hold what was drawn.
        newest = range(max(len(values) - 4, 0), len(values))
        operand = st.sampled_from([*range(len(LEAVES)), *newest])
        operands = tuple(draw(operand) for _ in range(OPERATIONS[name].n_operands))
        step = Step(name, operands, draw(CONSTANTS))
        try:
            results = _step(step, values, matrix)
        except UndefinedError:
            continue
        if all(map(_is_tame, results)):
            steps.append(step)
            values += results
    return Recipe(numbers, tuple(steps))


def _is_tame(value: Value) -> bool:
    """Neither large nor steep, not at a kink, nor so flat that 1 - tanh² has lost its digits."""
    is_at_a_kink = value.operation == "relu" and abs(value.children[0].data) < 0.01
    is_saturated = value.operation == "tanh" and abs(value.data) > 0.99
    sizes = [abs(value.data), *map(abs, value.local_gradients)]
    return max(sizes) < 10 and not is_at_a_kink and not is_saturated


def sums_of_paths(root: Value) -> dict[Id, float]:
    """For each id, the sum of the absolute contributions of all its paths to `root`."""
    sums: defaultdict[Value, float] = defaultdict(float, {root: 1.0})
    for value in reversed(computed_values(root)):
        for child, local_gradient in zip(value.children, value.local_gradients, strict=True):
            sums[child] += sums[value] * abs(local_gradient)
    return {value.id: total for value, total in sums.items()}


def sides_of_kinks(root: Value) -> list[bool]:
    return [value.data > 0 for value in computed_values(root) if value.operation == "relu"]


FEW = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(recipe=recipes())
def test_torch_finds_the_same_gradients(recipe: Recipe) -> None:
    root = recipe.carry_out(recipe.numbers)
    gradients, replay = backward(root), replay_in_torch(root)
    sums = sums_of_paths(expand(root))
    assert replay.value == pytest.approx(root.data, rel=1e-12, abs=1e-12)
    for id in recipe.numbers:
        ours, theirs = gradients.get(id, 0.0), replay.gradients.get(id, 0.0)
        assert abs(ours - theirs) <= 1e-12 * sums.get(id, 0.0) + FLOOR, id


@FEW
@given(recipe=recipes())
def test_nudging_every_leaf_finds_the_same_slopes(recipe: Recipe) -> None:
    root = recipe.carry_out(recipe.numbers)
    gradients, sums = backward(root), sums_of_paths(expand(root))
    for id, number in recipe.numbers.items():

        def output(x: float, id: Id = id) -> float:
            return recipe.carry_out({**recipe.numbers, id: x}).data

        try:
            estimates = [central_difference(output, number, width) for width in (2e-4, 1e-4)]
            kinks = [
                sides_of_kinks(recipe.carry_out({**recipe.numbers, id: number + nudge}))
                for nudge in (-2e-4, 2e-4)
            ]
        except UndefinedError:
            continue
        gradient, scale = gradients.get(id, 0.0), sums.get(id, 0.0)
        if scale == 0:
            assert estimates == [0.0, 0.0]
            continue
        # Differences are themselves inexact: by the curve's bend, and by rounding where the leaf
        # hardly matters. Where two widths do not agree with each other they prove nothing.
        is_reliable = abs(estimates[0] - estimates[1]) <= 1e-6 * scale
        if is_reliable and kinks == [sides_of_kinks(root)] * 2:
            assert abs(estimates[1] - gradient) <= 1e-6 * scale, id


@FEW
@given(recipe=recipes())
def test_six_operations_are_enough(recipe: Recipe) -> None:
    root = recipe.carry_out(recipe.numbers)
    expanded = expand(root)
    assert {value.operation for value in computed_values(expanded)} <= PRIMITIVES
    assert expanded.data == pytest.approx(root.data, rel=1e-12, abs=1e-12)
    gradients, same, sums = backward(root), backward(expanded), sums_of_paths(expanded)
    for id in recipe.numbers:
        difference = abs(gradients.get(id, 0.0) - same.get(id, 0.0))
        assert difference <= 1e-12 * sums.get(id, 0.0) + FLOOR, id


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_right_by_itself(name: str) -> None:
    """So that none is left to chance."""
    numbers = [0.5, -1.25, 2.0, 0.75, -0.3, 1.5]
    operands = [
        Value.leaf(abs(x) if "**" in name or name == "log" else x, f"x{i}")
        for i, x in enumerate(numbers)
    ]
    matrix = Matrix("w", [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
    for result in OPERATIONS[name].carry_out(operands[: OPERATIONS[name].n_operands], 1.5, matrix):
        gradients, replay = backward(result), replay_in_torch(result)
        assert replay.value == pytest.approx(result.data, rel=1e-15)
        assert replay.gradients.keys() <= gradients.keys()
        for id, gradient in gradients.items():
            theirs = replay.gradients.get(id, 0.0)
            assert math.isclose(gradient, theirs, rel_tol=1e-14, abs_tol=1e-16), id
