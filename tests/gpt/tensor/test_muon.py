import math

import pytest
import torch

from gpt.tensor.config import GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.muon import Muon, hidden_matrices, orthogonalise
from gpt.tensor.optimiser import AdamW
from gpt.tensor.presets import PRESETS
from gpt.tensor.training_config import TrainingConfig


@pytest.mark.parametrize("shape", [(3, 24, 24), (2, 40, 16), (2, 16, 40)])
def test_every_direction_becomes_about_as_large(
    shape: tuple[int, int, int], generator: torch.Generator
) -> None:
    matrices = torch.randn(shape, generator=generator)
    result = orthogonalise(matrices, iterations=8)
    values = torch.linalg.svdvals(result)
    # The iteration wanders between these bounds and never settles (Jordan et al. 2024).
    assert 0.6 < values.min() < values.max() < 1.3
    # The directions are those of the singular vectors, U Vᵀ.
    u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
    aligned = u.mT @ result @ vh.mT
    off_diagonal = aligned - torch.diag_embed(aligned.diagonal(dim1=-2, dim2=-1))
    assert off_diagonal.abs().max() < 1e-3


def test_matrices_do_not_see_each_other_and_their_size_does_not_count(
    generator: torch.Generator,
) -> None:
    matrices = torch.randn(3, 8, 12, generator=generator)
    together = orthogonalise(matrices * torch.tensor([1.0, 1e-3, 50.0])[:, None, None], 5)
    for matrix, result in zip(matrices, together, strict=True):
        assert torch.allclose(orthogonalise(matrix[None], 5)[0], result, atol=1e-4)


def test_one_matrix_without_gradient_is_no_division_by_zero() -> None:
    assert torch.equal(orthogonalise(torch.zeros(1, 4, 6), 5), torch.zeros(1, 4, 6))


def test_two_updates_by_hand(generator: torch.Generator) -> None:
    config = TrainingConfig(optimiser="muon", weight_decay=0.1, muon_momentum=0.9)
    model = build_model(GPTConfig(vocab_size=11, n_layer=1, n_embd=8), generator)
    optimiser = Muon(model, config)
    name = "blocks.0.mlp.expansion.weight"
    matrix = model.get_parameter(name)
    momentum, expected = torch.zeros(32, 8), matrix.detach().clone()
    for _ in range(2):
        optimiser.zero_grad()
        gradient = torch.randn(32, 8, generator=generator)
        matrix.grad = gradient.clone()
        optimiser.step(0.01)
        momentum = 0.9 * momentum + 0.1 * gradient
        update = orthogonalise((0.9 * momentum + 0.1 * gradient)[None], 5)[0]
        expected = expected * (1 - 0.01 * 0.1) - 0.01 * math.sqrt(32 / 8) * update
    assert torch.allclose(matrix, expected, atol=1e-6)
    assert torch.allclose(optimiser.moments[name]["momentum"], momentum, atol=1e-6)


def test_it_agrees_with_torchs_own_up_to_bfloat16(generator: torch.Generator) -> None:
    model = build_model(GPTConfig(vocab_size=11, n_layer=1, n_embd=16), generator)
    ours = model.get_parameter("blocks.0.attn.query.weight")
    theirs = torch.nn.Parameter(ours.detach().clone())
    optimiser = Muon(model, TrainingConfig(optimiser="muon", weight_decay=0.0))
    reference = torch.optim.Muon([theirs], lr=0.1, weight_decay=0.0)
    before = ours.detach().clone()
    gradient = torch.randn(16, 16, generator=generator)
    ours.grad, theirs.grad = gradient.clone(), gradient.clone()
    optimiser.step(0.1)
    reference.step()
    update, other = ours - before, theirs - before
    assert (update - other).norm() < 0.05 * other.norm()


def test_embeddings_and_the_last_layer_are_left_to_adamw(generator: torch.Generator) -> None:
    config = PRESETS["fast"].model(11, n_layer=2, n_embd=16)
    model, twin = build_model(config, generator), build_model(config)
    twin.load_state_dict(model.state_dict())
    hidden = set(hidden_matrices(model))
    names = {name for name, _ in model.named_parameters()}
    assert names - hidden == {"embeddings.token.weight", "embeddings.shift.share", "lm_head.weight"}
    assert len(hidden) == 2 * 6
    training = TrainingConfig(optimiser="muon")
    muon, adamw = Muon(model, training), AdamW(dict(twin.named_parameters()), training)
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        one.grad = torch.randn(one.shape, generator=generator)
        other.grad = one.grad.clone()
    muon.step(0.01)
    adamw.step(0.01)
    for name in names:
        is_equal = torch.equal(model.get_parameter(name), twin.get_parameter(name))
        assert is_equal == (name not in hidden), name


def test_a_model_without_hidden_matrices_trains_all_the_same(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("bigram", 11), generator)
    assert hidden_matrices(model) == []
    table = model.get_parameter("token_table.weight")
    before = table.detach().clone()
    table.grad = torch.ones(11, 11)
    Muon(model, TrainingConfig(optimiser="muon", weight_decay=0.0)).step(0.01)
    assert torch.allclose(before - table, torch.full((11, 11), 0.01), atol=1e-6)
