"""The steps of a walk through a graph: forward by operations, backward by firings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from explorer.charts.graph_code import backward_listing, forward_listing
from explorer.charts.graph_drawing import DrawnStep, DrawnWalk, edge_key, numbered
from explorer.charts.graph_sentences import (
    MOST_TERMS,
    Names,
    count_numbers,
    describe_delivery,
    describe_firing,
    describe_forward,
    describe_group_step,
    describe_range,
    format_length,
)
from explorer.charts.numbers import format_number
from gpt.scalar.graph import Graph, group_gradient
from gpt.scalar.value import Gradients, Value
from gpt.scalar.walkthrough import Firing, naive_order, right_order

ORDERS: Mapping[str, Callable[[Value], list[Firing]]] = {
    "right order": right_order,
    "naive order": naive_order,
}


def draw_walks(
    order: Sequence[Value],
    graph: Graph,
    gradients: Gradients,
    *,
    names: Mapping[object, str],
    with_naive: bool,
) -> list[DrawnWalk]:
    """The right walk through a graph, and beside it the naive one, each with its source."""
    forward = forward_listing(order)
    walks = []
    for name, fire in ORDERS.items():
        if name == "naive order" and not with_naive:
            continue
        lines, marked = backward_listing(fire)
        walk = draw_walk(
            name,
            order,
            fire(order[-1]) if order else [],
            graph,
            gradients,
            names=names,
            line_of=forward.line_of,
            backward_line=marked,
        )
        walk["code"] = {"forward": list(forward.lines), "backward": list(lines)}
        walks.append(walk)
    return walks


def draw_walk(
    name: str,
    order: Sequence[Value],
    firings: Sequence[Firing],
    graph: Graph,
    gradients: Gradients,
    *,
    names: Mapping[object, str] | None = None,
    line_of: Callable[[Value], int | None] = lambda value: None,
    backward_line: int | None = None,
) -> DrawnWalk:
    """The forward pass, an operation a step, then the backward pass, a firing a step.

    `order` holds the computed values in the order of their creation. A folded group is one step of
    either pass: the one in which the last of its numbers is computed, or hands its gradient on.
    What is used between is told with the next step. `wrong`, on the last step, names every gradient
    that differs from the right one.
    """
    naming = Names(names or {})
    keys, nodes = graph.keys, graph.nodes
    edges = _Edges(graph)
    steps: list[DrawnStep] = []
    last_computed = {keys[value]: value for value in order}
    for value in order:
        key = keys[value]
        if last_computed[key] is not value:
            continue
        node = nodes[key]
        step = _step("forward", key, edges.into(key))
        if node.group:
            numbers = [value.data for value in node.values]
            step["sentence"] = describe_group_step(node, "is computed")
            step["arithmetic"] = describe_range(count_numbers(node), numbers)
            step["data"] = {key: format_length(numbers)}
        else:
            step["line"] = line_of(value)
            step["sentence"] = f"{naming.short(value)} is computed from what is known"
            step["arithmetic"] = describe_forward(value, naming)
            step["data"] = {key: format_number(value.data)}
        steps.append(step)

    sums: dict[Value, float] = {firings[0].value: 1.0} if firings else {}
    changed = {keys[value]: total for value, total in sums.items() if not nodes[keys[value]].group}
    last_fired = {keys[firing.value]: firing for firing in firings}
    last_given: dict[str, int] = {}  # for each group, the step that has given it the last it gets
    for firing in firings:
        key = keys[firing.value]
        node = nodes[key]
        for delivery in firing.deliveries:
            sums[delivery.child] = delivery.total
            child_key = keys[delivery.child]
            if nodes[child_key].group:
                last_given[child_key] = len(steps)
            else:
                changed[child_key] = delivery.total
        if node.group and last_fired[key] is not firing:
            continue
        step = _step("backward", key, edges.into(key))
        step["line"] = backward_line
        step["gradient"] = {child: format_number(total) for child, total in changed.items()}
        if node.group:
            step["sentence"] = describe_group_step(node, "has handed its gradient on")
            numbers = [sums.get(value, 0.0) for value in node.values]
            step["arithmetic"] = describe_range("gradients", numbers)
        else:
            parts = [describe_delivery(delivery, naming) for delivery in firing.deliveries]
            hidden = len(parts) - MOST_TERMS
            step["sentence"] = describe_firing(firing, naming, gradients)
            step["arithmetic"] = "\n".join(parts[:MOST_TERMS])
            step["arithmetic"] += f"\n… and {hidden} more" if hidden > 0 else ""
            step["edges"] = list(
                dict.fromkeys(
                    edges.between(keys[delivery.child], key, delivery.child_index)
                    for delivery in firing.deliveries
                )
            )
        steps.append(step)
        changed = {}
    for key, position in last_given.items():
        numbers = [sums.get(value, 0.0) for value in nodes[key].values]
        steps[position]["gradient"][key] = format_length(numbers)
    if steps:
        steps[-1]["wrong"] = _wrong(sums, graph, gradients)
    return {"name": name, "steps": steps}


def _step(phase: str, key: str, edges: list[str]) -> DrawnStep:
    return {
        "phase": phase,
        "node": key,
        "line": None,
        "sentence": "",
        "arithmetic": "",
        "edges": edges,
        "data": {},
        "gradient": {},
        "wrong": {},
    }


def _wrong(sums: Mapping[Value, float], graph: Graph, gradients: Gradients) -> dict[str, str]:
    """The right gradient of every node that ended with another one."""
    wrong: dict[str, str] = {}
    for value, total in sums.items():
        right = gradients.get(value.id, 0.0)
        if abs(total - right) > 1e-9 * max(1.0, abs(right)):
            node = graph.nodes[graph.keys[value]]
            if not node.group:
                wrong[node.key] = format_number(right)
            elif node.key not in wrong:
                wrong[node.key] = format_length(group_gradient(node, gradients))
    return wrong


class _Edges:
    """What the drawing calls the edges of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._into: dict[str, list[str]] = {}
        self._single: dict[tuple[str, int], str] = {}
        self._of_groups: dict[tuple[str, str], str] = {}
        for number, edge in numbered(graph.edges):
            name = edge_key(edge, number)
            self._into.setdefault(edge.target, []).append(name)
            if edge.child_index is None:
                self._of_groups[edge.source, edge.target] = name
            else:
                self._single[edge.target, edge.child_index] = name

    def into(self, target: str) -> list[str]:
        return self._into.get(target, [])

    def between(self, source: str, target: str, child_index: int) -> str:
        """The one along which a child is used."""
        return self._single.get((target, child_index)) or self._of_groups[source, target]
