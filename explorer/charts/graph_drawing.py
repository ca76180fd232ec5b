"""A Value graph as a drawing: boxes and curves in pixels, and every number and sentence on them.

This is all that the browser gets to know. The component draws it and plays it; it adds no maths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from explorer.charts.graph_sentences import (
    Names,
    count_numbers,
    describe_backward,
    describe_forward,
    describe_range,
    format_length,
    list_parents,
)
from explorer.charts.layered_layout import UNSEEN, Course, Point, layered_layout
from explorer.charts.numbers import as_operand, format_number
from gpt.scalar.graph import Edge, Graph, Node, group_gradient
from gpt.scalar.value import Gradients, Value

CHARACTER = 7.6  # the width of a monospaced character at the size used in the drawing
NODE_HEIGHT = 58.0
EDGE_GAP = 28.0  # between edges of the same two nodes: a line of text, and what tells whose it is
ROUND_CORNER = 7.0
FRAME_PADDING = 16.0
FRAME_TITLE = 24.0


class DrawnNode(TypedDict):
    key: str
    x: float
    y: float
    width: float
    height: float
    title: str
    subtitle: str
    kind: str
    data: str
    gradient: str
    dead: bool
    foldable: str | None
    path: str
    forward: str
    backward: str


class DrawnEdge(TypedDict):
    key: str
    source: str
    target: str
    local: str
    title: str
    points: list[Point]
    count: int


class DrawnFrame(TypedDict):
    path: str
    title: str
    x: float
    y: float
    width: float
    height: float


class DrawnStep(TypedDict):
    phase: str
    node: str
    line: int | None
    sentence: str
    arithmetic: str
    edges: list[str]
    data: dict[str, str]
    gradient: dict[str, str]
    wrong: dict[str, str]


class DrawnWalk(TypedDict):
    name: str
    steps: list[DrawnStep]
    code: NotRequired[dict[str, list[str]]]


class Drawing(TypedDict):
    nodes: list[DrawnNode]
    edges: list[DrawnEdge]
    frames: list[DrawnFrame]
    width: float
    height: float
    alt: str
    walks: list[DrawnWalk]
    code: dict[str, list[str]]
    pinned: str | None
    step: int | None


def draw_graph(
    graph: Graph,
    gradients: Gradients,
    *,
    names: Mapping[object, str] | None = None,
    walks: Sequence[DrawnWalk] = (),
    code: Mapping[str, Sequence[str]] | None = None,
    pinned: str | None = None,
    step: int | None = None,
) -> Drawing:
    """The whole drawing of a graph whose root's gradients are `gradients`."""
    naming = Names(names or {})
    parents = list_parents(graph.keys)
    boxes = {key: _size(_texts(node, naming)) for key, node in graph.nodes.items()}
    placed = _place("", graph, boxes)
    nodes = [
        _node(node, placed, boxes[key], gradients, naming, parents)
        for key, node in graph.nodes.items()
    ]
    pairs = Counter((edge.source, edge.target) for edge in graph.edges)
    edges = [
        _edge(edge, number, pairs[edge.source, edge.target], graph, placed, boxes, naming)
        for number, edge in numbered(graph.edges)
    ]
    return {
        "nodes": nodes,
        "edges": edges,
        "frames": placed.frames,
        "width": placed.width,
        "height": placed.height,
        "alt": f"Computation graph of {len(nodes)} nodes and {len(edges)} edges, left to right.",
        "walks": list(walks),
        "code": {phase: list(lines) for phase, lines in (code or {}).items()},
        "pinned": pinned,
        "step": step,
    }


def _texts(node: Node, naming: Names) -> tuple[str, str]:
    """The title and the subtitle of a node."""
    value = node.value
    if value is None:
        return node.group.rsplit("/", 1)[-1], count_numbers(node)
    assigned = naming.assigned.get(value.id)
    return (f"{assigned} =", naming.title(value)) if assigned else (naming.title(value), "")


def _size(texts: tuple[str, str]) -> tuple[float, float]:
    title, subtitle = texts
    longest = max(len(title), len(subtitle), 11)
    return longest * CHARACTER + 24, NODE_HEIGHT + (14 if subtitle else 0)


