"""A Value graph as nodes and edges to draw, folded to the level of detail asked for.

Groups are told apart by when they were computed. While a graph is built, a `Recording` notes the
name of each vector as it is finished, and creation numbers do the rest: what was created since the
last note belongs to this one. Groups are paths, `position 2/attention 0/head 1/scores`, and what
is not unfolded is drawn as one node. A graph built without a recording has no groups.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gpt.scalar.value import Gradients, Id, Value, computed_values

SYMBOLS = {
    "add": "+",
    "sub": "−",
    "rsub": "−",
    "mul": "×",
    "div": "÷",
    "rdiv": "÷",
    "neg": "−",
    "pow": "^",
    "rpow": "^",
    "dot": "·",
    "cross_entropy": "−ln softmax",
}
"""How an operation is written on a node; the others go by their name."""


@dataclass
class Recording:
    """Which vector each computed value belongs to, by the creation number it ended at."""

    _last_numbers: list[int] = field(default_factory=list)
    _paths: list[str] = field(default_factory=list)

    def within(self, prefix: str) -> Callable[[str, list[Value]], None]:
        """A trace for the forward pass; what it is told is filed under `prefix`."""

        def note(name: str, values: list[Value]) -> None:
            numbers = [value.id for value in values if value.children]
            if numbers:
                self._last_numbers.append(max(n for n in numbers if isinstance(n, int)))
                self._paths.append(f"{prefix}/{_module_path(name)}")

        return note

    def path(self, value: Value) -> str:
        """Where a value belongs, or "" where it belongs to nothing that was recorded.

        Parameters are filed under `parameters`, their matrix and its row.
        """
        if isinstance(value.id, tuple):
            matrix, row, _ = value.id
            return f"parameters/{matrix}/row {row}"
        if not value.children or not isinstance(value.id, int):
            return ""
        index = bisect_left(self._last_numbers, value.id)
        return self._paths[index] if index < len(self._paths) else ""


@dataclass(frozen=True)
class Node:
    """A value, or a folded group of values.

    Attributes:
        key: stays the same when the same expression is worked out at other numbers.
        values: the one value, or all of the group.
        group: the group's path; "" for a single value.
        parent: the path of the unfolded group that it stands in, or "".
    """

    key: str
    values: tuple[Value, ...]
    group: str
    parent: str

    @property
    def value(self) -> Value | None:
        """The single value, or None for a group."""
        return None if self.group else self.values[0]


@dataclass(frozen=True)
class Edge:
    """From what was used to what it was used for.

    Attributes:
        child_index: which child of the target the source is; None between groups.
        count: how many single edges are drawn as this one.
    """

    source: str
    target: str
    child_index: int | None
    count: int = 1


@dataclass(frozen=True)
class Graph:
    """What is to be drawn. Every edge leads from an earlier node to a later one."""

    nodes: Mapping[str, Node]
    edges: Sequence[Edge]
    frames: Collection[str]
    """The paths of all unfolded groups."""

    keys: Mapping[Value, str]
    """The node that each value is drawn as, or is folded into."""


def build_graph(
    root: Value, recording: Recording | None = None, unfolded: Collection[str] = ()
) -> Graph:
    """Everything `root` rests on, groups folded unless their path is in `unfolded`."""
    order = computed_values(root)
    leaves = [child for value in order for child in value.children if not child.children] or [root]
    # Plain numbers are leaves too, but without a name, and their ids are others each time.
    nameless = dict.fromkeys(leaf for leaf in leaves if isinstance(leaf.id, int))
    own_keys = {value: str(rank) for rank, value in enumerate(order)}
    own_keys.update((leaf, f"number {rank}") for rank, leaf in enumerate(nameless))
    members: dict[str, list[Value]] = {}
    placed: dict[Value, tuple[str, str]] = {}
    for value in dict.fromkeys([*leaves, *order]):
        path = recording.path(value) if recording else ""
        group, parent = _visible(path, unfolded)
        key = f"group {group}" if group else own_keys.get(value) or leaf_key(value.id)
        members.setdefault(key, []).append(value)
        placed[value] = (group, parent)
    nodes = {}
    for key, values in members.items():
        group, parent = placed[values[0]]
        nodes[key] = Node(key, tuple(values), group, parent)
    keys = {value: key for key, values in members.items() for value in values}
    return Graph(nodes, _edges(order, nodes, keys), _frames(nodes), keys)


def leaf_key(id: Id) -> str:
    """The key of the node of a leaf: its name, or `matrix[row, column]`."""
    if isinstance(id, tuple):
        matrix, row, column = id
        return f"{matrix}[{row}, {column}]"
    return f"leaf {id}"


def group_gradient(node: Node, gradients: Gradients) -> list[float]:
    """The gradients of all values of a node."""
    return [gradients.get(value.id, 0.0) for value in node.values]


def _module_path(name: str) -> str:
    """An activation's name as a path of groups: `blocks.0.attn.query` is `attention 0/query`."""
    for pattern, path in _MODULES:
        found = re.fullmatch(pattern, name)
        if found:
            return found.expand(path)
    return name


_MODULES = (
    (r"embeddings", r"embedding"),
    (r"blocks\.(\d+)\.ln_1", r"attention \1/norm"),
    (r"blocks\.(\d+)\.attn\.heads\.(\d+)\.(.+)", r"attention \1/head \2/\3"),
    (r"blocks\.(\d+)\.attn\.(.+)", r"attention \1/\2"),
    (r"blocks\.(\d+)\.residual_mid", r"attention \1/residual"),
    (r"blocks\.(\d+)\.ln_2", r"mlp \1/norm"),
    (r"blocks\.(\d+)\.mlp\.(.+)", r"mlp \1/\2"),
    (r"blocks\.(\d+)\.residual_post", r"mlp \1/residual"),
    (r"(logits|loss)", r"output/\1"),
)


def _visible(path: str, unfolded: Collection[str]) -> tuple[str, str]:
    """The outermost folded group on the path, and the innermost unfolded one around it."""
    parent = ""
    if path:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            prefix = "/".join(parts[:depth])
            if prefix not in unfolded:
                return prefix, parent
            parent = prefix
    return "", parent


def _edges(
    order: Sequence[Value], nodes: Mapping[str, Node], keys: Mapping[Value, str]
) -> list[Edge]:
    single: list[Edge] = []
    between_groups: dict[tuple[str, str], int] = {}
    for value in order:
        target = keys[value]
        for index, child in enumerate(value.children):
            source = keys[child]
            if nodes[source].group or nodes[target].group:
                if source != target:
                    pair = (source, target)
                    between_groups[pair] = between_groups.get(pair, 0) + 1
            else:
                single.append(Edge(source, target, index))
    return single + [
        Edge(source, target, None, count) for (source, target), count in between_groups.items()
    ]


def _frames(nodes: Mapping[str, Node]) -> list[str]:
    frames: dict[str, None] = {}
    for node in nodes.values():
        parts = node.parent.split("/") if node.parent else []
        for depth in range(1, len(parts) + 1):
            frames["/".join(parts[:depth])] = None
    return list(frames)
