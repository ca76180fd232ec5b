"""The steps of a walk through a graph: forward by operations, backward by firings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from explorer.charts.graph_code import backward_listing, forward_listing
from explorer.charts.graph_drawing import DrawnStep, DrawnWalk, edge_key, numbered
from explorer.charts.graph_sentences import (
    MOST_TERMS,
    Names,
    describe_delivery,
    describe_firing,
    describe_forward,
)
from explorer.charts.numbers import format_number
from gpt.scalar.graph import Graph
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

    `order` holds the computed values in the order of their creation; what lies within a folded
    group is passed over. `wrong`, on the last step, names every gradient that differs from the
    right one.
    """
    naming = Names(names or {})
    keys = {value: key for value, key in graph.keys.items() if not graph.nodes[key].group}
    edge_keys = {
        (edge.target, edge.child_index): edge_key(edge, number)
        for number, edge in numbered(graph.edges)
        if edge.child_index is not None
    }
    steps: list[DrawnStep] = []
    for value in order:
        if value in keys:
            key = keys[value]
            lit = [edge_keys[key, i] for i in range(len(value.children)) if (key, i) in edge_keys]
            steps.append(
                {
                    "phase": "forward",
                    "node": key,
                    "line": line_of(value),
                    "sentence": f"{naming.short(value)} is computed from what is known",
                    "arithmetic": describe_forward(value, naming),
                    "edges": lit,
                    "data": {key: format_number(value.data)},
                    "gradient": {},
                    "wrong": {},
                }
            )
    sums: dict[str, float] = {}
    for position, firing in enumerate(firings):
        if firing.value not in keys:
            continue
        key = keys[firing.value]
        changed = {} if sums or position else {key: "1"}
        parts = []
        for delivery in firing.deliveries:
            if delivery.child in keys:
                sums[keys[delivery.child]] = delivery.total
                changed[keys[delivery.child]] = format_number(delivery.total)
            parts.append(describe_delivery(delivery, naming))
        hidden = len(parts) - MOST_TERMS
        steps.append(
            {
                "phase": "backward",
                "node": key,
                "line": backward_line,
                "sentence": describe_firing(firing, naming, gradients),
                "arithmetic": "\n".join(parts[:MOST_TERMS])
                + (f"\n… and {hidden} more" if hidden > 0 else ""),
                "edges": [
                    edge_keys[key, d.child_index]
                    for d in firing.deliveries
                    if (key, d.child_index) in edge_keys
                ],
                "data": {},
                "gradient": changed,
                "wrong": {},
            }
        )
    if steps:
        right = {key: gradients.get(value.id, 0.0) for value, key in keys.items()}
        steps[-1]["wrong"] = {
            key: format_number(right[key])
            for key, total in sums.items()
            if abs(total - right[key]) > 1e-9 * max(1.0, abs(right[key]))
        }
    return {"name": name, "steps": steps}