class _Placed:
    """Where everything within one frame is, from the frame's top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self.centres: dict[str, Point] = {}
        self.sides: dict[str, tuple[float, float]] = {}
        self.courses: dict[Course[str], list[Point]] = {}
        self.frames: list[DrawnFrame] = []


def _place(frame: str, graph: Graph, boxes: Mapping[str, tuple[float, float]]) -> _Placed:
    """Lay out what stands directly in a frame, each unfolded group in it as one box of its own."""
    inner_frames = [path for path in graph.frames if _parent_of(path) == frame]
    inside = {path: _place(path, graph, boxes) for path in inner_frames}
    sizes: dict[str, tuple[float, float]] = {}
    for key, node in graph.nodes.items():
        if node.parent == frame:
            sizes[key] = boxes[key]
        else:
            box = _box_in(frame, node.parent)
            if box:
                sizes[box] = (
                    inside[box].width + 2 * FRAME_PADDING,
                    inside[box].height + 2 * FRAME_PADDING + FRAME_TITLE,
                )
    standing = {key: _standing_in(frame, node, key) for key, node in graph.nodes.items()}
    edges = []
    entering: dict[str, None] = {}
    leaving: dict[str, None] = {}
    for edge in graph.edges:
        source, target = standing[edge.source], standing[edge.target]
        if source and target:
            edges.append((source, target))
        elif target:
            entering[target] = None
        elif source:
            leaving[source] = None
    layout = layered_layout(sizes, edges, list(entering), list(leaving))
    placed = _Placed(layout.width, layout.height)
    placed.courses = {pair: list(points) for pair, points in layout.courses.items()}
    for key, (x, y) in layout.centres.items():
        if key not in inside:
            placed.centres[key] = (x, y)
            placed.sides[key] = layout.sides[key]
            continue
        width, height = sizes[key]
        left, top = x - width / 2, y - height / 2
        title = key.rsplit("/", 1)[-1]
        placed.frames.append(
            {"path": key, "title": title, "x": left, "y": top, "width": width, "height": height}
        )
        _move_in(placed, inside[key], left + FRAME_PADDING, top + FRAME_PADDING + FRAME_TITLE)
    return placed


def _move_in(placed: _Placed, inner: _Placed, dx: float, dy: float) -> None:
    for key, (x, y) in inner.centres.items():
        placed.centres[key] = (x + dx, y + dy)
        left, right = inner.sides[key]
        placed.sides[key] = (left + dx, right + dx)
    for pair, points in inner.courses.items():
        placed.courses[pair] = [(x + dx, y + dy) for x, y in points]
    for frame in inner.frames:
        placed.frames.append({**frame, "x": frame["x"] + dx, "y": frame["y"] + dy})


def _course(edge: Edge, graph: Graph, placed: _Placed) -> list[Point]:
    """The points that an edge passes: out of the boxes around its source, into its target's."""
    outward = _boxes_around(graph.nodes[edge.source])
    inward = _boxes_around(graph.nodes[edge.target])
    while len(outward) > 1 and len(inward) > 1 and outward[-1] == inward[-1]:
        outward.pop()
        inward.pop()
    pairs = [
        *((box, None) for box in outward[:-1]),
        (outward[-1], inward[-1]),
        *((None, box) for box in inward[-2::-1]),
    ]
    # Level as far as the layers of its ends go: beside a narrow node there may stand a wide one.
    right, left = placed.sides[edge.source][1], placed.sides[edge.target][0]
    return [
        (right, placed.centres[edge.source][1]),
        *(point for pair in pairs for point in placed.courses.get(pair, ())),
        (left, placed.centres[edge.target][1]),
    ]


