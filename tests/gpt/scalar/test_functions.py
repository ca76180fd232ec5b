"""Each function on Values and on floats: the same numbers, bit for bit; and known ones."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.scalar.families import Matrix
from gpt.scalar.functions import (
    add,
    cross_entropy,
    dot,
    linear,
    mean,
    relu,
    rmsnorm,
    softmax,
)
from gpt.scalar.value import Value, backward

WEIGHT = [[0.1, -0.7, 0.3], [1.1, 0.2, -0.9]]
FUNCTIONS: dict[str, Callable[[list[Any], list[Any], Any], Any]] = {
    "dot": lambda x, y, weight: dot(x, y),
    "linear": lambda x, y, weight: linear(x, weight),
    "add": lambda x, y, weight: add(x, y),
    "relu": lambda x, y, weight: relu(x),
    "softmax": lambda x, y, weight: softmax(x),
    "cross_entropy": lambda x, y, weight: cross_entropy(x, 1),
    "mean": lambda x, y, weight: mean(x),
    "rmsnorm": lambda x, y, weight: rmsnorm(x),
}
vectors = st.lists(st.floats(-50, 50), min_size=3, max_size=3)


def as_values(numbers: list[float], name: str = "x") -> list[Value]:
    return [Value.leaf(number, f"{name}{i}") for i, number in enumerate(numbers)]


def data(result: Any) -> Any:
    return [value.data for value in result] if isinstance(result, list) else result.data


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=vectors, y=vectors)
def test_with_and_without_a_graph_the_very_same_numbers(
    name: str, x: list[float], y: list[float]
) -> None:
    function = FUNCTIONS[name]
    with_graph = function(as_values(x), as_values(y, "y"), Matrix("w", WEIGHT))
    assert data(with_graph) == function(x, y, WEIGHT)


def test_a_mean_rounds_after_every_addition_in_every_python() -> None:
    numbers = [1e16, 1.0, 1.0, -1e16]
    assert mean(numbers) == mean(as_values(numbers)).data == 0.0


def test_softmax() -> None:
    assert softmax([math.log(1), math.log(2), math.log(5)]) == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert softmax([1000.0, 1000.0, -1000.0]) == [0.5, 0.5, 0.0]
    first, second = softmax(as_values([0.0, math.log(3)]))
    assert (first.data, second.data) == pytest.approx((0.25, 0.75))
    gradients = backward(second)
    assert gradients["x0"] == pytest.approx(-0.1875)
    assert gradients["x1"] == pytest.approx(0.1875)


@given(logits=st.lists(st.floats(-700, 700), min_size=1, max_size=6))
def test_probabilities_sum_to_one(logits: list[float]) -> None:
    probabilities = softmax(logits)
    assert sum(probabilities) == pytest.approx(1.0)
    assert min(probabilities) >= 0


def test_cross_entropy_pushes_every_logit_by_its_probability() -> None:
    loss = cross_entropy(as_values([math.log(1), math.log(2), math.log(5)]), 1)
    assert loss.data == pytest.approx(math.log(4))
    gradients = backward(loss)
    slopes = [gradients[f"x{i}"] for i in range(3)]
    assert slopes == pytest.approx([1 / 8, 2 / 8 - 1, 5 / 8])


def test_a_hopeless_guess_is_a_large_surprise_and_not_an_infinite_one() -> None:
    assert cross_entropy([0.0, 2000.0], 0) == 2000.0
    assert cross_entropy([0.0, 2000.0], 1) == 0.0


def test_uniform_logits_surprise_by_the_logarithm_of_their_number() -> None:
    assert cross_entropy([0.3] * 27, 5) == pytest.approx(math.log(27), rel=1e-15)


def test_rmsnorm_keeps_the_direction_and_sets_the_size() -> None:
    assert rmsnorm([3.0, -4.0], epsilon=0.0) == pytest.approx([3 / 12.5**0.5, -4 / 12.5**0.5])
    normed = rmsnorm([30.0, -40.0, 5.0])
    assert sum(x * x for x in normed) / 3 == pytest.approx(1.0, abs=1e-6)
    assert rmsnorm([0.0, 0.0]) == [0.0, 0.0]


def test_linear_points_along_each_row() -> None:
    assert linear([1.0, 2.0, 3.0], WEIGHT) == pytest.approx([-0.4, -1.2])
    matrix = Matrix("w", WEIGHT)
    (output, _) = linear(as_values([1.0, 2.0, 3.0]), matrix)
    gradients = backward(output)
    assert [gradients["w", 0, i] for i in range(3)] == [1.0, 2.0, 3.0]
    assert [gradients["w", 1, i] for i in range(3)] == [0.0, 0.0, 0.0]
    assert [gradients[f"x{i}"] for i in range(3)] == WEIGHT[0]


def test_relu_and_add() -> None:
    assert relu([-1.0, 0.0, 2.0]) == [0.0, 0.0, 2.0]
    assert add([1.0, 2.0], [10.0, -2.0]) == [11.0, 0.0]
