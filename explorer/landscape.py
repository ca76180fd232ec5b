"""The loss of one neuron over its two weights, and the way downhill: learning at its smallest.

The neuron is ``v · tanh(w · x)``. Turning the sign of both weights changes nothing, so its
landscape has two valleys with a ridge between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gpt.scalar.value import Value, backward

EXAMPLES = ((-2.0, -1.1), (-1.0, -0.8), (1.0, 0.8), (2.0, 1.1))
"""The pairs of input and target that the neuron learns."""


class Step(NamedTuple):
    """Where gradient descent stands: both weights, the loss, and its slope in either direction."""

    v: float
    w: float
    loss: float
    v_gradient: float
    w_gradient: float


def neuron(v: Value, w: Value, x: float) -> Value:
    """One hidden unit: v · tanh(w · x)."""
    return v * (w * x).tanh()


def answers(v: float, w: float, inputs: list[float]) -> list[float]:
    """What the neuron with these weights says to each input."""
    return [neuron(Value.leaf(v), Value.leaf(w), x).data for x in inputs]


def squared_error(v: Value, w: Value) -> Value:
    """The mean over the examples of (prediction - target)²."""
    errors = [(neuron(v, w, x) - target) ** 2 for x, target in EXAMPLES]
    total = errors[0]
    for error in errors[1:]:
        total = total + error
    return total / len(errors)


def descend(v: float, w: float, learning_rate: float) -> Iterator[Step]:
    """Gradient descent: ask for the slope, take a step against it, and again, without end."""
    while True:
        loss = squared_error(Value.leaf(v, "v"), Value.leaf(w, "w"))
        gradients = backward(loss)
        yield Step(v, w, loss.data, gradients["v"], gradients["w"])
        v -= learning_rate * gradients["v"]
        w -= learning_rate * gradients["w"]


def walk(v: float, w: float, learning_rate: float, steps: int) -> list[Step]:
    """The start and the next ``steps`` points of the descent."""
    return list(islice(descend(v, w, learning_rate), steps + 1))


def survey(axis: list[float]) -> list[list[float]]:
    """The loss at every pair of weights: a row for each w, a column for each v."""
    return [[squared_error(Value.leaf(v), Value.leaf(w)).data for v in axis] for w in axis]
