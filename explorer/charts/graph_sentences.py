"""What a node of a computation graph is called, and how its numbers came to be, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from explorer.charts.numbers import as_operand, format_number
from gpt.scalar.graph import SYMBOLS, Node, leaf_key
from gpt.scalar.paths import Path
from gpt.scalar.value import Gradients, Value
from gpt.scalar.walkthrough import Delivery, Firing

MOST_TERMS = 5  # of a sum that are written out

_OF_MANY = ("softmax", "cross_entropy")  # their constant says which of the many it is about


class Names:
    """What a value is called: the name it was assigned to, its leaf's name, or its operation."""

    def __init__(self, assigned: Mapping[object, str]) -> None:
        self.assigned = assigned

    def title(self, value: Value) -> str:
        """On its node."""
        if not value.children:
            return self.leaf(value)
        if len(value.children) == 1 and value.constants and value.operation not in _OF_MANY:
            return _with_constant(value)
        return SYMBOLS.get(value.operation, value.operation)

    def short(self, value: Value) -> str:
        """In a sentence about others."""
        return self.assigned.get(value.id) or self.title(value)

    @staticmethod
    def leaf(value: Value) -> str:
        if isinstance(value.id, int):
            return format_number(value.data)
        return value.id if isinstance(value.id, str) else leaf_key(value.id)


def list_parents(values: Iterable[Value]) -> dict[Value, list[tuple[Value, float]]]:
    """For each value all its uses: what was computed from it, and the slope there."""
    parents: dict[Value, list[tuple[Value, float]]] = {}
    for parent in values:
        for child, local in zip(parent.children, parent.local_gradients, strict=True):
            parents.setdefault(child, []).append((parent, local))
    return parents


def describe_forward(value: Value, naming: Names) -> str:
    """How a value came to be, in numbers: `0.5 × 2 = 1`."""
    if not value.children:
        return f"{naming.leaf(value)} is given: {format_number(value.data)}"
    numbers = [as_operand(child.data) for child in value.children]
    result = format_number(value.data)
    operation = value.operation
    if operation == "dot":
        half = len(numbers) // 2
        products = [f"{a} × {b}" for a, b in zip(numbers[:half], numbers[half:], strict=True)]
        return f"{_sum_of(products)} = {result}"
    if operation in _OF_MANY:
        which = int(value.constants[0])
        logits = ", ".join(numbers[:MOST_TERMS]) + (", …" if len(numbers) > MOST_TERMS else "")
        name = "softmax" if operation == "softmax" else "−ln softmax"
        return f"{name}({logits})[{which}] = {result}"
    if operation in ("exp", "log", "relu", "tanh"):
        return f"{operation}({format_number(value.children[0].data)}) = {result}"
    if operation == "neg":
        return f"−{numbers[0]} = {result}"
    constant = [as_operand(number) for number in value.constants]
    operands = constant + numbers if operation in ("rsub", "rdiv", "rpow") else numbers + constant
    return f"{operands[0]} {SYMBOLS[operation]} {operands[1]} = {result}"


def describe_backward(
    value: Value, parents: Mapping[Value, Sequence[tuple[Value, float]]], gradients: Gradients
) -> str:
    """How a gradient came to be: `grad = 1 × 0.5 + …`, a term for each use of the value."""
    total = format_number(gradients.get(value.id, 0.0))
    uses = parents.get(value, ())
    if not uses and value.id in gradients:
        return "grad = 1: the output with respect to itself"
    if not uses:
        return "grad = 0: the output does not rest on it"
    terms = [
        f"{as_operand(gradients.get(parent.id, 0.0))} × {as_operand(local)}"
        for parent, local in uses
    ]
    return f"grad = {_sum_of(terms)} = {total}"


def describe_delivery(delivery: Delivery, naming: Names) -> str:
    """`grad[x] += 1 × 0.5 → 0.5`"""
    return (
        f"grad[{naming.short(delivery.child)}] += {as_operand(delivery.gradient)} × "
        f"{as_operand(delivery.local_gradient)} → {format_number(delivery.total)}"
    )


def describe_path(path: Path, naming: Names) -> tuple[str, str]:
    """The way, `w1 → × → + → relu`, and the slopes along it, `2 × 1 × 1`."""
    way = " → ".join(naming.short(value) for value in path.values)
    pairs = zip(path.values[1:], path.child_indices, strict=True)
    return way, " × ".join(as_operand(parent.local_gradients[index]) for parent, index in pairs)


def describe_firing(firing: Firing, naming: Names, gradients: Gradients) -> str:
    """Who hands on what, and whether it is too early for that."""
    name = naming.short(firing.value)
    gradient = firing.deliveries[0].gradient
    complete = gradients.get(firing.value.id, 0.0)
    if abs(gradient - complete) > 1e-9 * max(1.0, abs(complete)):
        return (
            f"{name} fires too early: it has {format_number(gradient)} of the "
            f"{format_number(complete)} that it will be owed"
        )
    return f"{name} hands its gradient {format_number(gradient)} to what it was computed from"


def describe_group_step(node: Node, what: str) -> str:
    """A folded group as one step of a pass, in which the last of its numbers `what`."""
    title = node.group.rpartition("/")[2]
    return f"{title}, one step while it is folded: the last of its {count_numbers(node)} {what}"


def count_numbers(node: Node) -> str:
    return "1 number" if len(node.values) == 1 else f"{len(node.values):,} numbers"


def describe_range(what: str, numbers: Sequence[float]) -> str:
    """From where to where the numbers, or the gradients, of a group go."""
    low, high = format_number(min(numbers)), format_number(max(numbers))
    return f"{what}: {low}" if low == high else f"{what} from {low} to {high}"


def format_length(numbers: Sequence[float]) -> str:
    """The length of the vector of numbers of a group: ‖1.49‖."""
    return f"‖{format_number(math.hypot(*numbers), 3)}‖"


def _with_constant(value: Value) -> str:
    number = format_number(value.constants[0])
    symbol = SYMBOLS.get(value.operation, value.operation)
    if value.operation in ("rsub", "rdiv", "rpow"):
        return f"{number} {symbol}"
    return f"{symbol} {number}"


def _sum_of(terms: Sequence[str]) -> str:
    shown = " + ".join(terms[:MOST_TERMS])
    return shown + (f" + … {len(terms) - MOST_TERMS} more" if len(terms) > MOST_TERMS else "")
