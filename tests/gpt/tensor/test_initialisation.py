import math

import pytest
import torch

from gpt.tensor.config import GPTConfig
from gpt.tensor.models import build_model


@pytest.mark.parametrize("weight_tying", [False, True])
def test_with_zero_projections_a_block_starts_as_the_identity(
    weight_tying: bool, generator: torch.Generator
) -> None:
    config = GPTConfig(
        vocab_size=65,
        n_layer=2,
        weight_tying=weight_tying,
        bias=True,
        token_shift=2,
        initialisation="zero_projections",
    )
    model = build_model(config, generator)
    idx = torch.randint(65, (2, 64), generator=generator)
    trace: dict[str, torch.Tensor] = {}
    _, loss = model(idx, targets=idx, trace=trace)
    assert torch.equal(trace["blocks.1.residual_post"], trace["embeddings"])
    assert torch.equal(trace["embeddings.shifted"], trace["embeddings.token"])
    assert trace["blocks.1.mlp.pre"].std().item() == pytest.approx(1.0, rel=0.1)
    if not weight_tying:
        assert loss.item() == pytest.approx(math.log(65), abs=1e-5)
    # Tied, the embeddings are the last layer too, and start smaller.
    deviation = 128**-0.5 if weight_tying else 1.0
    assert model.embeddings.token.weight.std().item() == pytest.approx(deviation, rel=0.05)
