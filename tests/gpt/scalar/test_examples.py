import math

import pytest

from gpt.scalar.difference import central_difference
from gpt.scalar.examples import EXAMPLES, Example, TinyGPT
from gpt.scalar.expression import Evaluation, parse
from gpt.scalar.graph import Recording, build_graph
from gpt.scalar.value import backward
from gpt.scalar.walkthrough import naive_order

BY_TITLE = {example.title: example for example in EXAMPLES}


def evaluate(example: Example, **numbers: float) -> Evaluation:
    return parse(example.text).evaluate({**example.numbers, **numbers})


def leaf_gradients(evaluation: Evaluation) -> dict[str, float]:
    gradients = backward(evaluation.output)
    return {name: gradients[name] for name in evaluation.leaves}


@pytest.mark.parametrize("example", EXAMPLES, ids=BY_TITLE)
def test_every_example_can_be_worked_out_and_has_a_number_for_every_leaf(example: Example) -> None:
    program = parse(example.text)
    assert program.leaf_names and set(program.leaf_names) == {*example.numbers}
    gradients = leaf_gradients(evaluate(example))
    for name, number in example.numbers.items():
        slope = central_difference(
            lambda x, name=name: evaluate(example, **{name: x}).output.data, number, 1e-5
        )
        assert gradients[name] == pytest.approx(slope, abs=1e-8)


def goes_wrong_in_naive_order(example: Example) -> bool:
    evaluation = evaluate(example)
    totals = {
        delivery.child.id: delivery.total
        for firing in naive_order(evaluation.output)
        for delivery in firing.deliveries
    }
    return any(
        totals[name] != pytest.approx(gradient, rel=1e-12)
        for name, gradient in leaf_gradients(evaluation).items()
    )


def test_there_is_enough_to_see_the_naive_order_fail_on() -> None:
    """To be used twice does a leaf no harm, as a in the bump test: it has nobody to fire at."""
    assert [example.title for example in EXAMPLES if goes_wrong_in_naive_order(example)] == [
        "Cross-entropy",
        "Attention score",
        "Why the order matters",
        "Why depth first fails",
    ]


def test_what_the_remarks_promise() -> None:
    neuron = BY_TITLE["One neuron"]
    assert evaluate(neuron).output.data == 0.7
    assert leaf_gradients(evaluate(neuron)) == {"w1": 2.0, "x": 0.5, "w2": 1.0}
    assert set(leaf_gradients(evaluate(neuron, w2=-1.01)).values()) == {0.0}

    assert leaf_gradients(evaluate(BY_TITLE["Fan-out"])) == {"a": 6.0}

    tanh = BY_TITLE["Tanh neuron"]
    assert evaluate(tanh).output.data == pytest.approx(math.sqrt(0.5))
    expected = {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5}
    assert leaf_gradients(evaluate(tanh)) == pytest.approx(expected)

    surprise = BY_TITLE["Cross-entropy"]
    sizes = {name: math.exp(number) for name, number in surprise.numbers.items()}
    shares = {name: size / sum(sizes.values()) for name, size in sizes.items()}
    assert leaf_gradients(evaluate(surprise)) == pytest.approx({**shares, "b": shares["b"] - 1})

    assert leaf_gradients(evaluate(BY_TITLE["Why the order matters"])) == {"a": 4.0}
    assert leaf_gradients(evaluate(BY_TITLE["Why depth first fails"])) == {"a": 10.0}


def test_the_loss_of_a_tiny_gpt() -> None:
    gpt = TinyGPT("ava")
    recording = Recording()
    evaluation = gpt.evaluate({}, recording)
    assert evaluation.output.data == pytest.approx(math.log(27), abs=0.1)
    assert evaluation.output.data == gpt.loss({})
    assert len(gpt.leaf_names) == len(evaluation.leaves) == 444
    assert gpt.start("wte[4, 0]") == evaluation.leaves["wte[4, 0]"].data
    groups = [node.group for node in build_graph(evaluation.output, recording).nodes.values()]
    assert groups[:5] == ["parameters", "0: ⊢ → a", "1: a → v", "2: v → a", "3: a → ⊢"]


def test_a_parameter_of_the_tiny_gpt_can_be_moved() -> None:
    gpt = TinyGPT("bo")
    evaluation = gpt.evaluate({"lm_head[1, 0]": 0.5}, Recording())
    leaf = evaluation.leaves["lm_head[1, 0]"]
    assert leaf.data == 0.5
    assert evaluation.output.data == gpt.loss({"lm_head[1, 0]": 0.5}) != gpt.loss({})
    slope = central_difference(lambda x: gpt.loss({"lm_head[1, 0]": x}), 0.5, 1e-5)
    assert backward(evaluation.output)[leaf.id] == pytest.approx(slope, abs=1e-9)


def test_the_seed_decides_the_weights_of_the_tiny_gpt() -> None:
    assert TinyGPT("bo").loss({}) == TinyGPT("bo", seed=42).loss({}) != TinyGPT("bo", 43).loss({})


@pytest.mark.parametrize("name", ["", "maximilian", "Ava", "o'b", "é"])
def test_a_name_that_the_tiny_gpt_cannot_read_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name must be 1 to 8 letters from a to z, such as av"):
        TinyGPT(name)
