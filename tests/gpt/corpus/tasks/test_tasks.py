from __future__ import annotations

import math
import random

import pytest

from gpt.corpus.tasks import N_EXAMPLES, TASKS, generate_corpus
from gpt.corpus.tasks.brackets import Brackets, completions
from gpt.corpus.tasks.grammar import GRAMMAR, Grammar
from gpt.corpus.tasks.strings import Copy
from gpt.corpus.tasks.task import Example


@pytest.mark.parametrize("name", TASKS)
def test_the_floor_is_the_mean_surprise_of_who_knows_the_process(name):
    task, rng = TASKS[name], random.Random(7)
    examples = [task.draw(rng) for _ in range(5_000)]
    surprises = [-math.log(task.probability(each)) for each in examples]
    n_tokens = [len(each.answer) + 1 for each in examples]
    # The ratio's standard error, by the spread of what each example is away from it.
    mean = sum(surprises) / sum(n_tokens)
    away = [s - mean * n for s, n in zip(surprises, n_tokens, strict=True)]
    error = math.sqrt(sum(a * a for a in away)) / sum(n_tokens)
    assert abs(mean - task.floor) <= 4 * error
    assert error < 0.005


@pytest.mark.parametrize(
    ("name", "prompt", "right", "wrong"),
    [
        ("copy", "ab=qwe", "qwe", "abq"),
        ("copy", "=qwert", "qwert", "qwer"),
        ("reverse", "abbey", "yebba", "abbey"),
        ("sort", "4099", "0499", "049"),
        ("add", "57+968", "1025", "925"),
        ("brackets", "(([]{}[", "])[]()())", "])[]()())]"),
        ("brackets", "(([]{}[", "])[](){})", "])[]())"),
        ("grammar", "the cat near the dogs", "sleeps", "sleep"),
        ("grammar", "all old hens", "follow the fox", "follow all fox"),
    ],
)
def test_right_answers_are_told_from_wrong_ones(name, prompt, right, wrong):
    assert TASKS[name].is_right(Example(prompt, right))
    assert not TASKS[name].is_right(Example(prompt, wrong))


@pytest.mark.parametrize("name", TASKS)
def test_an_example_survives_its_document(name):
    task, rng = TASKS[name], random.Random(3)
    for _ in range(200):
        example = task.draw(rng)
        assert Example.of(example.document) == example
        assert task.is_right(example)


@pytest.mark.parametrize("name", TASKS)
def test_a_corpus_is_always_the_same_and_holds_out_what_is_new(name):
    corpus = generate_corpus(name)
    assert (corpus.name, corpus.kind, corpus.task) == (name, "documents", name)
    assert len(corpus.documents) == N_EXAMPLES
    again = generate_corpus.__wrapped__(name)
    assert again.sha256 == corpus.sha256
    if TASKS[name].has_one_answer:
        assert len(set(corpus.documents)) == N_EXAMPLES


def test_copy_cannot_be_done_at_a_fixed_distance():
    """From a letter of the answer to the letter to write, as one head would have to look back."""
    rng, task = random.Random(1), Copy()
    distances = []
    for _ in range(2_000):
        prompt, answer = task.draw(rng)
        assert len(set(answer)) == len(answer)
        assert len(set(prompt) - {"="}) == len(prompt) - 1
        distances.append(len(answer))
    most_common = max(distances.count(each) for each in set(distances))
    assert most_common / len(distances) < 0.2


def test_without_a_look_back_copying_is_as_hard_as_guessing_the_string():
    # Strings of 4 to 10 letters, and so 8 tokens on average; written out from the definition.
    arrangements = [math.lgamma(27) - math.lgamma(27 - n) for n in range(4, 11)]
    expected = (math.log(7) + sum(arrangements) / 7) / 8
    assert Copy().blind_floor == pytest.approx(expected, abs=1e-12)
    assert expected == pytest.approx(2.97061, abs=1e-5)


def test_completions_are_catalan_and_ballot_numbers():
    assert [completions(2 * n, 0) for n in range(8)] == [1, 1, 2, 5, 14, 42, 132, 429]
    assert [completions(6, d) for d in range(8)] == [5, 0, 9, 0, 5, 0, 1, 0]


def test_all_completions_of_a_prompt_share_its_probability():
    task = Brackets()
    assert task.probability(Example("((((((((", "))))))))")) == pytest.approx(1)
    # One step short of the end of a shape, only the kinds of what is yet to be opened are free.
    assert task.probability(Example("((((((()", "))))))[]")) == pytest.approx(
        1 / (3 * completions(8, 6))
    )
    assert task.probability(Example("(((([[[[", "}}}}]]]]")) == 0


def test_the_grammar_is_one_of_probabilities():
    for symbol, rules in GRAMMAR.items():
        assert sum(rules.values()) == pytest.approx(1), symbol
    answer = Grammar().probability(Example("the cat near the dogs", "sees the fox"))
    assert answer == pytest.approx(0.5 * 0.4 * 0.6 / 6)
    assert Grammar().probability(Example("cat the", "sleeps")) == 0
