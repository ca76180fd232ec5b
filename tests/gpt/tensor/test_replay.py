"""Torch on our graphs: known slopes, deep chains, whole GPTs with their parameters."""

import math
import random

import pytest

from gpt.scalar.functions import add, relu
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss
from gpt.scalar.value import Value, backward
from gpt.tensor.replay import replay_in_torch


def test_a_neuron() -> None:
    w1, x, w2 = Value.leaf(0.5, "w1"), Value.leaf(2.0, "x"), Value.leaf(-0.3, "w2")
    root = (w1 * x + w2).relu()
    value, gradients = replay_in_torch(root)
    assert value == 0.7
    assert {name: gradients[name] for name in ("w1", "x", "w2")} == {"w1": 2, "x": 0.5, "w2": 1}
    assert gradients[root.id] == 1.0


def test_torch_is_told_neither_our_results_nor_our_slopes() -> None:
    a = Value.leaf(2.0, "a")
    root = (a**3).exp()
    for value in (root, root.children[0]):
        value.data, value.local_gradients = math.nan, (math.nan,)
    value, gradients = replay_in_torch(root)
    assert value == pytest.approx(math.exp(8))
    assert gradients["a"] == pytest.approx(12 * math.exp(8))


def test_a_leaf_alone() -> None:
    assert replay_in_torch(Value.leaf(2.0, "a")) == (2.0, {"a": 1.0})


def test_part_of_a_vector() -> None:
    """What only the other member rests on has no slope."""
    a, b = Value.leaf(2.0, "a"), Value.leaf(3.0, "b")
    first, _ = relu(add([a, b * 2], [a, a]))
    gradients = replay_in_torch(first).gradients
    assert (gradients["a"], gradients.get("b", 0.0)) == (2.0, 0.0)


def test_a_chain_of_10_000() -> None:
    value = Value.leaf(0.5, "x")
    for _ in range(5_000):
        value = (value * 1.0001).tanh() + 1e-5
    replay = replay_in_torch(value)
    assert replay.value == pytest.approx(value.data, rel=1e-12)
    assert replay.gradients["x"] == pytest.approx(backward(value)["x"], rel=1e-10)


@pytest.mark.parametrize(("n_layer", "n_head"), [(1, 1), (1, 2), (2, 2)])
def test_every_gradient_of_a_gpt(n_layer: int, n_head: int) -> None:
    config = Config(vocab_size=5, n_layer=n_layer, n_embd=4, block_size=6, n_head=n_head)
    weights = as_leaves(initialise(config, random.Random(n_layer + n_head), std=0.5))
    loss = document_loss(config, weights, [4, 0, 3, 3, 1, 4])
    gradients, replay = backward(loss), replay_in_torch(loss)
    assert replay.value == pytest.approx(loss.data, rel=1e-14)
    assert gradients.keys() == replay.gradients.keys()
    assert {id[0] for id in gradients if isinstance(id, tuple)} == config.matrix_shapes().keys()
    for id, gradient in gradients.items():
        assert math.isclose(gradient, replay.gradients[id], rel_tol=1e-10, abs_tol=1e-14), id
