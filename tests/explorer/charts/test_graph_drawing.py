from __future__ import annotations

import json
import random
from collections.abc import Collection
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.charts.graph_drawing import (
    Drawing,
    DrawnFrame,
    DrawnNode,
    DrawnWalk,
    draw_graph,
)
from explorer.charts.graph_walks import draw_walk
from gpt.scalar.expression import Evaluation, parse
from gpt.scalar.graph import Recording, build_graph
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss
from gpt.scalar.value import Value, backward, computed_values
from gpt.scalar.walkthrough import naive_order, right_order

NEURON = {"w1": 0.5, "x": 2.0, "w2": -0.3}


def evaluate(text: str, **numbers: float) -> Evaluation:
    return parse(text).evaluate(numbers)


def drawing_of(text: str, **numbers: float) -> Drawing:
    evaluation = evaluate(text, **numbers)
    output = evaluation.output
    return draw_graph(build_graph(output), backward(output), names=evaluation.names)


def walk_of(text: str, is_naive: bool = False, **numbers: float) -> DrawnWalk:
    evaluation = evaluate(text, **numbers)
    output = evaluation.output
    return draw_walk(
        "naive order" if is_naive else "right order",
        computed_values(output),
        (naive_order if is_naive else right_order)(output),
        build_graph(output),
        backward(output),
        names=evaluation.names,
        line_of=lambda value: {"mul": 4, "add": 2}.get(value.operation),
        backward_line=7,
    )


def tiny_gpt() -> tuple[Value, Recording]:
    config = Config(vocab_size=3, n_layer=1, n_embd=2, block_size=2, n_head=1)
    recording = Recording()
    traces = [recording.within(f"position {position}") for position in range(2)]
    weights = as_leaves(initialise(config, random.Random(0), std=0.5))
    return document_loss(config, weights, [2, 0, 2], traces=traces), recording


def groups() -> list[str]:
    loss, recording = tiny_gpt()
    unfolded: set[str] = set()
    while more := {n.group for n in build_graph(loss, recording, unfolded).nodes.values()} - {""}:
        unfolded |= more
    return sorted(unfolded)


GROUPS = groups()


def test_a_neuron() -> None:
    drawing = drawing_of("relu(w1*x + w2)", **NEURON)
    nodes = {node["key"]: node for node in drawing["nodes"]}
    assert [(n["title"], n["kind"], n["data"], n["gradient"]) for n in nodes.values()] == [
        ("w1", "leaf", "0.5", "2"),
        ("x", "leaf", "2", "0.5"),
        ("w2", "leaf", "−0.3", "1"),
        ("×", "computed", "1", "1"),
        ("+", "computed", "0.7", "1"),
        ("relu", "computed", "0.7", "1"),
    ]
    assert nodes["0"]["forward"] == "0.5 × 2 = 1"
    assert nodes["leaf x"]["backward"] == "grad = 1 × 0.5 = 0.5"
    assert {edge["key"]: (edge["local"], edge["title"]) for edge in drawing["edges"]} == {
        "leaf w1->0#0": ("×2", "d(×)/d(w1) = 2"),
        "leaf x->0#0": ("×0.5", "d(×)/d(x) = 0.5"),
        "0->1#0": ("×1", "d(+)/d(×) = 1"),
        "leaf w2->1#0": ("×1", "d(+)/d(w2) = 1"),
        "1->2#0": ("×1", "d(relu)/d(+) = 1"),
    }
    assert drawing["alt"] == "Computation graph of 6 nodes and 5 edges, left to right."
    assert (drawing["frames"], drawing["walks"], drawing["pinned"], drawing["step"]) == (
        [],
        [],
        None,
        None,
    )


def test_assigned_names_stand_above_the_operation() -> None:
    nodes = drawing_of("b = a + a\nc = 2*b\nc")["nodes"]
    assert [(node["title"], node["subtitle"]) for node in nodes] == [
        ("a", ""),
        ("b =", "+"),
        ("c =", "× 2"),
    ]
    assert nodes[1]["height"] > nodes[0]["height"]


