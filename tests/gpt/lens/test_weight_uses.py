from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gpt.lens.weight_uses import Use, Watch, gradient_of_uses
from gpt.tensor.language_model import LanguageModel


def watch(
    model: LanguageModel, name: str, idx: Tensor, targets: Tensor
) -> tuple[list[Use], Tensor]:
    """The uses of a parameter, and its gradient by autograd."""
    model.train()
    model.zero_grad()
    try:
        torch.manual_seed(5)
        with Watch(model.get_parameter(name), len(idx)) as seen:
            _, loss = model(idx, targets=targets)
            loss.backward()
    finally:
        model.eval()
    gradient = model.get_parameter(name).grad
    assert gradient is not None
    return seen.uses(), gradient


def test_every_weight_s_uses_sum_to_its_gradient(model: LanguageModel, tokens: Tensor) -> None:
    """Of every parameter of every rung and option, in dropout's presence too."""
    targets = tokens.roll(-1, 1)
    targets[0, 3:] = -1
    for name, parameter in model.named_parameters():
        uses, gradient = watch(model, name, tokens, targets)
        rows, columns = gradient.shape if gradient.dim() == 2 else (1, len(gradient))
        total = torch.tensor(
            [[gradient_of_uses(uses, i, j) for j in range(columns)] for i in range(rows)]
        )
        expected = gradient.reshape(rows, columns)
        assert torch.allclose(total, expected, rtol=1e-4, atol=1e-7), name
        assert uses[0].contributions(0, 0).shape == tokens.shape
        assert not parameter._post_accumulate_grad_hooks and not parameter._backward_hooks


def test_watching_changes_no_number(models: Mapping[str, LanguageModel], tokens: Tensor) -> None:
    for name in ("gpt2", "token-shift", "qk-norm"):
        model = models[name]
        plain, _ = model(tokens)
        for parameter in model.parameters():
            with Watch(parameter, len(tokens)):
                watched, _ = model(tokens)
            assert torch.equal(watched, plain)


def test_a_tied_matrix_has_two_uses(models: Mapping[str, LanguageModel], tokens: Tensor) -> None:
    uses, gradient = watch(models["gpt2"], "embeddings.token.weight", tokens, tokens)
    assert [use.role for use in uses] == ["as an embedding", "as the last layer"]
    alone, _ = watch(models["gpt2-untied"], "embeddings.token.weight", tokens, tokens)
    assert [use.role for use in alone] == ["as an embedding"]
    first, second = (use.contributions(4, 7).sum() for use in uses)
    assert first.abs() > 1e-6 and second.abs() > 1e-6
    assert torch.isclose(first + second, gradient[4, 7], atol=1e-7)


def test_an_embedding_is_used_where_its_token_stands(
    models: Mapping[str, LanguageModel], tokens: Tensor
) -> None:
    uses, _ = watch(models["gpt2-untied"], "embeddings.token.weight", tokens, tokens)
    token = int(tokens[1, 2])
    assert torch.equal(uses[0].read(token, 0), (tokens == token).float())
    uses, _ = watch(models["gpt2"], "embeddings.position.weight", tokens, tokens)
    assert torch.equal(uses[0].contributions(3, 5)[:, 3], uses[0].answer(3, 5)[:, 3])
    others = [t for t in range(8) if t != 3]
    assert uses[0].contributions(3, 5)[:, others].abs().max() == 0


def test_heads_and_shifted_tokens_are_told_apart(
    models: Mapping[str, LanguageModel], tokens: Tensor
) -> None:
    uses, _ = watch(models["qk-norm"], "blocks.1.attn.qk_norm.weight", tokens, tokens)
    assert [use.role for use in uses] == [
        f"as a gain of {whose} of head {head}"
        for whose in ("the queries", "the keys")
        for head in range(4)
    ]
    uses, _ = watch(models["token-shift"], "embeddings.shift.share", tokens, tokens)
    assert [use.only_row for use in uses] == [0, 1, 2]
    embedded = models["token-shift"].get_parameter("embeddings.token.weight").detach()[tokens]
    assert torch.equal(uses[1].read(1, 4)[:, 2:], embedded[:, :-2, 4])
    assert uses[1].read(1, 4)[:, :2].abs().max() == 0
