"""Shorthand written out. Random graphs over all operations are in test_random_graphs."""

import math
import random
from collections import Counter

import pytest

from gpt.scalar.expansion import PRIMITIVES, expand
from gpt.scalar.expression import parse
from gpt.scalar.functions import cross_entropy, dot, softmax
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss
from gpt.scalar.value import Value, backward, computed_values


def operations(root: Value) -> Counter[str]:
    return Counter(value.operation for value in computed_values(root))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", {"add": 1}),
        ("a - b", {"add": 1, "mul": 1}),
        ("a - 2", {"add": 1}),
        ("2 - a", {"add": 1, "mul": 1}),
        ("-a", {"mul": 1}),
        ("a / b", {"mul": 1, "pow": 1}),
        ("a / 2", {"mul": 1}),
        ("2 / a", {"mul": 1, "pow": 1}),
        ("a ** 3", {"pow": 1}),
        ("a ** b", {"log": 1, "mul": 1, "exp": 1}),
        ("2 ** a", {"mul": 1, "exp": 1}),
        ("tanh(a)", {"mul": 4, "exp": 1, "add": 2, "pow": 1}),
        ("relu(a)", {"relu": 1}),
    ],
)
def test_how_much_there_is_to_each_shorthand(text: str, expected: dict[str, int]) -> None:
    evaluation = parse(text).evaluate({"a": 1.5, "b": 2.5})
    expanded = expand(evaluation.output)
    assert operations(expanded) == expected
    assert expanded.data == pytest.approx(evaluation.output.data, rel=1e-15)
    gradients, same = backward(evaluation.output), backward(expanded)
    for leaf in evaluation.leaves.values():
        assert same[leaf.id] == pytest.approx(gradients[leaf.id], rel=1e-14)


def test_fused_operations_come_apart() -> None:
    x, y = (
        [Value.leaf(k + i / 3, f"{n}{i}") for i in range(3)] for n, k in (("x", 0.5), ("y", -1))
    )
    assert operations(expand(dot(x, y))) == {"mul": 3, "add": 2}
    assert operations(expand(softmax(x)[1])) == {"add": 3 + 2, "exp": 3, "pow": 1, "mul": 1}
    assert operations(expand(cross_entropy(x, 1))) == {
        "add": 3 + 2 + 1 + 1,
        "exp": 3,
        "log": 1,
        "mul": 1,
    }


def test_what_is_shared_is_written_out_once() -> None:
    output = parse("b = tanh(a)\nc = b*b\nc + b").evaluate({"a": 0.5}).output
    expanded = expand(output)
    assert operations(expanded)["exp"] == 1
    assert backward(expanded)["a"] == pytest.approx(backward(output)["a"], rel=1e-14)


def test_a_leaf_is_itself() -> None:
    leaf = Value.leaf(3.0, "a")
    assert expand(leaf) is leaf


@pytest.mark.parametrize("number", [0.0, 1e-8, -0.3, 5.0, -5.0, 400.0, -1000.0])
def test_tanh_does_not_overflow(number: float) -> None:
    """1 - exp(-2|a|) keeps sixteen digits after the point, not sixteen digits."""
    expanded = expand(Value.leaf(number, "a").tanh())
    assert expanded.data == pytest.approx(math.tanh(number), abs=1e-15)
    slope = 0.0 if abs(number) > 300 else 1 / math.cosh(number) ** 2
    assert backward(expanded)["a"] == pytest.approx(slope, rel=1e-12)


def test_a_chain_of_20_000_is_written_out_without_recursion() -> None:
    value = Value.leaf(1.0, "a")
    for _ in range(20_000):
        value = value - 0.0
    assert backward(expand(value))["a"] == 1.0


def test_a_whole_gpt_in_six_operations() -> None:
    config = Config(vocab_size=4, n_layer=1, n_embd=4, block_size=4, n_head=2)
    weights = as_leaves(initialise(config, random.Random(0), std=0.5))
    loss = document_loss(config, weights, [3, 1, 0, 3])
    expanded = expand(loss)
    assert operations(expanded).keys() == PRIMITIVES
    assert len(computed_values(expanded)) > 3 * len(computed_values(loss))
    assert expanded.data == pytest.approx(loss.data, rel=1e-14)
    gradients, same = backward(loss), backward(expanded)
    for id in gradients:
        if isinstance(id, tuple):
            assert same[id] == pytest.approx(gradients[id], rel=1e-10, abs=1e-15)
