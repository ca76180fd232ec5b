import random
from collections.abc import Collection, Mapping
from functools import cache
from graphlib import TopologicalSorter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.scalar.expression import parse
from gpt.scalar.functions import softmax
from gpt.scalar.graph import Graph, Recording, build_graph, group_gradient, leaf_key
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss
from gpt.scalar.value import Value, backward, computed_values

CONFIG = Config(vocab_size=3, n_layer=2, n_embd=4, block_size=3, n_head=2)


def tiny_gpt(seed: int = 0) -> tuple[Value, Recording]:
    """The loss of a GPT on two tokens, its vectors recorded."""
    recording = Recording()
    traces = [recording.within(f"position {position}") for position in range(2)]
    weights = as_leaves(initialise(CONFIG, random.Random(seed)))
    return document_loss(CONFIG, weights, [2, 0, 2], traces=traces), recording


def graph_of(text: str, numbers: Mapping[str, float] | None = None) -> Graph:
    return build_graph(parse(text).evaluate(numbers or {}).output)


@cache
def all_groups() -> tuple[str, ...]:
    """Every group there is, found by unfolding again and again."""
    loss, recording = tiny_gpt()
    unfolded: set[str] = set()
    while True:
        nodes = build_graph(loss, recording, unfolded).nodes.values()
        more = {node.group for node in nodes if node.group}
        if not more:
            return tuple(sorted(unfolded))
        unfolded |= more


def test_an_expression_as_nodes_and_edges() -> None:
    graph = graph_of("relu(w1*x + w2)")
    assert list(graph.nodes) == ["leaf w1", "leaf x", "leaf w2", "0", "1", "2"]
    assert [(edge.source, edge.target, edge.child_index, edge.count) for edge in graph.edges] == [
        ("leaf w1", "0", 0, 1),
        ("leaf x", "0", 1, 1),
        ("0", "1", 0, 1),
        ("leaf w2", "1", 1, 1),
        ("1", "2", 0, 1),
    ]
    assert list(graph.frames) == []
    node = graph.nodes["2"]
    assert node.value is not None
    assert (node.value.operation, node.group, node.parent) == ("relu", "", "")
    assert {graph.nodes[key].value for key in graph.nodes} == set(graph.keys)


def test_a_value_used_twice_has_two_edges() -> None:
    assert [(edge.source, edge.child_index) for edge in graph_of("a*a").edges] == [
        ("leaf a", 0),
        ("leaf a", 1),
    ]


@pytest.mark.parametrize("text", ["a", "3", "-3"])
def test_a_leaf_alone_is_a_graph_of_one(text: str) -> None:
    graph = graph_of(text)
    assert (len(graph.nodes), list(graph.edges)) == (1, [])


@pytest.mark.parametrize("text", ["2*3 + a", "exp(2)*a + exp(2)*log(3)", "4", "a*a + 0.5"])
def test_keys_stay_when_the_numbers_change(text: str) -> None:
    graph, again = graph_of(text), graph_of(text, {"a": 5.0})
    assert list(graph.nodes) == list(again.nodes)
    assert graph.edges == again.edges


def test_parameters_are_called_by_their_place() -> None:
    assert leaf_key(("wte", 4, 0)) == "wte[4, 0]"
    assert leaf_key("x") == "leaf x"


def test_the_groups_of_a_gpt() -> None:
    loss, recording = tiny_gpt()
    graph = build_graph(loss, recording)
    assert [node.group for node in graph.nodes.values()] == [
        "parameters",
        "position 0",
        "position 1",
        "",  # the sum of both losses, and half of it
        "",
    ]
    counts = {(edge.source, edge.target): edge.count for edge in graph.edges}
    # What the second position takes from the first: in either layer 4 keys and 4 values, each once.
    assert counts["group position 0", "group position 1"] == 16
    groups = all_groups()
    assert "position 1/attention 1/head 0/pattern" in groups
    assert "position 0/mlp 1/post" in groups
    assert "position 0/output/logits" in groups
    assert "position 0/embedding" in groups
    assert "parameters/layer0.attn_wq/row 3" in groups
    assert {path.count("/") for path in groups} == {0, 1, 2, 3}


