"""The GPT of plain numbers and the GPT of tensors are one: same weights, loss and gradients."""

import random

import pytest
import torch

from gpt.scalar.model import Config, as_leaves, as_numbers, empty_cache, forward, initialise
from gpt.scalar.train import initial_training_state, train
from gpt.tensor.config import GPTConfig
from gpt.tensor.microgpt import (
    compare_gradients,
    scalar_config,
    tensor_config,
    tensor_names,
    to_scalar_weights,
    to_tensor_model,
)
from gpt.tensor.models import build_model

DOCUMENT = [4, 0, 3, 3, 1, 4]


def test_microgpt_on_the_names_has_its_published_size() -> None:
    assert GPTConfig.microgpt(27).parameter_count() == 4192


@pytest.mark.parametrize(("n_layer", "n_head"), [(1, 4), (2, 2), (3, 1)])
@pytest.mark.parametrize("is_trained", [False, True])
def test_every_gradient_is_the_same(n_layer: int, n_head: int, is_trained: bool) -> None:
    config = Config(vocab_size=5, n_layer=n_layer, n_embd=8, block_size=7, n_head=n_head)
    state = initial_training_state(config, random.Random(3))
    if is_trained:
        *_, last = train(config, state, [DOCUMENT, [4, 2, 1, 4]], steps=12, learning_rate=0.05)
        assert last.loss < 1.2
        state = last.state
    comparison = compare_gradients(config, state.weights, DOCUMENT)
    assert comparison.n_parameters == tensor_config(config).parameter_count()
    assert comparison.largest_difference < 1e-12
    assert comparison.loss_difference < 1e-12
    for each in comparison.matrices:
        assert each.scalar.shape == config.matrix_shapes()[each.scalar_name]
        assert each.scalar.abs().max() > 1e-5, each.scalar_name


def test_a_document_longer_than_the_block_is_cut_alike() -> None:
    config = Config(vocab_size=5, n_embd=8, block_size=3, n_head=2)
    weights = as_leaves(initialise(config, random.Random(1), std=0.5))
    comparison = compare_gradients(config, weights, DOCUMENT)
    assert max(comparison.loss_difference, comparison.largest_difference) < 1e-12


def test_a_difference_is_found() -> None:
    config = Config(vocab_size=5, n_embd=8, block_size=7, n_head=2)
    comparison = compare_gradients(
        config, as_leaves(initialise(config, random.Random(1))), DOCUMENT
    )
    spoilt = comparison.matrices[4]
    spoilt.tensor[3, 2] += 0.25
    assert spoilt.largest_difference == pytest.approx(0.25)
    assert comparison.largest_difference == pytest.approx(0.25)
    far = comparison._replace(scalar_loss=99.0, tensor_loss=98.5)
    assert (far.loss_difference, far.largest_difference) == (0.5, pytest.approx(0.25))


def test_activations_have_the_same_names_and_numbers() -> None:
    config = Config(vocab_size=5, n_layer=2, n_embd=8, block_size=7, n_head=2)
    weights = initialise(config, random.Random(1), std=0.5)
    by_position: list[dict[str, list[float]]] = []
    cache = empty_cache(config)
    for position, token in enumerate(DOCUMENT):
        by_position.append({})
        _, cache = forward(
            config, weights, token, position, cache, trace=by_position[-1].__setitem__
        )
    trace: dict[str, torch.Tensor] = {}
    to_tensor_model(config, weights).eval()(torch.tensor([DOCUMENT]), trace=trace)
    checked = 0
    for name in trace.keys() & by_position[0].keys():
        theirs = trace[name][0]
        if theirs.dim() == 3:  # (H, T, D)
            theirs = theirs.transpose(0, 1).flatten(1)
        for position, ours in enumerate(by_position):
            assert theirs[position].tolist() == pytest.approx(ours[name], abs=1e-12), name
        checked += 1
    assert checked == 2 + 2 * 11


def test_weights_go_there_and_back() -> None:
    config = Config(vocab_size=5, n_layer=2, n_embd=8, block_size=7, n_head=2)
    weights = initialise(config, random.Random(1))
    model = to_tensor_model(config, weights)
    returned_config, returned = to_scalar_weights(model)
    assert returned_config == config
    assert as_numbers(returned) == weights
    assert list(returned) == list(config.matrix_shapes())
    assert returned["wpe"].ids[6][7] == ("wpe", 6, 7)
    assert set(tensor_names(config).values()) == dict(model.named_parameters()).keys()


def test_torch_draws_with_microgpts_deviation(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.microgpt(65, n_embd=64), generator)
    for name, weight in model.named_parameters():
        assert weight.std().item() == pytest.approx(0.08, rel=0.1), name


def test_another_architecture_has_no_scalar_twin() -> None:
    config = GPTConfig.microgpt(5, bias=True, norm="layernorm")
    with pytest.raises(ValueError, match=r"from which this model differs in bias, norm\.$"):
        scalar_config(config)