def test_a_plain_number_is_a_constant() -> None:
    nodes = drawing_of("2*3 + a")["nodes"]
    assert [(node["key"], node["title"], node["kind"]) for node in nodes] == [
        ("number 0", "2", "constant"),
        ("leaf a", "a", "leaf"),
        ("0", "× 3", "computed"),
        ("1", "+", "computed"),
    ]


@pytest.mark.parametrize(("w2", "is_dead"), [(-0.3, False), (-1.0, True), (-2.0, True)])
def test_a_relu_that_lets_nothing_through_is_dead(w2: float, is_dead: bool) -> None:
    nodes = drawing_of("relu(w1*x + w2)", **{**NEURON, "w2": w2})["nodes"]
    assert [node["dead"] for node in nodes] == [False] * 5 + [is_dead]


def test_both_edges_of_a_square_can_be_seen() -> None:
    first, second = drawing_of("a*a", a=3.0)["edges"]
    assert (first["key"], second["key"]) == ("leaf a->0#0", "leaf a->0#1")
    (_, one), (_, other) = first["points"][0], second["points"][0]
    assert other - one == 28, "room for a label between them"
    assert (one + other) / 2 == drawing_of("a*a", a=3.0)["nodes"][0]["y"]


def test_a_wide_title_makes_a_wide_box() -> None:
    name = "a_rather_long_name_for_a_leaf"
    wide, narrow, _ = drawing_of(f"{name} * b")["nodes"]
    assert wide["width"] > len(name) * 7 > narrow["width"]


def test_only_numbers_change_while_a_leaf_moves() -> None:
    """Places, keys and edges stay, so that the page need not be built anew."""

    def structure(drawing: Drawing) -> object:
        return (
            [(n["key"], n["x"], n["y"], n["width"], n["height"]) for n in drawing["nodes"]],
            [(e["key"], e["points"]) for e in drawing["edges"]],
        )

    text = "b = tanh(a*2 - 3)\nexp(2)*b + b**2 + 0.5"
    still, moved = drawing_of(text, a=1.0), drawing_of(text, a=-123456.789)
    assert structure(still) == structure(moved)
    assert still != moved


def test_a_folded_group_shows_its_size() -> None:
    loss, recording = tiny_gpt()
    gradients = backward(loss)
    graph = build_graph(loss, recording, {"position 1", "position 1/output"})
    nodes = {node["key"]: node for node in draw_graph(graph, gradients)["nodes"]}
    logits = nodes["group position 1/output/logits"]
    values = graph.nodes["group position 1/output/logits"].values
    assert (logits["title"], logits["subtitle"]) == ("logits", "3 numbers")
    assert (logits["kind"], logits["foldable"]) == ("group", "unfold")
    assert logits["path"] == "position 1/output/logits"
    norm = sum(value.data**2 for value in values) ** 0.5
    assert float(logits["data"].strip("‖")) == pytest.approx(norm, rel=5e-3)
    norm = sum(gradients[value.id] ** 2 for value in values) ** 0.5
    assert float(logits["gradient"].strip("‖")) == pytest.approx(norm, rel=5e-3)
    assert logits["forward"].startswith("3 numbers from ")
    assert logits["backward"].startswith("gradients from −")


