import math
import subprocess
import sys

import pytest
import torch

from gpt.tensor.config import GPTConfig
from gpt.tensor.initialisation import initialise
from gpt.tensor.models import build_model
from gpt.tensor.optimiser import AdamW, clip_gradients
from gpt.tensor.training_config import TrainingConfig


def test_one_update_is_adamw_done_by_hand(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("layer-norm", 11), generator)
    config = TrainingConfig(learning_rate=0.01, weight_decay=0.1, beta1=0.9, beta2=0.99)
    optimiser = AdamW(dict(model.named_parameters()), config)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    idx = torch.randint(11, (4, 8), generator=generator)
    model(idx, targets=idx)[1].backward()
    optimiser.step(config.learning_rate)
    for name, p in model.named_parameters():
        # Kingma and Ba 2014, algorithm 1, at t = 1: both moments, corrected, are the gradient's.
        m, v = 0.1 * p.grad / (1 - 0.9), 0.01 * p.grad**2 / (1 - 0.99)
        decay = 0.01 * 0.1 * before[name] if p.dim() >= 2 else 0
        expected = before[name] - decay - 0.01 * m / (v.sqrt() + 1e-8)
        assert torch.allclose(p, expected, atol=1e-6), name


def test_many_updates_are_those_of_torchs_own_class(generator: torch.Generator) -> None:
    config = TrainingConfig(learning_rate=0.01, weight_decay=0.1, beta1=0.9, beta2=0.99)
    models = [
        build_model(GPTConfig(vocab_size=11, n_layer=1, n_embd=8, bias=True)) for _ in range(2)
    ]
    initialise(models[0], generator)
    models[1].load_state_dict(models[0].state_dict())
    ours = AdamW(dict(models[0].named_parameters()), config)
    parameters = list(models[1].parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    theirs = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.99), fused=True)
    for step in range(5):
        idx = torch.randint(11, (4, 8), generator=generator)
        for model, optimiser in zip(models, (ours, theirs), strict=True):
            optimiser.zero_grad()
            model(idx, targets=idx)[1].backward()
        rate = 0.01 * (5 - step)
        ours.step(rate)
        for group in theirs.param_groups:
            group["lr"] = rate
        theirs.step()
    for a, b in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(a, b)


def test_memory_of_another_model_changes_nothing() -> None:
    parameter = torch.nn.Parameter(torch.zeros(3))
    optimiser = AdamW({"a": parameter}, TrainingConfig())
    parameter.grad = torch.ones(3)
    optimiser.step(0.1)
    before = {name: moment.clone() for name, moment in optimiser.moments["a"].items()}
    for wrong in (
        {"b": before},
        {"a": before | {"exp_avg": torch.zeros(4)}},
        {"a": {"step": torch.tensor(1.0)}},
    ):
        with pytest.raises(ValueError, match=r"memory of [ab] is not of this model"):
            optimiser.import_moments(wrong)
        assert {k: t.tolist() for k, t in optimiser.moments["a"].items()} == {
            k: t.tolist() for k, t in before.items()
        }


def test_training_does_not_wait_for_torchs_compiler() -> None:
    program = (
        "import sys, torch; from gpt.tensor.optimiser import AdamW;"
        " from gpt.tensor.training_config import TrainingConfig;"
        " p = torch.nn.Parameter(torch.ones(2, 2)); p.grad = torch.ones(2, 2);"
        " AdamW({'p': p}, TrainingConfig()).step(0.1); print('torch._dynamo' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr


@pytest.mark.parametrize(("longest", "after"), [(1.0, 1.0), (100.0, 13.0), (None, 13.0)])
def test_clipping_shortens_but_keeps_the_direction(longest: float | None, after: float) -> None:
    a, b = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    a.grad, b.grad = torch.tensor([5.0]), torch.tensor([-12.0])
    assert clip_gradients([a, b], longest) == pytest.approx(13.0)
    assert math.hypot(a.grad.item(), b.grad.item()) == pytest.approx(after, rel=1e-5)
    assert a.grad.item() / b.grad.item() == pytest.approx(-5 / 12)
