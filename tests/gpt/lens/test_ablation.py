from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from gpt.lens.ablation import (
    MLP,
    Head,
    compare_losses,
    compare_predictions,
    parts_of,
    switch_off,
)
from gpt.lens.trace import trace
from gpt.tensor.evaluation import evaluate
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel
from gpt.tensor.weights import export_weights, import_weights

Models = Mapping[str, LanguageModel]


def test_every_head_and_mlp_of_every_rung_can_be_switched_off(
    model: LanguageModel, tokens: torch.Tensor
) -> None:
    parts = parts_of(model)
    assert len(set(parts)) == len(parts)
    before, _ = model(tokens)
    for part in parts:
        after, _ = model(tokens, ablate=switch_off([part]))
        assert not torch.equal(after, before), part
        seen = trace(model, tokens, ablate=switch_off([part]))
        if isinstance(part, Head):
            assert seen.head_writes[:, part.layer, part.head].count_nonzero() == 0
        else:
            assert seen[f"blocks.{part.layer}.mlp.output"].count_nonzero() == 0
    assert torch.equal(model(tokens)[0], before)


def test_a_head_switched_off_is_a_head_whose_values_weigh_nothing(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["rotary"]
    after, _ = model(tokens, ablate=switch_off([Head(0, 1), Head(1, 2), MLP(0)]))
    weights = export_weights(model)
    changed = {name: weight.clone() for name, weight in weights.items()}
    changed["blocks.0.attn.value.weight"][8:16] = 0
    changed["blocks.1.attn.value.weight"][16:24] = 0
    changed["blocks.0.mlp.projection.weight"][:] = 0
    import_weights(model, changed)
    expected, _ = model(tokens)
    import_weights(model, weights)
    assert torch.allclose(after, expected, atol=1e-5)


def test_with_the_mean_only_what_depends_on_the_text_is_missing(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    before = trace(model, tokens)
    after = trace(model, tokens, ablate=switch_off([Head(1, 2), MLP(1)], "mean"))
    gathered = before["blocks.1.attn.heads"]
    mean = gathered[:, 2].mean((0, 1))
    assert torch.allclose(after["blocks.1.attn.heads"][:, 2], mean.expand(3, 8, 8), atol=1e-6)
    assert torch.equal(after["blocks.1.attn.heads"][:, 3], gathered[:, 3])
    assert after["blocks.1.mlp.output"].std((0, 1)).abs().max() < 1e-6
    # Of one token the mean is the token.
    same = trace(model, [4], ablate=switch_off(parts_of(model), "mean"))
    assert torch.allclose(same.logits, trace(model, [4]).logits, atol=1e-5)


def test_predictions_are_compared_at_every_token(models: Models, tokens: torch.Tensor) -> None:
    model = models["gpt2"]
    before, after = predictions = compare_predictions(model, tokens[0], [Head(0, 0)])
    assert torch.equal(before, trace(model, tokens[0]).probabilities)
    assert torch.allclose(after.sum(-1), torch.ones(8))
    expected = torch.nn.functional.kl_div(after.log(), before, reduction="none").sum(-1)
    assert torch.allclose(predictions.divergence, expected, atol=1e-6)
    assert (predictions.divergence > 0).all()
    nothing = compare_predictions(model, tokens, [])
    assert nothing.divergence.tolist() == [[0.0] * 8] * 3


def test_losses_without_parts_settle_on_those_of_all_batches(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    targets = tokens.roll(-1, 1)
    targets[:2, :5] = IGNORED_TARGET  # as a task asks for its answers alone
    batches = [(tokens[:1], targets[:1]), (tokens[1:], targets[1:])]
    sets = [[], [Head(0, 1)], [Head(0, 1), MLP(1)]]
    reports = list(compare_losses(model, batches, sets))
    assert [(report.n_targets, report.share) for report in reports] == [(3, 0.5), (14, 1.0)]
    assert reports[0].before == pytest.approx(evaluate(model, batches[:1]).loss)
    last = reports[-1]
    assert last.before == last.after[0] == pytest.approx(evaluate(model, batches).loss)
    for parts, loss in zip(sets, last.after, strict=True):
        logits, _ = model(tokens, ablate=switch_off(parts))
        asked = targets != IGNORED_TARGET
        surprise = -logits.log_softmax(-1)[asked, targets[asked]]
        assert loss == pytest.approx(surprise.mean().item(), rel=1e-5)


def test_a_part_that_is_not_there_cannot_be_switched_off(
    models: Models, tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    with pytest.raises(ValueError, match="Layer 1 has heads 0 to 3, so there is no head 4"):
        compare_predictions(model, tokens, [Head(1, 4)])
    with pytest.raises(ValueError, match=r"no activation blocks\.2\.mlp\.output to ablate"):
        compare_predictions(model, tokens, [MLP(2)])
    with pytest.raises(ValueError, match="nothing held out"):
        list(compare_losses(model, [(tokens, torch.full_like(tokens, IGNORED_TARGET))], []))
