import math

import pytest
import torch

from gpt.tensor.config import GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.optimiser import build_optimiser, clip_gradients
from gpt.tensor.training_config import TrainingConfig


def test_one_update_is_adamw_done_by_hand(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("layer-norm", 11), generator)
    config = TrainingConfig(learning_rate=0.01, weight_decay=0.1, beta1=0.9, beta2=0.99)
    optimiser = build_optimiser(model, config)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    idx = torch.randint(11, (4, 8), generator=generator)
    model(idx, targets=idx)[1].backward()
    optimiser.step()
    for name, p in model.named_parameters():
        # Kingma and Ba 2014, algorithm 1, at t = 1: both moments, corrected, are the gradient's.
        m, v = 0.1 * p.grad / (1 - 0.9), 0.01 * p.grad**2 / (1 - 0.99)
        decay = 0.01 * 0.1 * before[name] if p.dim() >= 2 else 0
        expected = before[name] - decay - 0.01 * m / (v.sqrt() + 1e-8)
        assert torch.allclose(p, expected, atol=1e-6), name


def test_tied_weights_are_optimised_once() -> None:
    model = build_model(GPTConfig(vocab_size=11, n_layer=1, n_embd=8))
    groups = build_optimiser(model, TrainingConfig()).param_groups
    optimised = [p for group in groups for p in group["params"]]
    assert len(optimised) == len(set(optimised)) == len(list(model.parameters()))


@pytest.mark.parametrize(("longest", "after"), [(1.0, 1.0), (100.0, 13.0), (None, 13.0)])
def test_clipping_shortens_but_keeps_the_direction(longest: float | None, after: float) -> None:
    a, b = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    a.grad, b.grad = torch.tensor([5.0]), torch.tensor([-12.0])
    assert clip_gradients([a, b], longest) == pytest.approx(13.0)
    assert math.hypot(a.grad.item(), b.grad.item()) == pytest.approx(after, rel=1e-5)
    assert a.grad.item() / b.grad.item() == pytest.approx(-5 / 12)
