import random

import pytest
import torch

from gpt.scalar.adam import AdamSettings, AdamState, adam, initial_state

IDS = [("w", 0, 0), ("w", 0, 1), "bias"]


def test_the_first_step_has_the_size_of_the_learning_rate() -> None:
    gradients = {("w", 0, 0): 3.0, ("w", 0, 1): -0.001, "bias": 0.0}
    state, updates = adam(initial_state(3), IDS, gradients, 0.1)
    assert updates == pytest.approx([-0.1, 0.1, 0.0], rel=1e-4)
    assert state.step == 1
    assert state.m == pytest.approx([0.45, -0.00015, 0.0])
    assert state.v == pytest.approx([0.09, 1e-8, 0.0])


@pytest.mark.parametrize("settings", [AdamSettings(), AdamSettings(0.9, 0.95, 1e-3)])
def test_the_same_updates_as_torch(settings: AdamSettings) -> None:
    rng = random.Random(0)
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    betas = (settings.beta1, settings.beta2)
    theirs = torch.optim.Adam([weights], betas=betas, eps=settings.epsilon)
    ours, state = [0.0] * 3, initial_state(3)
    for step in range(30):
        slopes = [rng.gauss(0, 10.0**-i) for i in range(3)]
        rate = 0.01 * (1 - step / 30)
        weights.grad = torch.tensor(slopes, dtype=torch.float64)
        theirs.param_groups[0]["lr"] = rate
        theirs.step()
        state, updates = adam(state, IDS, dict(zip(IDS, slopes, strict=True)), rate, settings)
        ours = [weight + update for weight, update in zip(ours, updates, strict=True)]
        assert ours == pytest.approx(weights.tolist(), rel=1e-12)


def test_nothing_is_written_in_place() -> None:
    state = AdamState(4, [0.1, 0.2, 0.3], [0.01, 0.02, 0.03])
    adam(state, IDS, {"bias": 1.0}, 0.1)
    assert state == AdamState(4, [0.1, 0.2, 0.3], [0.01, 0.02, 0.03])


def test_a_parameter_without_a_gradient_moves_on_its_history() -> None:
    state = AdamState(9, [0.1, 0.0, 0.0], [0.01, 0.0, 0.0])
    state, updates = adam(state, IDS, {}, 0.1)
    assert updates[0] < 0
    assert updates[1:] == [0.0, 0.0]
    assert state.m == pytest.approx([0.085, 0.0, 0.0])
    assert state.v == pytest.approx([0.0099, 0.0, 0.0])
