"""Any graph, rewritten in the six primitive operations: add, mul, pow, log, exp and relu.

Everything else that a Value can be computed by is shorthand. `expand` writes it out, step by step,
with the same value and the same gradients, so that nothing about the shorthand has to be believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gpt.scalar.value import Value, computed_values

PRIMITIVES = frozenset({"add", "mul", "pow", "log", "exp", "relu"})


def expand(root: Value) -> Value:
    """The same value computed by primitive operations only, on the very same leaves."""
    expanded: dict[Value, Value] = {}
    for value in computed_values(root):
        children = [expanded.get(child, child) for child in value.children]
        expanded[value] = _EXPANSIONS[value.operation](children, value)
    return expanded.get(root, root)


def _total(terms: Sequence[Value]) -> Value:
    return sum(terms[1:], terms[0])


def _add(children: Sequence[Value], value: Value) -> Value:
    a, *rest = children
    return a + (rest[0] if rest else value.constants[0])


def _mul(children: Sequence[Value], value: Value) -> Value:
    a, *rest = children
    return a * (rest[0] if rest else value.constants[0])


def _pow(children: Sequence[Value], value: Value) -> Value:
    a, *rest = children
    return (a.log() * rest[0]).exp() if rest else a ** value.constants[0]


def _sub(children: Sequence[Value], value: Value) -> Value:
    a, *rest = children
    return a + (rest[0] * -1.0 if rest else -value.constants[0])


def _div(children: Sequence[Value], value: Value) -> Value:
    a, *rest = children
    return a * (rest[0] ** -1.0 if rest else 1.0 / value.constants[0])


def _tanh(children: Sequence[Value], value: Value) -> Value:
    """tanh a = (1 - e) / (1 + e) · sign with e = exp(-2·|a|), which cannot overflow."""
    sign = 1.0 if children[0].data >= 0 else -1.0
    decay = (children[0] * (-2.0 * sign)).exp()
    return (decay * -1.0 + 1.0) * (decay + 1.0) ** -1.0 * sign


def _dot(children: Sequence[Value], value: Value) -> Value:
    n = len(children) // 2
    return _total([a * b for a, b in zip(children[:n], children[n:], strict=True)])


def _exponentials(logits: Sequence[Value]) -> list[Value]:
    # The largest logit is a number here, not a node: it cancels, so no gradient flows through it.
    largest = max(logit.data for logit in logits)
    return [(logit + -largest).exp() for logit in logits]


def _softmax(children: Sequence[Value], value: Value) -> Value:
    exponentials = _exponentials(children)
    return exponentials[int(value.constants[0])] * _total(exponentials) ** -1.0


def _cross_entropy(children: Sequence[Value], value: Value) -> Value:
    target = int(value.constants[0])
    largest = max(logit.data for logit in children)
    return _total(_exponentials(children)).log() + (children[target] * -1.0 + largest)


def _rpow(children: Sequence[Value], value: Value) -> Value:
    return (children[0] * math.log(value.constants[0])).exp()


_EXPANSIONS: dict[str, Callable[[Sequence[Value], Value], Value]] = {
    "add": _add,
    "mul": _mul,
    "pow": _pow,
    "log": lambda children, value: children[0].log(),
    "exp": lambda children, value: children[0].exp(),
    "relu": lambda children, value: children[0].relu(),
    "sub": _sub,
    "rsub": lambda children, value: children[0] * -1.0 + value.constants[0],
    "neg": lambda children, value: children[0] * -1.0,
    "div": _div,
    "rdiv": lambda children, value: children[0] ** -1.0 * value.constants[0],
    "rpow": _rpow,
    "tanh": _tanh,
    "dot": _dot,
    "softmax": _softmax,
    "cross_entropy": _cross_entropy,
}
