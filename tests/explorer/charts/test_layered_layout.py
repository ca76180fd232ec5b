from __future__ import annotations

from itertools import combinations, pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.charts.layered_layout import (
    LAYER_GAP,
    NODE_GAP,
    UNSEEN,
    Layout,
    _spread,
    layered_layout,
)

Sizes = dict[int, tuple[float, float]]
Edges = list[tuple[int, int]]

BOX = (100.0, 50.0)


def boxes(n: int) -> Sizes:
    return dict.fromkeys(range(n), BOX)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Sizes, Edges]:
    """Boxes of all sizes, and edges from lower to higher numbers, some of them twice."""
    n = draw(st.integers(1, 25))
    side = st.floats(5, 300)
    sizes = {key: (draw(side), draw(side)) for key in range(n)}
    node = st.integers(0, n - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=60))
    return sizes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


def assert_well_laid_out(sizes: Sizes, edges: Edges, layout: Layout[int]) -> None:
    assert layout.centres.keys() == sizes.keys()
    for key, (x, y) in layout.centres.items():
        width, height = sizes[key]
        assert x - width / 2 >= -1e-6 and x + width / 2 <= layout.width + 1e-6
        assert y - height / 2 >= -1e-6 and y + height / 2 <= layout.height + 1e-6
    for a, b in combinations(sizes, 2):
        (xa, ya), (xb, yb) = layout.centres[a], layout.centres[b]
        apart_across = abs(xa - xb) >= (sizes[a][0] + sizes[b][0]) / 2 + LAYER_GAP - 1e-6
        apart_down = abs(ya - yb) >= (sizes[a][1] + sizes[b][1]) / 2 + NODE_GAP - 1e-6
        assert apart_across or (xa == xb and apart_down), (a, b)
    for a, b in edges:
        start = layout.centres[a][0] + sizes[a][0] / 2
        end = layout.centres[b][0] - sizes[b][0] / 2
        assert start + LAYER_GAP <= end + 1e-6
        course = layout.courses[a, b]
        xs = [start, *(x for x, _ in course), end]
        assert all(left < right for left, right in pairwise(xs))
        for x, y in course:  # it passes between the boxes, not through one
            for key, (cx, cy) in layout.centres.items():
                inside = abs(x - cx) < sizes[key][0] / 2 and abs(y - cy) < sizes[key][1] / 2
                assert not inside, (a, b, key)


@settings(max_examples=200)
@given(graph=graphs())
def test_nothing_overlaps_and_every_edge_leads_to_the_right(graph: tuple[Sizes, Edges]) -> None:
    sizes, edges = graph
    assert_well_laid_out(sizes, edges, layered_layout(sizes, edges))


@settings(max_examples=30)
@given(graph=graphs())
def test_the_same_graph_is_laid_out_the_same(graph: tuple[Sizes, Edges]) -> None:
    assert layered_layout(*graph) == layered_layout(*graph)


def test_nothing_to_lay_out() -> None:
    assert layered_layout({}, []) == Layout({}, {}, {}, 0.0, 0.0)


def test_one_box_fills_the_drawing() -> None:
    assert layered_layout({0: BOX}, []) == Layout(
        {0: (50.0, 25.0)}, {0: (0.0, 100.0)}, {}, 100.0, 50.0
    )


def test_a_chain_is_a_straight_line() -> None:
    layout = layered_layout(boxes(3), [(0, 1), (1, 2)])
    assert [layout.centres[key] for key in range(3)] == [(50.0, 25.0), (214.0, 25.0), (378.0, 25.0)]
    assert (layout.width, layout.height) == (428.0, 50.0)
    assert list(layout.courses.values()) == [[], []]


def test_a_leaf_stands_next_to_its_first_use() -> None:
    layout = layered_layout(boxes(5), [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert layout.centres[4][0] == layout.centres[2][0]


def test_a_long_edge_is_level_beside_the_boxes_that_it_passes() -> None:
    layout = layered_layout(boxes(4), [(0, 1), (1, 2), (2, 3), (0, 3)])
    (left, y), (right, same_y) = layout.courses[0, 3]
    assert (left, right) == (layout.centres[1][0] - 50, layout.centres[2][0] + 50)
    assert y == same_y


def test_edges_from_outside_lead_past_what_stands_before() -> None:
    layout = layered_layout(boxes(3), [(0, 1), (1, 2)], entering=[0, 2], leaving=[1])
    assert layout.courses[None, 0] == [], "nothing stands before it"
    assert [x for x, _ in layout.courses[None, 2]] == [0, layout.centres[1][0] + 50]
    assert [x for x, _ in layout.courses[1, None]] == [layout.centres[2][0] - 50, layout.width]
    for pair, passed in [((None, 2), [0, 1]), ((1, None), [2])]:
        for (_, y), box in product(layout.courses[pair], passed):
            assert abs(y - layout.centres[box][1]) >= 25 + NODE_GAP - UNSEEN


def test_twice_the_same_edge_is_one_course() -> None:
    assert layered_layout(boxes(2), [(0, 1), (0, 1)]).courses.keys() == {(0, 1)}


def test_400_boxes_are_laid_out_within_their_own_height() -> None:
    """A binary tree of 255 leaves, as tall as its leaves and no taller."""
    edges = [((i - 1) // 2, i) for i in range(1, 511)]
    sizes = boxes(511)
    layout = layered_layout(sizes, [(b, a) for a, b in edges])
    assert layout.height <= 256 * (BOX[1] + NODE_GAP)
    assert layout.width == 9 * BOX[0] + 8 * LAYER_GAP


@given(boxes=st.lists(st.tuples(st.floats(-500, 500), st.floats(1, 200)), min_size=1, max_size=12))
def test_boxes_in_each_others_way_are_moved_as_little_as_can_be(
    boxes: list[tuple[float, float]],
) -> None:
    """Least squares, in two signs of it: who touches nobody stays, and the mean stays."""
    wanted = sorted(wish for wish, _ in boxes)
    heights = [height for _, height in boxes]
    ys = [0.0] * len(boxes)
    _spread(range(len(boxes)), wanted, heights, ys)
    gaps = [
        ys[i + 1] - ys[i] - (heights[i] + heights[i + 1]) / 2 - NODE_GAP
        for i in range(len(boxes) - 1)
    ]
    assert all(gap >= -1e-9 for gap in gaps)
    assert abs(sum(ys) - sum(wanted)) < 1e-6
    for i, (y, wish) in enumerate(zip(ys, wanted, strict=True)):
        is_touched = any(gap < 1e-6 for gap in gaps[max(i - 1, 0) : i + 1])
        assert is_touched or abs(y - wish) < 1e-9
