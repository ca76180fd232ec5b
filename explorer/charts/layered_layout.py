"""Where to put the nodes of a graph that flows from left to right, with boxes inside boxes.

Layers come from the longest path, the order within a layer from Sugiyama's method as igraph has it
(Sugiyama, Tagawa & Toda 1981); sizes, boxes and the course of long edges are added here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import igraph

Key = TypeVar("Key", bound=Hashable)

LAYER_GAP = 64.0
NODE_GAP = 22.0
UNSEEN = 3.0  # pixels by which an edge may leave its course
LANE = 10.0  # the height that a passing edge takes up in a layer

Point = tuple[float, float]
Course = tuple[Key | None, Key | None]


@dataclass(frozen=True)
class Layout(Generic[Key]):
    """Centres of the nodes, and the points that each edge passes through, in pixels.

    So that a graph within a box can be joined to what is around it, `courses` has under (None, key)
    the way from the left side to a node, and under (key, None) that from a node to the right side.
    `sides` are those of the layer that a node stands in, which others in it may make wider.
    """

    centres: Mapping[Key, Point]
    sides: Mapping[Key, tuple[float, float]]
    courses: Mapping[Course[Key], Sequence[Point]]
    width: float
    height: float


def layered_layout(
    sizes: Mapping[Key, tuple[float, float]],
    edges: Sequence[tuple[Key, Key]],
    entering: Sequence[Key] = (),
    leaving: Sequence[Key] = (),
) -> Layout[Key]:
    """Lay out an acyclic graph. `sizes` holds (width, height) of each node, in a stable order.

    Edges come in from the left side to the nodes `entering`, and go out from those `leaving`.
    """
    keys = list(sizes)
    pairs = list(dict.fromkeys((a, b) for a, b in edges if a != b))
    layer_of = _layers(keys, pairs)
    outside: list[Course[Key]] = [(None, key) for key in entering]
    outside += [(key, None) for key in leaving]
    graph, chains, layers = _with_lanes(keys, [*pairs, *outside], layer_of)
    rows = graph.layout_sugiyama(layers=layers, hgap=1, vgap=1).coords

    by_layer: dict[int, list[int]] = {}
    for vertex, layer in enumerate(layers):
        by_layer.setdefault(layer, []).append(vertex)
    heights = [sizes[key][1] for key in keys] + [LANE] * (len(layers) - len(keys))
    ys = [0.0] * len(layers)
    pitch = _pitch(by_layer, [row[0] for row in rows], heights)
    for vertices in by_layer.values():
        vertices.sort(key=lambda vertex: rows[vertex][0])
        _spread(vertices, [rows[vertex][0] * pitch for vertex in vertices], heights, ys)
    top = min((ys[v] - heights[v] / 2 for v in range(len(ys))), default=0.0)
    bottom = max((ys[v] + heights[v] / 2 for v in range(len(ys))), default=0.0)

    xs: dict[int, float] = {}
    sides: dict[int, tuple[float, float]] = {}
    right = 0.0
    for layer in sorted(by_layer):
        width = max((sizes[keys[v]][0] for v in by_layer[layer] if v < len(keys)), default=0.0)
        xs[layer] = right + width / 2
        sides[layer] = (right, right + width)
        right += width + LAYER_GAP
    centres = {key: (xs[layers[v]], ys[v] - top) for v, key in enumerate(keys)}
    courses = {
        pair: _bends([(x, ys[vertex] - top) for vertex in chain for x in sides[layers[vertex]]])
        for pair, chain in chains.items()
    }
    sides_of = {key: sides[layer_of[key]] for key in keys}
    return Layout(centres, sides_of, courses, max(right - LAYER_GAP, 0.0), bottom - top)


def _bends(points: Sequence[Point]) -> list[Point]:
    """The points of a course without those that lie on the straight line between their neighbours.

    Ramer (1972), Douglas & Peucker (1973): the farthest point from the line between two ends is
    kept, if it is farther than can be seen, and so on on either side of it.
    """
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        (x0, y0), (x1, y1) = points[first], points[last]
        slope = (y1 - y0) / (x1 - x0)
        distances = [abs(y - y0 - slope * (x - x0)) for x, y in points[first + 1 : last]]
        farthest = max(distances)
        if farthest > UNSEEN:
            middle = first + 1 + distances.index(farthest)
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return [points[index] for index in sorted(kept)]


def _layers(keys: Sequence[Key], pairs: Sequence[tuple[Key, Key]]) -> dict[Key, int]:
    """As far right of its sources as the longest path says; a source stands next to its use."""
    targets: dict[Key, list[Key]] = {key: [] for key in keys}
    n_sources = dict.fromkeys(keys, 0)
    for a, b in pairs:
        targets[a].append(b)
        n_sources[b] += 1
    layer = dict.fromkeys(keys, 0)
    remaining = dict(n_sources)
    ready = [key for key in keys if not remaining[key]]
    while ready:
        key = ready.pop()
        for target in targets[key]:
            layer[target] = max(layer[target], layer[key] + 1)
            remaining[target] -= 1
            if not remaining[target]:
                ready.append(target)
    for key in keys:
        if not n_sources[key] and targets[key]:
            layer[key] = min(layer[target] for target in targets[key]) - 1
    return layer


def _with_lanes(
    keys: Sequence[Key], pairs: Sequence[Course[Key]], layer_of: Mapping[Key, int]
) -> tuple[igraph.Graph, dict[Course[Key], list[int]], list[int]]:
    """The graph with a vertex of its own wherever a long edge passes through a layer."""
    index = {key: i for i, key in enumerate(keys)}
    after_last = max(layer_of.values(), default=-1) + 1
    layers = [layer_of[key] for key in keys]
    short: list[tuple[int, int]] = []
    chains: dict[Course[Key], list[int]] = {}
    for a, b in pairs:
        before = -1 if a is None else layer_of[a]
        behind = after_last if b is None else layer_of[b]
        chain = list(range(len(layers), len(layers) + behind - before - 1))
        layers += range(before + 1, behind)
        ends = [[] if key is None else [index[key]] for key in (a, b)]
        short += pairwise([*ends[0], *chain, *ends[1]])
        chains[a, b] = chain
    return igraph.Graph(n=len(layers), edges=short, directed=True), chains, layers


def _pitch(
    by_layer: Mapping[int, Sequence[int]], rows: Sequence[float], heights: Sequence[float]
) -> float:
    """Pixels to a row: no more than the fullest layer needs, as lanes are lower than nodes."""
    if not rows:
        return 0.0
    needed = max(sum(heights[v] + NODE_GAP for v in layer) for layer in by_layer.values())
    return min(needed / (max(rows) - min(rows) + 1), max(heights) + NODE_GAP)


def _spread(
    vertices: Sequence[int], wanted: Sequence[float], heights: Sequence[float], ys: list[float]
) -> None:
    """Put the vertices of one layer, in this order, as near to where they want to be as they fit.

    Neighbours that would overlap are merged into a block that sits at its members' mean wish, until
    no two blocks overlap (pool adjacent violators).
    """
    blocks: list[
        tuple[float, float, list[int]]
    ] = []  # (sum of wishes for the top, extent, members)
    for vertex, wish in zip(vertices, wanted, strict=True):
        extent = heights[vertex] + NODE_GAP
        block = (wish - extent / 2, extent, [vertex])
        while blocks and _top(blocks[-1]) + blocks[-1][1] > _top(block):
            total, before, members = blocks.pop()
            block = (
                total + block[0] - before * len(block[2]),
                before + block[1],
                members + block[2],
            )
        blocks.append(block)
    for block in blocks:
        y = _top(block)
        for vertex in block[2]:
            extent = heights[vertex] + NODE_GAP
            ys[vertex] = y + extent / 2
            y += extent


def _top(block: tuple[float, float, list[int]]) -> float:
    return block[0] / len(block[2])
