import json
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.config import RUNG_NAMES, GPTConfig, Norm
from gpt.tensor.initialisation import SCHEMES
from gpt.tensor.layers import ACTIVATIONS, NORMS
from gpt.tensor.models import RUNGS, build_model
from gpt.tensor.presets import PRESETS


@st.composite
def configs(draw: st.DrawFn) -> GPTConfig:
    n_head, head_size = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    positions = ["learned", "none"] + (["rotary"] if head_size % 2 == 0 else [])
    return GPTConfig(
        vocab_size=draw(st.integers(1, 9)),
        rung=draw(st.sampled_from(RUNG_NAMES)),
        block_size=draw(st.integers(1, 6)),
        n_layer=draw(st.integers(1, 3)),
        n_head=n_head,
        n_embd=n_head * head_size,
        dropout=draw(st.sampled_from([0.0, 0.2])),
        bias=draw(st.booleans()),
        qkv_bias=draw(st.booleans()),
        lm_head_bias=draw(st.booleans()),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        norm=draw(st.sampled_from(sorted(NORMS))),
        position=draw(st.sampled_from(positions)),
        token_shift=draw(st.integers(0, 2)),
        qk_norm=draw(st.booleans()),
        embedding_norm=draw(st.booleans()),
        final_norm=draw(st.booleans()),
        weight_tying=draw(st.booleans()),
        initialisation=draw(st.sampled_from(sorted(SCHEMES))),
    )


@given(configs())
def test_the_predicted_parameter_count_is_that_of_the_built_model(config: GPTConfig) -> None:
    model = build_model(config)
    assert config.parameter_count() == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("norm", sorted(NORMS))
@pytest.mark.parametrize("bias", [False, True])
def test_so_it_is_with_a_norm_wherever_one_can_be(norm: Norm, bias: bool) -> None:
    config = GPTConfig(
        vocab_size=11, n_embd=32, norm=norm, bias=bias, qk_norm=True, embedding_norm=True
    )
    model = build_model(config)
    assert config.parameter_count() == sum(p.numel() for p in model.parameters())


@given(configs())
def test_a_config_survives_json(config: GPTConfig) -> None:
    assert GPTConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("config", "published"),
    [
        # The sizes that GPT-2's smallest model and the lecture's two transformers are known by.
        (GPTConfig.gpt2(), 124_439_808),
        (
            GPTConfig.lecture("dropout", 65, block_size=32, n_layer=4, n_head=4, n_embd=64),
            209_729,
        ),
        (
            GPTConfig.lecture("dropout", 65, block_size=256, n_layer=6, n_head=6, n_embd=384),
            10_788_929,
        ),
        # nanoGPT's Shakespeare model is given as 10.65M, not counting positions.
        (
            GPTConfig(vocab_size=65, block_size=256, n_layer=6, n_head=6, n_embd=384),
            10_646_784 + 256 * 384,
        ),
    ],
)
def test_published_models_have_their_published_sizes(config: GPTConfig, published: int) -> None:
    assert config.parameter_count() == published


def test_each_choice_in_a_config_has_its_implementation() -> None:
    assert tuple(RUNGS) == RUNG_NAMES
    for activation in ACTIVATIONS:
        assert GPTConfig(vocab_size=2, activation=activation).activation == activation
    for norm in NORMS:
        assert GPTConfig(vocab_size=2, norm=norm).norm == norm


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, not 0."),
        ({"n_layer": -3}, "n_layer must be at least 1, not -3."),
        ({"n_layer": 2.5}, "n_layer must be a whole number, not 2.5."),
        ({"n_layer": True}, "n_layer must be a whole number, not True."),
        ({"n_embd": "128"}, "n_embd must be a whole number, not '128'."),
        ({"dropout": 1}, "dropout must be at least 0 and below 1, not 1."),
        ({"dropout": float("nan")}, "dropout must be a number, not nan."),
        ({"bias": 1}, "bias must be true or false, not 1."),
        (
            {"activation": "swish"},
            "activation must be one of relu, gelu, gelu_tanh, relu2, not 'swish'.",
        ),
        ({"rung": ["gpt"]}, "rung must be one of bigram, single-head"),
        (
            {"n_embd": 130, "n_head": 4},
            "n_embd (130) must be a multiple of n_head (4), "
            "so that every head gets the same number of channels.",
        ),
        (
            {"n_embd": 12, "n_head": 4, "position": "rotary"},
            "Rotary positions turn channels in pairs, but a head has 3 of them",
        ),
        ({"n_heads": 4}, "n_heads is not a setting here; there are vocab_size, rung,"),
    ],
)
def test_an_impossible_setting_is_refused_in_one_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError) as error:
        GPTConfig.from_dict({"vocab_size": 65} | changes)
    assert str(error.value).startswith(sentence)


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(ValueError, match="vocab_size is missing"):
        GPTConfig.from_dict({"n_layer": 2})


def test_a_setting_that_a_rung_ignores_is_not_held_against_it() -> None:
    bigram = GPTConfig(vocab_size=65, rung="bigram", n_embd=130, n_head=4)
    assert not bigram.uses("n_embd")
    assert bigram.n_blocks == 0
    assert GPTConfig.lecture("multi-head", 65).uses("n_head")
    assert not GPTConfig.lecture("multi-head", 65).uses("n_layer")


@pytest.mark.parametrize(
    "config",
    [
        GPTConfig.lecture("bigram", 65),
        GPTConfig.lecture("multi-head", 65),
        GPTConfig.lecture("layer-norm", 65),
        GPTConfig.lecture("dropout", 65, n_embd=64, dropout=0.1),
        GPTConfig(vocab_size=65, block_size=64, n_layer=4, n_embd=64),
        GPTConfig(vocab_size=300, block_size=32, n_layer=2, n_embd=96, activation="relu"),
        GPTConfig.microgpt(27),
        PRESETS["fast"].model(65),
        GPTConfig(vocab_size=65, qk_norm=True, position="none", token_shift=2),
    ],
)
def test_estimated_training_memory_is_what_autograd_keeps(
    config: GPTConfig, generator: torch.Generator
) -> None:
    model = build_model(config, generator)
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and tensor.is_floating_point():
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    batch = torch.randint(config.vocab_size, (8, config.block_size), generator=generator)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits, loss = model(batch, targets=batch)
    assert loss is not None
    logits_and_their_gradient = 2 * logits.untyped_storage().nbytes()
    states = 16 * config.parameter_count()
    measured = states + sum(kept.values()) + logits_and_their_gradient
    assert config.training_memory(batch_size=8) == pytest.approx(measured, rel=0.1)


def test_listing_configurations_does_not_import_torch() -> None:
    program = "import sys, gpt.tensor.config; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
