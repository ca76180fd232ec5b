from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
import torch

from gpt.lens.scalar import ScalarGPT, trace_scalar
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.scalar.model import Config, empty_cache, forward, initialise
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.microgpt import to_tensor_model
from gpt.tensor.weights import export_weights, import_weights

Models = Mapping[str, LanguageModel]


def test_traced_logits_are_the_untraced_ones_bit_for_bit(
    model: LanguageModel, tokens: torch.Tensor
) -> None:
    untraced, _ = model(tokens)
    assert torch.equal(trace(model, tokens).logits, untraced)
    assert torch.equal(trace(model, tokens[1]).logits, model(tokens[1:2])[0][0])
    model.train()  # dropout, where there is any, stays out of a trace
    assert torch.equal(trace(model, tokens.tolist()).logits, untraced)
    assert model.training
    model.eval()


def test_one_sequence_has_the_shapes_of_a_batch_without_its_first_axis(
    model: LanguageModel, tokens: torch.Tensor
) -> None:
    batch, one = trace(model, tokens), trace(model, tokens[2])
    assert set(batch) == set(one)
    for name, activation in batch.items():
        expected = activation if name == "embeddings.position" else activation[2]
        assert one[name].shape == expected.shape, name
        assert torch.allclose(one[name], expected, rtol=1e-4, atol=1e-4), name
    assert torch.allclose(one.probabilities.sum(-1), torch.ones(8))


@pytest.mark.parametrize("name", ["single-head", "feed-forward", "layer-norm", "gpt2", "fast"])
def test_layers_are_stacked_after_the_batch(
    models: Models, tokens: torch.Tensor, name: str
) -> None:
    config = models[name].config
    L, H = config.n_blocks, config.n_head if config.uses("n_head") else 1
    batch, one = trace(models[name], tokens), trace(models[name], tokens[0])
    assert batch.patterns.shape == (3, L, H, 8, 8)
    assert one.patterns.shape == (L, H, 8, 8)
    assert one.head_writes.shape == (L, H, 8, 32)
    assert torch.equal(batch.patterns[:, L - 1], batch[f"blocks.{L - 1}.attn.pattern"])
    assert torch.equal(one.patterns.triu(1), torch.zeros(L, H, 8, 8))


def test_heads_biases_and_mlps_add_up_to_the_residual_stream(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    seen = trace(model, tokens)
    stream = seen["embeddings"]
    assert torch.equal(seen["embeddings.token"] + seen["embeddings.position"], stream)
    for layer in range(2):
        bias = model.get_parameter(f"blocks.{layer}.attn.projection.bias")
        stream = stream + seen.head_writes[:, layer].sum(1) + bias
        stream = stream + seen[f"blocks.{layer}.mlp.output"]
        assert torch.allclose(seen.residual_stream[:, layer + 1], stream, atol=1e-4)


def test_what_a_model_does_not_compute_is_said_in_a_sentence(
    models: Models, tokens: torch.Tensor
) -> None:
    bigram = trace(models["bigram"], tokens)
    assert set(bigram) == {"logits", "probabilities"}
    with pytest.raises(
        NoSuchActivationError, match=r"^This model has no blocks, so it computes no"
    ):
        _ = bigram.patterns
    with pytest.raises(NoSuchActivationError, match="has no blocks, so it has no residual stream"):
        _ = bigram.residual_stream
    with pytest.raises(NoSuchActivationError, match="computes no mlp, only logits, pr"):
        bigram["mlp"]
    assert bigram.get("mlp") is None
    with pytest.raises(NoSuchActivationError, match=r"no blocks\.0\.residual_post, only blocks\.0"):
        _ = trace(models["blocks"], tokens).residual_stream
    with pytest.raises(ValueError, match="needs at least one token"):
        trace(models["gpt2"], [])
    with pytest.raises(ValueError, match="9 tokens do not fit into a block of 8"):
        trace(models["gpt2"], [0] * 9)


def test_a_trace_stays_what_it_was_when_the_model_learns_on(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["gpt"]
    expected, late = dict(trace(model, tokens)), trace(model, tokens)
    weights = export_weights(model)
    import_weights(model, {name: weight * 2 for name, weight in weights.items()})
    for name, activation in expected.items():
        assert torch.equal(late[name], activation), name
        assert not late[name].requires_grad
    import_weights(model, weights)


@pytest.mark.parametrize(("n_layer", "n_head"), [(1, 4), (2, 2), (3, 1)])
def test_plain_numbers_leave_the_same_trace_as_tensors(n_layer: int, n_head: int) -> None:
    config = Config(vocab_size=5, n_layer=n_layer, n_embd=8, block_size=7, n_head=n_head)
    weights = initialise(config, random.Random(3), std=0.4)
    tokens = [4, 0, 3, 3, 1, 4]
    plain = trace_scalar(ScalarGPT(config, weights), tokens)
    tensor = trace(to_tensor_model(config, weights), tokens)
    assert set(plain) == set(tensor)
    for name, activation in tensor.items():
        assert plain[name].dtype == torch.float64
        assert torch.allclose(plain[name], activation, rtol=0, atol=1e-12), name
    assert plain.patterns.shape == (n_layer, n_head, 6, 6)

    cache, untraced = empty_cache(config), []
    for position, token in enumerate(tokens):
        logits, cache = forward(config, weights, token, position, cache)
        untraced.append(logits)
    assert plain.logits.tolist() == untraced


@pytest.mark.parametrize("length", [0, 8])
def test_a_scalar_gpt_reads_no_more_than_its_block(length: int) -> None:
    config = Config(vocab_size=5, n_embd=8, block_size=7, n_head=2)
    model = ScalarGPT(config, initialise(config, random.Random(3)))
    with pytest.raises(ValueError, match=f"reads 1 to 7 tokens at a time, not {length}"):
        trace_scalar(model, [0] * length)
