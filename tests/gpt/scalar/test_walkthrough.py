import random

import pytest

from gpt.scalar.expression import parse
from gpt.scalar.functions import add, dot, relu
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss
from gpt.scalar.value import Value, backward
from gpt.scalar.walkthrough import Firing, naive_order, right_order


def totals(root: Value, firings: list[Firing]) -> dict[object, float]:
    """The gradient that each value is left with."""
    sums: dict[object, float] = {root.id: 1.0}
    for firing in firings:
        for delivery in firing.deliveries:
            sums[delivery.child.id] = delivery.total
    return sums


def test_each_firing_says_what_it_hands_to_whom() -> None:
    evaluation = parse("relu(w1*x + w2)").evaluate({"w1": 0.5, "x": 2.0, "w2": -0.3})
    firings = right_order(evaluation.output)
    assert [firing.value.operation for firing in firings] == ["relu", "add", "mul"]
    first, second = firings[2].deliveries
    assert (first.child.id, first.child_index) == ("w1", 0)
    assert (first.gradient, first.local_gradient, first.total) == (1.0, 2.0, 2.0)
    assert (second.child.id, second.child_index) == ("x", 1)
    assert (second.gradient, second.local_gradient, second.total) == (1.0, 0.5, 0.5)


@pytest.mark.parametrize(
    ("text", "right", "naive"),
    [
        ("b = a + a\nc = b + b\nc", 4.0, 2.0),
        # d = 2a(2a + 1): 8a + 2. Depth first b fires with c alone, 3, before b*c's other half.
        ("b = a*2\nc = b + 1\nd = b*c\nd", 10.0, 6.0),
        ("b = a*2\nc = b + 1\nd = c*b\nd", 10.0, 4.0),
        ("a*a", 2.0, 2.0),
        ("relu(a*3 - 1)", 3.0, 3.0),
    ],
)
def test_who_fires_too_early_loses_what_comes_late(text: str, right: float, naive: float) -> None:
    output = parse(text).evaluate({}).output
    assert totals(output, right_order(output))["a"] == right == backward(output)["a"]
    assert totals(output, naive_order(output))["a"] == naive


def test_the_naive_order_step_by_step() -> None:
    """b hands on the 1 that it has, though it is to have 2."""
    evaluation = parse("b = a + a\nc = b + b\nc").evaluate({})
    names = {**evaluation.names, "a": "a"}
    steps = [
        (names[firing.value.id], names[d.child.id], d.gradient, d.total)
        for firing in naive_order(evaluation.output)
        for d in firing.deliveries
    ]
    assert steps == [
        ("c", "b", 1.0, 1.0),
        ("b", "a", 1.0, 1.0),
        ("b", "a", 1.0, 2.0),
        ("c", "b", 1.0, 2.0),
    ]


def test_in_both_orders_everyone_fires_once() -> None:
    a = Value.leaf(2.0, "a")
    square = a * a
    root = dot([square, square.exp(), a], [a, square, square.tanh()])
    for order in (right_order, naive_order):
        fired = [(f.value, d.child_index) for f in order(root) for d in f.deliveries]
        assert len(set(fired)) == len(fired) == 6 + 2 + 1 + 1


def test_in_a_tree_the_naive_order_is_right() -> None:
    output = parse("tanh(a*b) / exp(c - d) + log(e)").evaluate({"e": 2.0}).output
    expected = backward(output)
    for order in (right_order, naive_order):
        assert totals(output, order(output)) == pytest.approx(expected)


def test_the_right_order_is_right_for_a_whole_gpt() -> None:
    config = Config(vocab_size=4, n_layer=2, n_embd=4, block_size=4, n_head=2)
    weights = as_leaves(initialise(config, random.Random(0), std=0.5))
    loss = document_loss(config, weights, [3, 1, 0, 2, 3])
    gradients = backward(loss)
    right = totals(loss, right_order(loss))
    assert right.keys() == gradients.keys()
    for id, total in right.items():
        assert total == pytest.approx(gradients[id], rel=1e-11, abs=1e-15)
    assert totals(loss, naive_order(loss)) != pytest.approx(right, rel=1e-3)


def test_a_deep_graph_is_walked_without_recursion() -> None:
    value = Value.leaf(1.0, "a")
    for _ in range(20_000):
        value = value + 0.0
    assert totals(value, naive_order(value))["a"] == totals(value, right_order(value))["a"] == 1.0


def test_a_leaf_has_nothing_to_hand_on() -> None:
    leaf = Value.leaf(1.0, "a")
    assert right_order(leaf) == naive_order(leaf) == []


def test_members_of_a_family_fire_one_by_one() -> None:
    x = [Value.leaf(2.0, "a"), Value.leaf(-3.0, "b")]
    first, second = relu(add(x, x))
    firings = right_order(first * 3 + second)
    assert totals(first, firings)["a"] == 6.0
    assert totals(first, firings)["b"] == 0.0
