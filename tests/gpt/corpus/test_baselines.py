from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.baselines import bigram_loss, measure_baselines, uniform_loss, unigram_loss

streams = st.lists(st.integers(0, 4), min_size=2, max_size=50)


def test_guessing_among_27_tokens():
    assert uniform_loss(27) == pytest.approx(3.2958, abs=5e-5)


def test_bigrams_of_the_names_are_those_of_the_makemore_lecture(names_32k):
    stream = names_32k.encode(names_32k.documents)
    # The lecture adds 228,146 logarithms in float32, which is right to about 2e-4: it shows
    # 2.4541 without smoothing and 2.4544 with one added to each count.
    assert bigram_loss(stream, stream, 27, smoothing=1e-9) == pytest.approx(2.4541, abs=3e-4)
    assert bigram_loss(stream, stream, 27, smoothing=1) == pytest.approx(2.4544, abs=3e-4)


def test_bigrams_of_shakespeare_are_near_the_bigram_model_of_the_lecture(shakespeare):
    parts = shakespeare.split(random.Random(0))
    train, validation = map(shakespeare.encode, parts)
    baselines = measure_baselines(train, validation, 65)
    assert baselines.uniform == pytest.approx(math.log(65))
    # The lecture's bigram model reaches 2.49 by training; counting is what it is trained towards.
    assert baselines.bigram == pytest.approx(2.49, abs=0.02)
    assert baselines.bigram < baselines.unigram < baselines.uniform


def test_losses_by_hand():
    train, validation = [0, 1, 0, 1, 0, 0], [1, 0, 1, 1]
    # Of the 5 tokens that follow another, 3 are 0 and 2 are 1; with one added: 4/7 and 3/7.
    by_hand = -(math.log(4 / 7) + 2 * math.log(3 / 7)) / 3
    assert unigram_loss(train, validation, 2) == pytest.approx(by_hand, abs=1e-15)
    # After 0 came 1 twice and 0 once; after 1 came 0 twice: 3/5 for 01, 3/4 for 10, 1/4 for 11.
    by_hand = -(math.log(3 / 4) + math.log(3 / 5) + math.log(1 / 4)) / 3
    assert bigram_loss(train, validation, 2) == pytest.approx(by_hand, abs=1e-15)


@given(streams, streams, st.floats(0.01, 10))
def test_probabilities_sum_to_one_whatever_was_counted(train, context, smoothing):
    after = [
        math.exp(-bigram_loss(train, [context[0], y], 5, smoothing=smoothing)) for y in range(5)
    ]
    assert sum(after) == pytest.approx(1)
    alone = [math.exp(-unigram_loss(train, [0, y], 5, smoothing=smoothing)) for y in range(5)]
    assert sum(alone) == pytest.approx(1)


@given(streams)
def test_much_smoothing_is_guessing(stream):
    baselines = measure_baselines(stream, stream, 5, smoothing=1e9)
    assert baselines.unigram == pytest.approx(baselines.uniform, abs=1e-6)
    assert baselines.bigram == pytest.approx(baselines.uniform, abs=1e-6)


@pytest.mark.parametrize("loss", [unigram_loss, bigram_loss])
def test_what_has_no_loss_is_refused(loss):
    with pytest.raises(ValueError) as refusal:
        loss([0, 1], [0], 2)
    assert str(refusal.value) == (
        "A loss needs at least two validation tokens: one to predict the next."
    )
    with pytest.raises(ValueError) as refusal:
        loss([0, 1], [0, 1], 2, smoothing=0)
    assert str(refusal.value) == "Smoothing adds more than 0 to each count, but 0 was asked."
