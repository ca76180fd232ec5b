from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from gpt.lens.information_flow import measure_flow
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.tensor.language_model import LanguageModel


def test_all_that_flows_into_a_place_is_one(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    flow = measure_flow(streaming_model, trace(streaming_model, tokens[0]))
    config = streaming_model.config
    assert flow.heads.shape == (config.n_layer, config.n_head, 8, 8)
    into = flow.heads.sum((1, 3)) + flow.kept
    assert torch.allclose(into, torch.ones_like(into), atol=1e-5)
    assert flow.heads.triu(1).eq(0).all()
    assert flow.heads.min() >= 0
    assert ((flow.mlp >= 0) & (flow.mlp <= 1)).all()


def test_a_share_is_how_near_the_part_comes_to_the_whole(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    """The formula of Ferrando and Voita, once by hand."""
    model = models["gpt2"]
    seen = trace(model, tokens[0])
    t = 5
    whole = seen["blocks.1.residual_mid"][t]
    weight = model.get_parameter("blocks.1.attn.projection.weight").detach()  # (C, H D)

    def proximity(part: torch.Tensor) -> float:
        return max(0.0, float(whole.abs().sum() - (whole - part).abs().sum()))

    kept = proximity(seen["blocks.1.residual_pre"][t])
    heads = torch.zeros(4, t + 1)
    for h in range(4):
        for s in range(t + 1):
            value = seen["blocks.1.attn.value"][h, s]
            share = seen["blocks.1.attn.pattern"][h, t, s]
            heads[h, s] = proximity(share * (weight[:, 8 * h : 8 * h + 8] @ value))
    total = kept + float(heads.sum())
    flow = measure_flow(model, seen)
    assert torch.allclose(flow.heads[1, :, t, : t + 1], heads / total, atol=1e-5)
    assert float(flow.kept[1, t]) == pytest.approx(kept / total, abs=1e-5)
    end, mlp = seen["blocks.1.residual_post"][t], seen["blocks.1.mlp.output"][t]
    by_mlp, by_itself = (
        max(0.0, float(end.abs().sum() - (end - part).abs().sum())) for part in (mlp, whole)
    )
    assert float(flow.mlp[1, t]) == pytest.approx(by_mlp / (by_mlp + by_itself), abs=1e-5)


def test_without_a_stream_nothing_flows(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    with pytest.raises(NoSuchActivationError):
        measure_flow(models["blocks"], trace(models["blocks"], tokens[0]))
