"""One forward: fused or explicit, watched or not, with a cache or without, the same answer."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import Head, MultiHeadAttention
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS

GPT2_LIKE = GPTConfig.gpt2(
    vocab_size=11, block_size=8, n_layer=2, n_head=4, n_embd=32, dropout=0.0, initialisation="torch"
)


FAST = PRESETS["fast"].model(11, block_size=8, n_layer=2, n_embd=32)
# Each of the newer parts alone on GPT-2, and all together.
NEWER = {
    "rotary": replace(GPT2_LIKE, position="rotary"),
    "without-positions": replace(GPT2_LIKE, position="none"),
    "token-shift": replace(GPT2_LIKE, token_shift=3),
    "rmsnorm": replace(GPT2_LIKE, norm="rmsnorm", embedding_norm=True, final_norm=False),
    "qk-norm": replace(GPT2_LIKE, qk_norm=True),
    "gelu": replace(GPT2_LIKE, activation="gelu"),
    "relu2": replace(GPT2_LIKE, activation="relu2"),
    "fast": FAST,
}


def drawn_model(config: GPTConfig) -> LanguageModel:
    """A model of which no part is zero, as some are before training."""
    model = build_model(config)
    generator = torch.Generator().manual_seed(1337)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1, generator=generator)
    return model.eval()


def model_of(rung: str) -> LanguageModel:
    generator = torch.Generator().manual_seed(1337)
    config = GPT2_LIKE if rung == "gpt2" else GPTConfig.lecture(rung, 11)  # type: ignore[arg-type]
    return build_model(config, generator).eval()


MODELS = {rung: model_of(rung) for rung in (*RUNG_NAMES, "gpt2")}
MODELS |= {name: drawn_model(config) for name, config in NEWER.items()}
IDX = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(7))

each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@each_model
def test_fused_training_agrees_with_the_explicit_path(model: LanguageModel) -> None:
    explicit, explicit_loss = model(IDX, targets=IDX)
    fused, fused_loss = model.train()(IDX, targets=IDX)
    model.eval()
    assert torch.allclose(fused, explicit, atol=1e-5, rtol=0)
    assert fused_loss.item() == pytest.approx(explicit_loss.item(), abs=1e-5)


@each_model
@pytest.mark.parametrize("is_training", [False, True])
def test_traced_logits_are_the_untraced_ones_bit_for_bit(
    model: LanguageModel, is_training: bool
) -> None:
    untraced, _ = model(IDX)
    trace: dict[str, torch.Tensor] = {}
    traced, _ = model.train(is_training)(IDX, trace=trace)
    model.eval()
    assert torch.equal(traced, untraced)
    assert torch.equal(trace["logits"], untraced)


def test_a_trace_holds_every_activation_under_its_name_and_shape() -> None:
    trace: dict[str, torch.Tensor] = {}
    MODELS["gpt2"](IDX, trace=trace)
    block = {
        "residual_pre": (3, 8, 32),
        "ln_1": (3, 8, 32),
        "attn.query": (3, 4, 8, 8),
        "attn.key": (3, 4, 8, 8),
        "attn.value": (3, 4, 8, 8),
        "attn.scores": (3, 4, 8, 8),
        "attn.masked_scores": (3, 4, 8, 8),
        "attn.pattern": (3, 4, 8, 8),
        "attn.heads": (3, 4, 8, 8),
        "attn.output": (3, 8, 32),
        "residual_mid": (3, 8, 32),
        "ln_2": (3, 8, 32),
        "mlp.pre": (3, 8, 128),
        "mlp.post": (3, 8, 128),
        "mlp.output": (3, 8, 32),
        "residual_post": (3, 8, 32),
    }
    assert {name: tuple(tensor.shape) for name, tensor in trace.items()} == {
        "embeddings.token": (3, 8, 32),
        "embeddings.position": (8, 32),
        "embeddings": (3, 8, 32),
        **{f"blocks.{i}.{name}": shape for i in (0, 1) for name, shape in block.items()},
        "ln_f": (3, 8, 32),
        "logits": (3, 8, 11),
    }


def test_the_newer_parts_announce_what_they_compute() -> None:
    usual: dict[str, torch.Tensor] = {}
    newer: dict[str, torch.Tensor] = {}
    MODELS["gpt2"](IDX, trace=usual)
    MODELS["fast"](IDX, trace=newer)
    assert newer.keys() ^ usual.keys() == {"embeddings.position", "embeddings.shifted"}
    # Scores are the products of the very queries and keys that are shown.
    query, key = (newer[f"blocks.1.attn.{name}"] for name in ("query", "key"))
    assert torch.allclose(newer["blocks.1.attn.scores"], query @ key.mT / 8**0.5, atol=1e-5)
    assert torch.allclose(query.square().mean(-1), torch.ones(3, 4, 8), atol=1e-3)


@pytest.mark.parametrize("rung", RUNG_NAMES[1:])
def test_every_rung_with_attention_shows_its_pattern(rung: str) -> None:
    trace: dict[str, torch.Tensor] = {}
    MODELS[rung](IDX, trace=trace)
    config = MODELS[rung].config
    n_head = config.n_head if config.uses("n_head") else 1
    patterns = [pattern for name, pattern in trace.items() if name.endswith("attn.pattern")]
    assert len(patterns) == config.n_blocks
    for pattern in patterns:
        assert pattern.shape == (3, n_head, 8, 8)
        assert torch.allclose(pattern.sum(-1), torch.ones(3, n_head, 8))
        assert pattern.triu(1).count_nonzero() == 0


@pytest.mark.parametrize("rung", RUNG_NAMES[1:])
def test_what_the_heads_gathered_becomes_the_output_of_attention(rung: str) -> None:
    trace: dict[str, torch.Tensor] = {}
    model = MODELS[rung]
    model(IDX, trace=trace)
    attention = next(m for m in model.modules() if isinstance(m, Head | MultiHeadAttention))
    writes = trace["blocks.0.attn.heads"] @ attention.output_weight()  # (B, H, T, C)
    biases = dict(attention.named_parameters()).get("projection.bias", torch.zeros(32))
    assert torch.allclose(writes.sum(1) + biases, trace["blocks.0.attn.output"], atol=1e-6)


def test_heads_without_a_projection_write_to_their_own_channels() -> None:
    trace: dict[str, torch.Tensor] = {}
    MODELS["multi-head"](IDX, trace=trace)
    writes = trace["blocks.0.attn.heads"] @ MODELS["multi-head"].attn.output_weight()
    assert torch.equal(writes.sum(1), trace["blocks.0.attn.output"])
    assert writes[:, 1, :, :8].count_nonzero() == 0
    assert torch.equal(writes[:, 1, :, 8:16], trace["blocks.0.attn.heads"][:, 1])


@each_model
@settings(max_examples=20)
@given(n_texts=st.sampled_from([1, 3]), cuts=st.lists(st.integers(1, 7), max_size=4))
@example(n_texts=1, cuts=[1, 2, 3, 4, 5, 6, 7])  # a token of one text is read in a way of its own
def test_reading_piece_by_piece_with_a_cache_gives_the_same_logits(
    model: LanguageModel, n_texts: int, cuts: list[int]
) -> None:
    idx, edges = IDX[:n_texts], [0, *sorted(set(cuts)), 8]
    cache = model.new_cache()
    with torch.no_grad():
        whole, _ = model(idx)
        pieces = [model(idx[:, a:b], cache=cache)[0] for a, b in pairwise(edges)]
    assert cache.length == 8
    assert cache.is_full
    assert torch.allclose(torch.cat(pieces, dim=1), whole, atol=1e-5, rtol=0)


def test_a_full_cache_refuses_a_further_token() -> None:
    model = MODELS["gpt2"]
    cache = model.new_cache()
    with torch.no_grad():
        model(IDX, cache=cache)
        with pytest.raises(ValueError, match="9 tokens do not fit into a block of 8"):
            model(IDX[:, :1], cache=cache)


def test_a_cache_is_refused_while_gradients_are_recorded() -> None:
    model = MODELS["gpt2"]
    with pytest.raises(ValueError, match=r"call the model under torch\.no_grad\(\)"):
        model(IDX, cache=model.new_cache())


def test_switching_a_head_off_takes_away_exactly_what_it_wrote() -> None:
    model = MODELS["gpt2"]
    before: dict[str, torch.Tensor] = {}
    after: dict[str, torch.Tensor] = {}

    def without_head_2(heads: torch.Tensor) -> torch.Tensor:
        keep = torch.ones(4, 1, 1)
        keep[2] = 0
        return heads * keep

    model(IDX, trace=before)
    model(IDX, trace=after, ablate={"blocks.1.attn.heads": without_head_2})
    taken = before["blocks.1.attn.output"] - after["blocks.1.attn.output"]
    writes = before["blocks.1.attn.heads"] @ model.blocks[1].attn.output_weight()
    assert torch.allclose(taken, writes[:, 2], atol=1e-6)
    assert torch.equal(before["blocks.0.residual_post"], after["blocks.0.residual_post"])
    assert not torch.equal(before["logits"], after["logits"])


def test_switching_everything_off_leaves_the_embeddings() -> None:
    model = MODELS["residuals"]
    off = {
        f"blocks.{i}.{part}.output": torch.zeros_like for i in range(3) for part in ("attn", "mlp")
    }
    trace: dict[str, torch.Tensor] = {}
    model(IDX, trace=trace, ablate=off)
    assert torch.equal(trace["blocks.2.residual_post"], trace["embeddings"])


def test_patching_the_stream_with_another_text_gives_the_other_texts_logits() -> None:
    model, other = MODELS["gpt2"], IDX.flip(0)
    trace: dict[str, torch.Tensor] = {}
    expected, _ = model(other, trace=trace)
    patched, _ = model(IDX, ablate={"embeddings": lambda _: trace["embeddings"]})
    assert torch.equal(patched, expected)


def test_an_ablation_of_nothing_or_to_another_shape_is_refused() -> None:
    model = MODELS["gpt2"]
    with pytest.raises(ValueError, match=r"no activation blocks.7.attn.heads to ablate; this mod"):
        model(IDX, ablate={"blocks.7.attn.heads": torch.zeros_like})
    with pytest.raises(ValueError, match=r"must keep its shape \(3, 8, 32\), but returned \(3,"):
        model(IDX, ablate={"blocks.0.mlp.output": lambda x: x.sum(-1)})


def test_nothing_stays_behind_in_the_model() -> None:
    model = MODELS["gpt2"]
    before, _ = model(IDX)
    model(IDX, trace={}, ablate={"blocks.0.mlp.output": torch.zeros_like})
    assert torch.equal(model(IDX)[0], before)