@settings(max_examples=60)
@given(chosen=st.sets(st.sampled_from(GROUPS), max_size=12), is_complete=st.booleans())
def test_whatever_is_unfolded_nothing_overlaps(chosen: set[str], is_complete: bool) -> None:
    if is_complete:
        chosen |= {path.rsplit("/", depth)[0] for path in chosen for depth in (1, 2, 3)}
    loss, recording = tiny_gpt()
    graph = build_graph(loss, recording, chosen)
    drawing = draw_graph(graph, backward(loss))
    json.dumps(drawing, allow_nan=False)
    frames = {frame["path"]: frame for frame in drawing["frames"]}
    assert frames.keys() == set(graph.frames)
    parents = {node["key"]: graph.nodes[node["key"]].parent for node in drawing["nodes"]}

    def sides(node: DrawnNode) -> tuple[float, float, float, float]:
        width, height = node["width"] / 2, node["height"] / 2
        return node["x"] - width, node["x"] + width, node["y"] - height, node["y"] + height

    def frame_sides(frame: DrawnFrame) -> tuple[float, float, float, float]:
        left, top = frame["x"], frame["y"]
        return left, left + frame["width"], top, top + frame["height"]

    everything = {
        **{node["key"]: (sides(node), parents[node["key"]]) for node in drawing["nodes"]},
        **{path: (frame_sides(frame), path.rpartition("/")[0]) for path, frame in frames.items()},
    }
    for (left, right, top, bottom), parent in everything.values():
        whole = (0.0, drawing["width"], 0.0, drawing["height"])
        around = frame_sides(frames[parent]) if parent else whole
        assert around[0] <= left + 1e-6 and right <= around[1] + 1e-6
        assert around[2] <= top + 1e-6 and bottom <= around[3] + 1e-6
    for (a, parent_a), (b, parent_b) in combinations(everything.values(), 2):
        if parent_a == parent_b:
            assert a[1] < b[0] or b[1] < a[0] or a[3] < b[2] or b[3] < a[2]

    boxes = {node["key"]: sides(node) for node in drawing["nodes"]}
    for edge in drawing["edges"]:
        xs = [x for x, _ in edge["points"]]
        assert all(left < right for left, right in pairwise(xs))
        assert (xs[0], xs[-1]) == (boxes[edge["source"]][1], boxes[edge["target"]][0])
        for (x0, y0), (x1, y1) in pairwise(edge["points"]):
            for share in (0.0, 0.25, 0.5, 0.75, 1.0):
                x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                for left, right, top, bottom in boxes.values():
                    assert not (left < x < right and top < y < bottom), "it runs behind a box"
    assert len({edge["key"] for edge in drawing["edges"]}) == len(drawing["edges"])


def test_a_walk_goes_forward_then_backward() -> None:
    walk = walk_of("relu(w1*x + w2)", **NEURON)
    assert walk["name"] == "right order"
    steps = walk["steps"]
    assert [(step["phase"], step["node"], step["line"]) for step in steps] == [
        ("forward", "0", 4),
        ("forward", "1", 2),
        ("forward", "2", None),
        ("backward", "2", 7),
        ("backward", "1", 7),
        ("backward", "0", 7),
    ]
    assert [step["data"] for step in steps[:3]] == [{"0": "1"}, {"1": "0.7"}, {"2": "0.7"}]
    assert [step["gradient"] for step in steps[3:]] == [
        {"2": "1", "1": "1"},
        {"0": "1", "leaf w2": "1"},
        {"leaf w1": "2", "leaf x": "0.5"},
    ]
    assert steps[0]["arithmetic"] == "0.5 × 2 = 1"
    assert steps[5]["arithmetic"] == "grad[w1] += 1 × 2 → 2\ngrad[x] += 1 × 0.5 → 0.5"
    assert steps[5]["edges"] == ["leaf w1->0#0", "leaf x->0#0"]
    assert all(step["wrong"] == {} for step in steps)


def test_the_right_walk_ends_at_the_gradients_that_are_drawn() -> None:
    text, numbers = "b = tanh(a*2)\nb*c + b/c + exp(2)", {"a": 0.3, "c": -1.7}
    drawing, walk = drawing_of(text, **numbers), walk_of(text, **numbers)
    gradient = {key: text for step in walk["steps"] for key, text in step["gradient"].items()}
    data = {key: text for step in walk["steps"] for key, text in step["data"].items()}
    nodes = drawing["nodes"]
    assert gradient == {node["key"]: node["gradient"] for node in nodes}
    assert data == {node["key"]: node["data"] for node in nodes if node["kind"] == "computed"}
    lit = {key for step in walk["steps"] if step["phase"] == "backward" for key in step["edges"]}
    assert lit == {edge["key"] for edge in drawing["edges"]}


def test_the_naive_walk_ends_with_what_it_got_wrong() -> None:
    walk = walk_of("b = a + a\nc = b + b\nc", is_naive=True)
    steps = [step for step in walk["steps"] if step["phase"] == "backward"]
    assert [step["gradient"] for step in steps] == [
        {"1": "1", "0": "1"},
        {"leaf a": "1"},
        {"leaf a": "2"},
        {"0": "2"},
    ]
    assert [step["wrong"] for step in steps] == [{}, {}, {}, {"leaf a": "4"}]
    assert "fires too early" in steps[1]["sentence"]


