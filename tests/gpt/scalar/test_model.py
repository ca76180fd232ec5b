import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.scalar.functions import linear, relu, rmsnorm, softmax
from gpt.scalar.model import (
    Cache,
    Config,
    Weights,
    as_leaves,
    as_numbers,
    empty_cache,
    forward,
    initialise,
    parameter_ids,
)
from gpt.scalar.train import document_loss

MICROGPT = Config(vocab_size=27)

configs = st.builds(
    lambda n_layer, head_size, n_head, vocab_size: Config(
        vocab_size, n_layer, head_size * n_head, 5, n_head
    ),
    n_layer=st.integers(1, 2),
    head_size=st.integers(1, 3),
    n_head=st.integers(1, 3),
    vocab_size=st.integers(2, 6),
)


def logits_of(config: Config, weights: Weights, tokens: list[int]) -> list[list[Any]]:
    """The logits at every position of a text."""
    cache = empty_cache(config)
    rows = []
    for position, token in enumerate(tokens):
        logits, cache = forward(config, weights, token, position, cache)
        rows.append(logits)
    return rows


def test_microgpt_has_4192_parameters_in_this_order() -> None:
    assert list(MICROGPT.matrix_shapes().items()) == [
        ("wte", (27, 16)),
        ("wpe", (16, 16)),
        ("lm_head", (27, 16)),
        ("layer0.attn_wq", (16, 16)),
        ("layer0.attn_wk", (16, 16)),
        ("layer0.attn_wv", (16, 16)),
        ("layer0.attn_wo", (16, 16)),
        ("layer0.mlp_fc1", (64, 16)),
        ("layer0.mlp_fc2", (16, 64)),
    ]
    ids = parameter_ids(as_leaves(initialise(MICROGPT, random.Random(42))))
    assert len(ids) == len(set(ids)) == 4192
    assert ids[0] == ("wte", 0, 0)
    assert ids[-1] == ("layer0.mlp_fc2", 15, 63)


def test_weights_are_drawn_row_by_row() -> None:
    rng = random.Random(42)
    expected = [rng.gauss(0, 0.08) for _ in range(27 * 16 + 1)]
    weights = initialise(MICROGPT, random.Random(42))
    assert [w for row in weights["wte"] for w in row] == expected[:-1]
    assert weights["wpe"][0][0] == expected[-1]
    flat = [w for rows in weights.values() for row in rows for w in row]
    assert sum(w * w for w in flat) / len(flat) == pytest.approx(0.08**2, rel=0.1)
    assert as_numbers(as_leaves(weights)) == weights


@settings(max_examples=25)
@given(config=configs, seed=st.integers(0, 2**32), std=st.sampled_from([0.08, 1.0]))
def test_with_and_without_a_graph_bit_for_bit_the_same(
    config: Config, seed: int, std: float
) -> None:
    rng = random.Random(seed)
    weights = initialise(config, rng, std)
    tokens = [rng.randrange(config.vocab_size) for _ in range(config.block_size)]
    with_graph = logits_of(config, as_leaves(weights), tokens)
    assert [[logit.data for logit in row] for row in with_graph] == logits_of(
        config, weights, tokens
    )
    loss = document_loss(config, as_leaves(weights), tokens)
    assert loss.data == document_loss(config, weights, tokens)


def test_with_and_without_a_trace_bit_for_bit_the_same() -> None:
    config = Config(vocab_size=5, n_layer=2, n_embd=6, block_size=4, n_head=3)
    weights = initialise(config, random.Random(1), std=0.5)
    seen: dict[str, list[float]] = {}
    cache = empty_cache(config)
    for position, token in enumerate([3, 1, 4]):
        plain, _ = forward(config, weights, token, position, cache)
        seen.clear()
        traced, cache = forward(config, weights, token, position, cache, trace=seen.__setitem__)
        assert traced == plain == seen["logits"]
    names = ["embeddings"]
    for layer in range(2):
        block = f"blocks.{layer}"
        names += [f"{block}.ln_1", *(f"{block}.attn.{x}" for x in ("query", "key", "value"))]
        names += [
            f"{block}.attn.heads.{head}.{x}"
            for head in range(3)
            for x in ("scores", "pattern", "output")
        ]
        names += [f"{block}.attn.output", f"{block}.residual_mid", f"{block}.ln_2"]
        names += [f"{block}.mlp.{x}" for x in ("pre", "post", "output")]
        names += [f"{block}.residual_post"]
    assert list(seen) == [*names, "logits"]

    # What is told is what was computed.
    assert seen["blocks.1.attn.heads.2.pattern"] == softmax(seen["blocks.1.attn.heads.2.scores"])
    assert len(seen["blocks.1.attn.heads.2.pattern"]) == 3
    assert seen["blocks.0.ln_2"] == rmsnorm(seen["blocks.0.residual_mid"])
    assert seen["blocks.0.mlp.pre"] == linear(seen["blocks.0.ln_2"], weights["layer0.mlp_fc1"])
    assert seen["blocks.0.mlp.post"] == relu(seen["blocks.0.mlp.pre"])
    assert seen["logits"] == linear(seen["blocks.1.residual_post"], weights["lm_head"])
    query, key = seen["blocks.0.attn.query"], seen["blocks.0.attn.key"]
    own_score = (query[2] * key[2] + query[3] * key[3]) / 2**0.5
    assert seen["blocks.0.attn.heads.1.scores"][-1] == pytest.approx(own_score, rel=1e-14)


def test_the_cache_grows_by_one_and_is_not_written_to() -> None:
    config = Config(vocab_size=5, n_layer=2, n_embd=6, block_size=4, n_head=3)
    weights = initialise(config, random.Random(1))
    caches: list[Cache] = [empty_cache(config)]
    for position, token in enumerate([3, 1, 4]):
        caches.append(forward(config, weights, token, position, caches[-1])[1])
    assert [[len(part) for layer in cache for part in layer] for cache in caches] == [
        [n] * 4 for n in range(4)
    ]
    # Two continuations of one beginning do not get in each other's way.
    once = forward(config, weights, 2, 3, caches[3])[0]
    forward(config, weights, 0, 3, caches[3])
    assert forward(config, weights, 2, 3, caches[3])[0] == once


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_embd": 10, "n_head": 4}, "n_embd 10 cannot be shared evenly among 4 heads"),
        ({"n_layer": 0}, "n_layer is 0; it must be at least 1"),
        ({"block_size": -1}, "block_size is -1; it must be at least 1"),
        ({"vocab_size": 0}, "vocab_size is 0; it must be at least 1"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Config(**{"vocab_size": 27, **sizes})
