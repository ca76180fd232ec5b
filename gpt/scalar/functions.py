"""The functions a GPT is made of, over lists of numbers.

Each takes Values and builds the graph, or takes plain floats and builds none, with the very same
arithmetic in the same order, so that generating text needs no graph and still gives exactly the
numbers that training would. A dot product of n terms is one node with 2n children, not 2n - 1
nodes: sums and products are linear, their local gradients are known without the steps between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import Any

from gpt.scalar.families import Matrix, Product, Rectified, Scaled, Sum
from gpt.scalar.value import Computed, Value

Number = Any
"""Either a Value, which remembers, or a plain float, which does not; one kind throughout a call."""

Rows = Sequence[Sequence[Number]] | Matrix
"""A matrix (m, n) by its rows: plain numbers, or the leaves of a `Matrix` of parameters."""


def dot(left: Sequence[Number], right: Sequence[Number]) -> Number:
    """Σᵢ leftᵢ · rightᵢ. (n,), (n,) -> ()"""
    if isinstance(left[0], Value):
        left_data = [value.data for value in left]
        right_data = [value.data for value in right]
        total = sum(map(mul, left_data, right_data))
        return Computed(total, (*left, *right), (*right_data, *left_data), "dot")
    return sum(map(mul, left, right))


def linear(x: Sequence[Number], weight: Rows) -> list[Number]:
    """W·x: how far x points along each row of `weight`. (n,), (m, n) -> (m,)"""
    if isinstance(weight, Matrix):
        return Product(weight, x).members()
    return [sum(map(mul, row, x)) for row in weight]


def add(left: Sequence[Number], right: Sequence[Number]) -> list[Number]:
    """Element by element. (n,), (n,) -> (n,)"""
    if isinstance(left[0], Value):
        return Sum(left, right).members()
    return [a + b for a, b in zip(left, right, strict=True)]


def relu(x: Sequence[Number]) -> list[Number]:
    """max(0, x), element by element. (n,) -> (n,)"""
    if isinstance(x[0], Value):
        return Rectified(x).members()
    return [element if element > 0 else 0.0 for element in x]


def softmax(logits: Sequence[Number]) -> list[Number]:
    """exp(zᵢ) / Σⱼ exp(zⱼ): positive numbers that sum to one. (n,) -> (n,)

    The largest logit is taken off first; it cancels, and exp can no longer overflow.
    d pᵢ / d zⱼ = pᵢ · (δᵢⱼ - pⱼ).
    """
    if isinstance(logits[0], Value):
        children = tuple(logits)
        probabilities = softmax([logit.data for logit in logits])
        outputs = []
        for i, p in enumerate(probabilities):
            slopes = [-p * q for q in probabilities]
            slopes[i] += p
            outputs.append(Computed(p, children, tuple(slopes), "softmax", (i,)))
        return outputs
    largest = max(logits)
    exponentials = [math.exp(logit - largest) for logit in logits]
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]


def cross_entropy(logits: Sequence[Number], target: int) -> Number:
    """-ln softmax(logits)[target], the surprise at what came, in nats. (n,) -> ()

    d/dzⱼ = pⱼ - δⱼₜ: every logit is pushed down by its probability, the right one up by what it
    lacked.
    """
    data = [logit.data for logit in logits] if isinstance(logits[0], Value) else logits
    largest = max(data)
    exponentials = [math.exp(logit - largest) for logit in data]
    total = sum(exponentials)
    surprise = math.log(total) + largest - data[target]
    if isinstance(logits[0], Value):
        slopes = [exponential / total for exponential in exponentials]
        slopes[target] -= 1.0
        return Computed(surprise, tuple(logits), tuple(slopes), "cross_entropy", (target,))
    return surprise


def mean(numbers: Sequence[Number]) -> Number:
    """The sum over the count. (n,) -> ()"""
    total = numbers[0]
    for number in numbers[1:]:  # from Python 3.12 on, sum() rounds floats unlike Values
        total = total + number
    return total / len(numbers)


def rmsnorm(x: Sequence[Number], epsilon: float = 1e-5) -> list[Number]:
    """x / √(mean(x²) + ε): the direction of x at unit size. (n,) -> (n,)

    Zhang & Sennrich 2019, "Root Mean Square Layer Normalization", without the learned gain.
    """
    mean_square = dot(x, x) * (1 / len(x))
    scale = (mean_square + epsilon) ** -0.5
    if isinstance(scale, Value):
        return Scaled(x, scale).members()
    return [element * scale for element in x]
