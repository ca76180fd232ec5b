"""The backward pass in slow motion: who hands how much to whom, in which order, and with what sum.

`right_order` is what `gpt.scalar.value.backward` does. `naive_order` is what one might write first:
depth first, every value fired once, on first arrival. It goes wrong wherever a value has several
parents, because it fires before the last of them has had its say, and what comes later is lost.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gpt.scalar.value import Value, computed_values


@dataclass(frozen=True)
class Delivery:
    """gradient × local_gradient, handed to one child; `total` is the child's sum afterwards."""

    child: Value
    child_index: int
    gradient: float
    local_gradient: float
    total: float


@dataclass(frozen=True)
class Firing:
    """A value hands its gradient, as large as it is at this moment, to its children."""

    value: Value
    deliveries: tuple[Delivery, ...]


def right_order(root: Value) -> list[Firing]:
    """From the newest value to the oldest: each fires once all its parents have."""
    gradients: defaultdict[Value, float] = defaultdict(float, {root: 1.0})
    return [
        Firing(value, tuple(deliver(value, i, gradients) for i in range(len(value.children))))
        for value in reversed(computed_values(root))
    ]


def naive_order(root: Value) -> list[Firing]:
    """Depth first, each value fired on first arrival and never again; a firing per delivery.

    The sums it ends with are wrong for all that lies below a value with several parents.
    """
    gradients: defaultdict[Value, float] = defaultdict(float, {root: 1.0})
    fired: set[Value] = {root}
    firings: list[Firing] = []
    underway: list[tuple[Value, int]] = [(root, 0)]
    while underway:
        value, child_index = underway.pop()
        if child_index == len(value.children):
            continue
        delivery = deliver(value, child_index, gradients)
        firings.append(Firing(value, (delivery,)))
        underway.append((value, child_index + 1))
        if delivery.child not in fired:
            fired.add(delivery.child)
            underway.append((delivery.child, 0))
    return firings


def deliver(value: Value, child_index: int, gradients: dict[Value, float]) -> Delivery:
    """Hand one child its share: the chain rule, once."""
    child, local_gradient = value.children[child_index], value.local_gradients[child_index]
    gradient = gradients[value]
    gradients[child] += gradient * local_gradient
    return Delivery(child, child_index, gradient, local_gradient, gradients[child])