def test_where_the_naive_order_is_right_nothing_is_wrong() -> None:
    walk = walk_of("relu(w1*x + w2)", is_naive=True, **NEURON)
    assert walk["steps"][-1]["wrong"] == {}


UNFOLDED = frozenset({"position 1", "position 1/output"})


def gpt_walk(unfolded: Collection[str], is_naive: bool = False) -> tuple[Drawing, DrawnWalk]:
    loss, recording = tiny_gpt()
    graph, gradients = build_graph(loss, recording, unfolded), backward(loss)
    firings = (naive_order if is_naive else right_order)(loss)
    walk = draw_walk("a walk", computed_values(loss), firings, graph, gradients)
    return draw_graph(graph, gradients), walk


def test_a_folded_group_is_a_single_step_of_either_pass() -> None:
    _, walk = gpt_walk(UNFOLDED)
    forward = [step["node"] for step in walk["steps"] if step["phase"] == "forward"]
    assert forward == [
        "group position 0",
        "group position 1/embedding",
        "group position 1/attention 0",
        "group position 1/mlp 0",
        "group position 1/output/logits",
        "group position 1/output/loss",
        "121",
        "122",
    ]
    backward = [step["node"] for step in walk["steps"] if step["phase"] == "backward"]
    assert backward == forward[::-1]
    assert walk["steps"][4]["sentence"] == (
        "logits, one step while it is folded: the last of its 3 numbers is computed"
    )
    assert walk["steps"][4]["arithmetic"] == "3 numbers from −1.718 to 0.7"


@pytest.mark.parametrize("unfolded", [frozenset(), UNFOLDED, frozenset(GROUPS)])
def test_a_walk_comes_to_all_that_is_drawn(unfolded: frozenset[str]) -> None:
    """Each number when all that it takes is known; and at the end, each as it is drawn."""
    drawing, walk = gpt_walk(unfolded)
    nodes = {node["key"]: node for node in drawing["nodes"]}
    lit = [set(step["edges"]) for step in walk["steps"]]
    into = {key: {e["key"] for e in drawing["edges"] if e["target"] == key} for key in nodes}
    known = {key for key in nodes if not into[key]}
    for step, edges in zip(walk["steps"], lit, strict=True):
        assert edges == into[step["node"]]
        if step["phase"] == "forward":
            assert {e["source"] for e in drawing["edges"] if e["key"] in edges} <= known
            known.add(step["node"])
    assert known == nodes.keys()
    told = {key: text for step in walk["steps"] for key, text in step["gradient"].items()}
    assert told == {key: node["gradient"] for key, node in nodes.items() if key in told}
    data = {key: text for step in walk["steps"] for key, text in step["data"].items()}
    assert data == {key: nodes[key]["data"] for key in nodes if into[key]}
    assert not walk["steps"][-1]["wrong"]


def test_the_naive_walk_tells_of_a_wrong_group_what_is_right() -> None:
    drawing, walk = gpt_walk(frozenset(), is_naive=True)
    told = {key: text for step in walk["steps"] for key, text in step["gradient"].items()}
    right = {node["key"]: node["gradient"] for node in drawing["nodes"]}
    wrong = walk["steps"][-1]["wrong"]
    assert "group parameters" in wrong
    assert all(right[key] == text for key, text in wrong.items())
    assert told["group parameters"] != right["group parameters"]


def test_many_deliveries_are_cut_short() -> None:
    loss, recording = tiny_gpt()
    graph = build_graph(loss, recording, GROUPS)
    walk = draw_walk("right order", computed_values(loss), right_order(loss), graph, backward(loss))
    of_many = {
        graph.keys[value]: len(value.children) - 5
        for value in computed_values(loss)
        if len(value.children) > 6
    }
    assert of_many
    for step in walk["steps"]:
        if step["phase"] == "backward" and step["node"] in of_many:
            lines = step["arithmetic"].split("\n")
            assert len(lines) == 6
            assert lines[-1] == f"… and {of_many[step['node']]} more"
