from __future__ import annotations

import pytest

from explorer.charts.graph_sentences import (
    Names,
    describe_backward,
    describe_delivery,
    describe_firing,
    describe_forward,
    describe_path,
    list_parents,
)
from gpt.scalar.expression import Evaluation, parse
from gpt.scalar.functions import cross_entropy, dot, softmax
from gpt.scalar.graph import build_graph
from gpt.scalar.paths import sum_over_paths
from gpt.scalar.value import Value, backward
from gpt.scalar.walkthrough import naive_order, right_order

NEURON = {"w1": 0.5, "x": 2.0, "w2": -0.3}


def evaluate(text: str, **numbers: float) -> Evaluation:
    return parse(text).evaluate(numbers)


def naming(evaluation: Evaluation) -> Names:
    return Names(evaluation.names)


@pytest.mark.parametrize(
    ("text", "title", "sentence"),
    [
        ("a + b", "+", "2 + (−3) = −1"),
        ("a - b", "−", "2 − (−3) = 5"),
        ("a * b", "×", "2 × (−3) = −6"),
        ("a / b", "÷", "2 ÷ (−3) = −0.6667"),
        ("a ** c", "^", "2 ^ 0.5 = 1.414"),
        ("a + 3", "+ 3", "2 + 3 = 5"),
        ("3 + a", "+ 3", "2 + 3 = 5"),
        ("b - 3", "− 3", "(−3) − 3 = −6"),
        ("3 - b", "3 −", "3 − (−3) = 6"),
        ("a * -3", "× −3", "2 × (−3) = −6"),
        ("a / 4", "÷ 4", "2 ÷ 4 = 0.5"),
        ("4 / a", "4 ÷", "4 ÷ 2 = 2"),
        ("b ** 2", "^ 2", "(−3) ^ 2 = 9"),
        ("3 ** a", "3 ^", "3 ^ 2 = 9"),
        ("-a", "−", "−2 = −2"),
        ("-b", "−", "−(−3) = 3"),
        ("exp(b)", "exp", "exp(−3) = 0.04979"),
        ("log(a)", "log", "log(2) = 0.6931"),
        ("relu(b)", "relu", "relu(−3) = 0"),
        ("tanh(c)", "tanh", "tanh(0.5) = 0.4621"),
        ("a", "a", "a is given: 2"),
        ("2.5", "2.5", "2.5 is given: 2.5"),
    ],
)
def test_what_a_node_is_called_and_how_it_came_to_be(text: str, title: str, sentence: str) -> None:
    evaluation = evaluate(text, a=2.0, b=-3.0, c=0.5)
    assert naming(evaluation).title(evaluation.output) == title
    assert describe_forward(evaluation.output, naming(evaluation)) == sentence


def leaves(*numbers: float) -> list[Value]:
    return [Value.leaf(number, f"x{i}") for i, number in enumerate(numbers)]


def test_operations_on_vectors() -> None:
    names = Names({})
    product = dot(leaves(1.0, -2.0), leaves(0.5, 3.0))
    assert (names.title(product), describe_forward(product, names)) == (
        "·",
        "1 × 0.5 + (−2) × 3 = −5.5",
    )
    probability = softmax(leaves(0.0, 0.0, 0.0, 0.0))[2]
    assert (names.title(probability), describe_forward(probability, names)) == (
        "softmax",
        "softmax(0, 0, 0, 0)[2] = 0.25",
    )
    loss = cross_entropy(leaves(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 1)
    assert (names.title(loss), describe_forward(loss, names)) == (
        "−ln softmax",
        "−ln softmax(0, 0, 0, 0, 0, …)[1] = 1.792",
    )


def test_a_softmax_of_one_is_a_softmax() -> None:
    """As in the attention of the very first position."""
    (certain,) = softmax(leaves(0.7))
    assert Names({}).title(certain) == "softmax"
    assert describe_forward(certain, Names({})) == "softmax(0.7)[0] = 1"


def test_a_long_sum_is_cut_short() -> None:
    product = dot(leaves(*range(8)), leaves(*range(8)))
    assert describe_forward(product, Names({})) == (
        "0 × 0 + 1 × 1 + 2 × 2 + 3 × 3 + 4 × 4 + … 3 more = 140"
    )


def test_names_that_were_given_come_first() -> None:
    evaluation = evaluate("b = a + a\nc = b + b\nc", a=1.0)
    names = naming(evaluation)
    assert (names.short(evaluation.output), names.title(evaluation.output)) == ("c", "+")
    assert names.short(evaluation.leaves["a"]) == "a"
    assert names.short(Value.leaf(1.0, ("wte", 4, 0))) == "wte[4, 0]"


def test_a_gradient_has_a_term_for_every_use() -> None:
    evaluation = evaluate("a*b + a**2", a=2.0, b=-3.0)
    graph = build_graph(evaluation.output)
    parents = list_parents(graph.keys)
    gradients = backward(evaluation.output)
    sentences = {
        name: describe_backward(leaf, parents, gradients)
        for name, leaf in evaluation.leaves.items()
    }
    assert sentences == {"a": "grad = 1 × (−3) + 1 × 4 = 1", "b": "grad = 1 × 2 = 2"}
    assert describe_backward(evaluation.output, parents, gradients) == (
        "grad = 1: the output with respect to itself"
    )


def test_a_square_has_two_uses_of_the_same_value() -> None:
    evaluation = evaluate("a*a", a=3.0)
    parents = list_parents(build_graph(evaluation.output).keys)
    assert describe_backward(evaluation.leaves["a"], parents, backward(evaluation.output)) == (
        "grad = 1 × 3 + 1 × 3 = 6"
    )


def test_who_hands_what_to_whom() -> None:
    evaluation = evaluate("relu(w1*x + w2)", **NEURON)
    names, gradients = naming(evaluation), backward(evaluation.output)
    firings = right_order(evaluation.output)
    assert [describe_delivery(d, names) for d in firings[2].deliveries] == [
        "grad[w1] += 1 × 2 → 2",
        "grad[x] += 1 × 0.5 → 0.5",
    ]
    assert describe_firing(firings[2], names, gradients) == (
        "× hands its gradient 1 to what it was computed from"
    )


def test_who_fires_too_early_is_told() -> None:
    evaluation = evaluate("b = a + a\nc = b + b\nc")
    names, gradients = naming(evaluation), backward(evaluation.output)
    assert [describe_firing(f, names, gradients) for f in naive_order(evaluation.output)] == [
        "c hands its gradient 1 to what it was computed from",
        "b fires too early: it has 1 of the 2 that it will be owed",
        "b fires too early: it has 1 of the 2 that it will be owed",
        "c hands its gradient 1 to what it was computed from",
    ]
    right = [describe_firing(f, names, gradients) for f in right_order(evaluation.output)]
    assert right[1] == "b hands its gradient 2 to what it was computed from"


def test_a_path_and_its_product() -> None:
    evaluation = evaluate("relu(w1*x + w2)", **NEURON)
    leaf = evaluation.leaves["w1"]
    (path,) = sum_over_paths(evaluation.output, leaf, 2.0).largest
    assert describe_path(path, naming(evaluation)) == ("w1 → × → + → relu", "2 × 1 × 1")
    (path,) = sum_over_paths(leaf, leaf, 1.0).largest
    assert describe_path(path, naming(evaluation)) == ("w1", "")