def test_to_unfold_shows_what_is_inside() -> None:
    loss, recording = tiny_gpt()
    path = "position 1/attention 0"
    graph = build_graph(loss, recording, {"position 1", path, f"{path}/head 1"})
    assert list(graph.frames) == ["position 1", path, f"{path}/head 1"]
    inside = [node.group for node in graph.nodes.values() if node.parent == path]
    names = ("norm", "query", "key", "value", "head 0", "output", "residual")
    assert inside == [f"{path}/{name}" for name in names]
    inside = [node.group for node in graph.nodes.values() if node.parent == f"{path}/head 1"]
    assert inside == [f"{path}/head 1/{name}" for name in ("scores", "pattern", "output")]
    # Two keys seen: for each a dot product and a division; from each a probability.
    assert [len(graph.nodes[f"group {group}"].values) for group in inside] == [4, 2, 2]


def test_a_hidden_group_unfolds_nothing() -> None:
    loss, recording = tiny_gpt()
    folded = build_graph(loss, recording)
    hidden = build_graph(loss, recording, {"position 1/attention 0", "nowhere"})
    assert (hidden.nodes, list(hidden.frames)) == (folded.nodes, [])


@st.composite
def unfolded_sets(draw: st.DrawFn) -> set[str]:
    """Mostly sets in which a group's surroundings are unfolded too."""
    chosen = draw(st.sets(st.sampled_from(all_groups()), max_size=12))
    if draw(st.booleans()):
        chosen |= {path.rsplit("/", depth)[0] for path in chosen for depth in (1, 2, 3)}
    return chosen


@settings(max_examples=60)
@given(unfolded=unfolded_sets())
def test_whatever_is_unfolded(unfolded: Collection[str]) -> None:
    loss, recording = tiny_gpt()
    graph = build_graph(loss, recording, unfolded)

    # Every value has its place, and only one.
    values = dict.fromkeys(
        v for parent in computed_values(loss) for v in (parent, *parent.children)
    )
    assert graph.keys.keys() == values.keys()
    assert sum(len(node.values) for node in graph.nodes.values()) == len(values)
    assert all(value in graph.nodes[key].values for value, key in graph.keys.items())

    # No way leads back, and the nodes come in an order in which they can be computed.
    places = {key: place for place, key in enumerate(graph.nodes)}
    assert all(places[edge.source] < places[edge.target] for edge in graph.edges)
    sources: dict[str, set[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, set()).add(edge.source)
    TopologicalSorter(sources).prepare()  # raises CycleError

    # No edge is lost but those within a folded group.
    links = [(graph.keys[c], graph.keys[v]) for v in computed_values(loss) for c in v.children]
    within = sum(source == target for source, target in links)
    assert sum(edge.count for edge in graph.edges) == len(links) - within
    assert len({(e.source, e.target, e.child_index) for e in graph.edges}) == len(graph.edges)

    # What is shown folded is folded, and stands in what is unfolded.
    for node in graph.nodes.values():
        assert node.group not in unfolded
        parts = node.parent.split("/") if node.parent else []
        around = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        assert set(around) <= set(graph.frames) <= set(unfolded)
        if node.group:
            assert node.group.rpartition("/")[0] == node.parent


@settings(max_examples=20)
@given(unfolded=unfolded_sets(), seed=st.integers(0, 99))
def test_keys_stay_when_the_weights_change(unfolded: Collection[str], seed: int) -> None:
    graph = build_graph(*tiny_gpt(), unfolded)
    again = build_graph(*tiny_gpt(seed), unfolded)
    assert list(graph.nodes) == list(again.nodes)
    assert graph.edges == again.edges


def test_a_recording_changes_no_number() -> None:
    weights = as_leaves(initialise(CONFIG, random.Random(3)))
    assert tiny_gpt(3)[0].data == document_loss(CONFIG, weights, [2, 0, 2]).data


def test_a_groups_gradients_are_its_values() -> None:
    logits = [Value.leaf(number, f"z{i}") for i, number in enumerate((0.1, 0.2, 0.3))]
    recording = Recording()
    probabilities = softmax(logits)
    recording.within("here")("probabilities", probabilities)
    root = probabilities[0] * probabilities[1]
    gradients = backward(root)
    node = build_graph(root, recording).nodes["group here"]
    # The third probability is not part of the graph.
    assert node.values == tuple(probabilities[:2])
    assert group_gradient(node, gradients) == [probabilities[1].data, probabilities[0].data]