def _boxes_around(node: Node) -> list[str]:
    """A node, and the unfolded groups it stands in, from the inside out."""
    parts = node.parent.split("/") if node.parent else []
    return [node.key, *("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))]


def _parent_of(path: str) -> str:
    return path.rpartition("/")[0]


def _box_in(frame: str, path: str) -> str:
    """The unfolded group directly in `frame` that `path` is or lies within; "" if there is none."""
    if frame and not path.startswith(f"{frame}/"):
        return ""
    rest = path[len(frame) + 1 :] if frame else path
    first = rest.partition("/")[0]
    return f"{frame}/{first}" if frame and first else first


def _standing_in(frame: str, node: Node, key: str) -> str:
    """What stands for a node in a frame's layout: itself, a box around it, or nothing."""
    return key if node.parent == frame else _box_in(frame, node.parent)


def numbered(edges: Sequence[Edge]) -> list[tuple[int, Edge]]:
    """Edges with their number among those between the same two nodes."""
    seen: dict[tuple[str, str], int] = {}
    numbered = []
    for edge in edges:
        pair = (edge.source, edge.target)
        seen[pair] = seen.get(pair, -1) + 1
        numbered.append((seen[pair], edge))
    return numbered


def edge_key(edge: Edge, number: int) -> str:
    """What the drawing calls an edge."""
    return f"{edge.source}->{edge.target}#{number}"


def _node(
    node: Node,
    placed: _Placed,
    size: tuple[float, float],
    gradients: Gradients,
    naming: Names,
    parents: Mapping[Value, Sequence[tuple[Value, float]]],
) -> DrawnNode:
    title, subtitle = _texts(node, naming)
    x, y = placed.centres[node.key]
    value = node.value
    if value is None:
        data = [v.data for v in node.values]
        slopes = group_gradient(node, gradients)
        shown = (format_length(data), format_length(slopes))
        forward = describe_range(count_numbers(node), data)
        backward = describe_range("gradients", slopes)
    else:
        shown = (format_number(value.data), format_number(gradients.get(value.id, 0.0)))
        forward = describe_forward(value, naming)
        backward = describe_backward(value, parents, gradients)
    return {
        "key": node.key,
        "x": x,
        "y": y,
        "width": size[0],
        "height": size[1],
        "title": title,
        "subtitle": subtitle,
        "kind": _kind(node),
        "data": shown[0],
        "gradient": shown[1],
        "dead": value is not None and value.operation == "relu" and value.data == 0,
        "foldable": "unfold" if node.group else None,
        "path": node.group,
        "forward": forward,
        "backward": backward,
    }


def _kind(node: Node) -> str:
    if node.group:
        return "group"
    value = node.values[0]
    if value.children:
        return "computed"
    return "constant" if isinstance(value.id, int) else "leaf"


def _edge(
    edge: Edge,
    number: int,
    n_edges: int,
    graph: Graph,
    placed: _Placed,
    boxes: Mapping[str, tuple[float, float]],
    naming: Names,
) -> DrawnEdge:
    (x0, y0), (x1, y1) = placed.centres[edge.source], placed.centres[edge.target]
    # The edges between the same two nodes, as in a*a, leave apart: each has a label of its own.
    room = min(boxes[edge.source][1], boxes[edge.target][1]) - 2 * ROUND_CORNER
    apart = min(EDGE_GAP, room / max(n_edges - 1, 1))
    aside = apart * (number - (n_edges - 1) / 2)
    start = (x0 + boxes[edge.source][0] / 2, y0 + aside)
    end = (x1 - boxes[edge.target][0] / 2, y1 + aside)
    between = [
        (x, y + aside)
        for x, y in _course(edge, graph, placed)
        if start[0] + UNSEEN < x < end[0] - UNSEEN
    ]
    local, title = "", f"{edge.count:,} edges"
    if edge.child_index is not None:
        target = graph.nodes[edge.target].values[0]
        source = graph.nodes[edge.source].values[0]
        slope = target.local_gradients[edge.child_index]
        local = f"×{as_operand(slope)}"
        title = f"d({naming.short(target)})/d({naming.short(source)}) = {format_number(slope)}"
    return {
        "key": edge_key(edge, number),
        "source": edge.source,
        "target": edge.target,
        "local": local,
        "title": title,
        "points": [start, *between, end],
        "count": edge.count,
    }
