import math
import random
from collections import Counter

import pytest

from gpt.scalar.functions import softmax
from gpt.scalar.model import Config, as_leaves, empty_cache, forward, initialise
from gpt.scalar.sample import sample

CONFIG = Config(vocab_size=5, n_layer=2, n_embd=6, block_size=6, n_head=3)
BOS = 4
WEIGHTS = initialise(CONFIG, random.Random(7), std=0.4)


def sample_through_the_graph(rng: random.Random, temperature: float) -> list[int]:
    """As MicroGPT does it: every logit and every probability a Value."""
    weights, token, cache = as_leaves(WEIGHTS), BOS, empty_cache(CONFIG)
    drawn: list[int] = []
    while len(drawn) < CONFIG.block_size:
        logits, cache = forward(CONFIG, weights, token, len(drawn), cache)
        probabilities = softmax([logit / temperature for logit in logits])
        (token,) = rng.choices(range(5), weights=[p.data for p in probabilities])
        if token == BOS:
            break
        drawn.append(token)
    return drawn


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_without_a_graph_what_the_graph_would_draw(temperature: float) -> None:
    for seed in range(20):
        drawn = list(sample(CONFIG, WEIGHTS, BOS, random.Random(seed), temperature=temperature))
        assert drawn == sample_through_the_graph(random.Random(seed), temperature)


def test_the_generator_moves_on_by_one_number_a_token() -> None:
    rng, counting = random.Random(3), random.Random(3)
    drawn = list(sample(CONFIG, WEIGHTS, BOS, rng))
    for _ in range(min(len(drawn) + 1, CONFIG.block_size)):
        counting.random()
    assert rng.random() == counting.random()


def test_a_document_ends_at_bos_or_with_the_block() -> None:
    documents = [list(sample(CONFIG, WEIGHTS, BOS, random.Random(seed))) for seed in range(200)]
    lengths = Counter(map(len, documents))
    assert max(lengths) == CONFIG.block_size
    assert len(lengths) > 3
    assert all(BOS not in document for document in documents)


def test_tokens_come_as_often_as_their_probability() -> None:
    logits, _ = forward(CONFIG, WEIGHTS, BOS, 0, empty_cache(CONFIG))
    rng = random.Random(0)
    firsts = Counter(next(sample(CONFIG, WEIGHTS, BOS, rng), BOS) for _ in range(2000))
    for token, probability in enumerate(softmax(logits)):
        tolerance = 4 * math.sqrt(probability * (1 - probability) / 2000)
        assert firsts[token] / 2000 == pytest.approx(probability, abs=tolerance)


@pytest.mark.parametrize("temperature", [1e-3, 1e-310])
def test_next_to_no_temperature_always_draws_the_likeliest(temperature: float) -> None:
    documents = {
        tuple(sample(CONFIG, WEIGHTS, BOS, random.Random(seed), temperature=temperature))
        for seed in range(5)
    }
    assert len(documents) == 1
    token, cache = BOS, empty_cache(CONFIG)
    for position, drawn in enumerate(documents.pop()):
        logits, cache = forward(CONFIG, WEIGHTS, token, position, cache)
        assert drawn == max(range(5), key=logits.__getitem__)
        token = drawn


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature is .*; it must be above 0"):
        next(sample(CONFIG, WEIGHTS, BOS, random.Random(0), temperature=temperature))
