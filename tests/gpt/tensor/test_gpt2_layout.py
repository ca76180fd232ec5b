"""The same weights in `transformers`' GPT-2 compute what they compute here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from gpt.lens.trace import trace
from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt2_layout import (
    config_from_gpt2,
    config_from_nanogpt,
    config_to_gpt2,
    weights_from_gpt2,
    weights_to_gpt2,
)
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.sampling import generate
from gpt.tensor.weights import export_weights, import_weights

transformers = pytest.importorskip("transformers")

V = 13
SHAPES: dict[str, dict[str, Any]] = {
    "tied": {"n_layer": 2, "n_head": 4, "n_embd": 32},
    "untied": {"n_layer": 3, "n_head": 2, "n_embd": 16, "tie_word_embeddings": False},
    "one-wide-head": {"n_layer": 1, "n_head": 1, "n_embd": 24, "activation_function": "gelu"},
    "narrow-heads": {"n_layer": 2, "n_head": 12, "n_embd": 24, "activation_function": "relu"},
    "deep": {"n_layer": 6, "n_head": 3, "n_embd": 48, "tie_word_embeddings": False},
}
IDX = torch.randint(V, (3, 12), generator=torch.Generator().manual_seed(7))


def their_model(shape: dict[str, Any]) -> Any:
    """A random GPT-2 in which nothing is zero or one, as biases and gains are at first."""
    size = {"vocab_size": V, "n_positions": 24, "bos_token_id": None, "eos_token_id": None}
    config = transformers.GPT2Config(**size | shape, attn_implementation="eager")
    model = transformers.GPT2LMHeadModel(config).eval()
    generator = torch.Generator().manual_seed(1337)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.2, generator=generator)
    return model


def our_model(config: GPTConfig, weights: dict[str, torch.Tensor]) -> LanguageModel:
    model = build_model(config)
    import_weights(model, weights)
    return model.eval()


def drawn(config: GPTConfig) -> LanguageModel:
    model = build_model(config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.2, generator=generator)
    return model.eval()


def greedy(model: LanguageModel, idx: torch.Tensor, count: int) -> torch.Tensor:
    """Always the likeliest token."""
    nothing_drawn = torch.Generator()
    return generate(model, idx, count, generator=nothing_drawn, draw=lambda p, _: p.argmax(-1))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_gpt2_in_computes_what_transformers_computes(shape: dict[str, Any]) -> None:
    theirs = their_model(shape)
    config = config_from_gpt2(theirs.config.to_dict())
    ours = our_model(config, weights_from_gpt2(theirs.state_dict(), config))
    with torch.no_grad():
        expected = theirs(IDX, output_attentions=True, output_hidden_states=True)
    seen = trace(ours, IDX)
    assert torch.allclose(seen.logits, expected.logits, rtol=0, atol=1e-5)
    assert len(expected.attentions) == config.n_layer
    for layer, pattern in enumerate(expected.attentions):
        assert torch.allclose(seen.patterns[:, layer], pattern, rtol=0, atol=1e-5)
    for layer, stream in enumerate(expected.hidden_states[:-1]):
        assert torch.allclose(seen.residual_stream[:, layer], stream, rtol=0, atol=1e-5)
    continued = theirs.generate(
        IDX, attention_mask=torch.ones_like(IDX), max_new_tokens=12, do_sample=False, pad_token_id=0
    )
    assert torch.equal(greedy(ours, IDX, 12), continued)

    there = weights_to_gpt2(export_weights(ours), config)
    original = theirs.state_dict()
    assert there.keys() == original.keys()
    assert all(torch.equal(there[name], original[name]) for name in there)


OURS = GPTConfig.gpt2(vocab_size=V, block_size=24, n_layer=2, n_head=4, n_embd=32, dropout=0.0)


@pytest.mark.parametrize(
    "config",
    [
        OURS,
        replace(OURS, weight_tying=False),
        replace(OURS, bias=False, qkv_bias=False),
        replace(OURS, qkv_bias=False, activation="relu2"),
        GPTConfig(V, block_size=24, n_layer=1, n_head=8, n_embd=16, activation="gelu"),
    ],
    ids=["gpt2", "untied", "without-bias", "without-qkv-bias", "nanogpt"],
)
def test_ours_out_computes_the_same_in_transformers(config: GPTConfig) -> None:
    ours = drawn(config)
    values = config_to_gpt2(config)
    assert replace(config_from_gpt2(values), bias=config.bias, qkv_bias=config.qkv_bias) == replace(
        config, initialisation="gpt2"
    )
    shape = {
        k: v for k, v in values.items() if k not in ("model_type", "vocab_size", "n_positions")
    }
    theirs = their_model(shape)
    theirs.load_state_dict(weights_to_gpt2(export_weights(ours), config))
    with torch.no_grad():
        expected = theirs(IDX, output_attentions=True)
    seen = trace(ours, IDX)
    assert torch.allclose(seen.logits, expected.logits, rtol=0, atol=1e-5)
    for layer, pattern in enumerate(expected.attentions):
        assert torch.allclose(seen.patterns[:, layer], pattern, rtol=0, atol=1e-5)


@pytest.mark.parametrize("has_bias", [False, True])
def test_nanogpts_files_hold_the_matrices_as_ours_are(has_bias: bool) -> None:
    config = GPTConfig(
        V, block_size=24, n_layer=2, n_head=4, n_embd=32, bias=has_bias, qkv_bias=has_bias
    )
    ours = drawn(config)
    nanogpt = {
        f"_orig_mod.{name}": weight.T if ".c_" in name and weight.dim() == 2 else weight
        for name, weight in weights_to_gpt2(export_weights(ours), config).items()
        if has_bias or not name.endswith("bias")
    }
    assert config_from_nanogpt(nanogpt, n_head=4) == config
    again = our_model(config, weights_from_gpt2(nanogpt, config))
    assert torch.equal(again(IDX)[0], ours(IDX)[0])


def test_old_files_without_prefix_and_with_masks_are_read() -> None:
    ours = drawn(OURS)
    old = {
        name.removeprefix("transformer."): weight
        for name, weight in weights_to_gpt2(export_weights(ours), OURS).items()
        if name != "lm_head.weight"
    }
    old["h.0.attn.bias"] = torch.ones(1, 1, 24, 24).tril()
    again = our_model(OURS, weights_from_gpt2(old, OURS))
    assert torch.equal(again(IDX)[0], ours(IDX)[0])


def test_what_the_other_side_cannot_hold_is_named() -> None:
    with pytest.raises(ValueError, match="no place for this model, because of position, qk_n"):
        config_to_gpt2(replace(OURS, position="rotary", qk_norm=True))
    with pytest.raises(ValueError, match="because of rung"):
        weights_to_gpt2({}, GPTConfig.lecture("bigram", V))
    for values, sentence in [
        ({"model_type": "llama"}, "model_type is 'llama'; only gpt2 can be read"),
        ({"n_embd": 32, "n_inner": 64}, "n_inner is 64; the MLP of this GPT is four times as wide"),
        ({"activation_function": "silu"}, "activation_function is 'silu'; known are gelu_new"),
        ({"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon is 1e-06; this GPT can only do 1e-05"),
        ({"n_embd": 30, "n_head": 4}, "must be a multiple of n_head"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            config_from_gpt2(values)
    with pytest.raises(ValueError, match=r"not for this model: wte\.weight is missing"):
        weights_from_gpt2({}, OURS)
    with pytest.raises(ValueError, match=r"as nanoGPT names it: no wte\.weight"):
        config_from_nanogpt({}, n_head=4)
    assert config_from_gpt2({}) == GPTConfig.gpt2()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"transformer.h.1.mlp.c_fc.weight": torch.zeros(32, 100)},
            "transformer.h.1.mlp.c_fc.weight is (32, 100), but config.json asks for (32, 128).",
        ),
        (
            {"transformer.wte.weight": torch.zeros(4, 32)},
            f"transformer.wte.weight is (4, 32), but config.json asks for ({V}, 32), as vocab_size"
            f" is {V}.",
        ),
        (
            {"foo.bar": torch.zeros(3)},
            "The file holds foo.bar, for which the model that config.json describes has no place:"
            " without it the model would compute something else.",
        ),
        (
            {f"transformer.h.{i}.new": torch.zeros(3) for i in range(5)},
            "The file holds transformer.h.0.new, transformer.h.1.new, transformer.h.2.new and 2"
            " more, for which the model that config.json describes has no place: without it the"
            " model would compute something else.",
        ),
        (
            {"lm_head.weight": torch.zeros(V, 32)},
            "lm_head.weight has other numbers than transformer.wte.weight, though config.json ties"
            " them: tie_word_embeddings would have to be false.",
        ),
    ],
)
def test_what_does_not_fit_is_said_by_the_names_of_the_file(
    changes: dict[str, torch.Tensor], sentence: str
) -> None:
    weights = weights_to_gpt2(export_weights(drawn(OURS)), OURS) | changes
    with pytest.raises(ValueError) as refused:
        weights_from_gpt2(weights, OURS)
    assert str(refused.value) == sentence
