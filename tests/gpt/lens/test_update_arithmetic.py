from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.lens.update_arithmetic import AdamUpdate, MuonUpdate, clip_factor

numbers = st.floats(-10, 10).map(lambda number: round(number, 3))


@settings(max_examples=25)
@given(
    weight=numbers,
    gradients=st.lists(numbers, min_size=1, max_size=4),
    rate=st.floats(1e-5, 1),
    decay=st.floats(0, 1),
    beta1=st.sampled_from([0.0, 0.8, 0.9]),
    beta2=st.sampled_from([0.95, 0.99, 0.999]),
)
def test_adam_is_torch_s(
    weight: float,
    gradients: list[float],
    rate: float,
    decay: float,
    beta1: float,
    beta2: float,
) -> None:
    parameter = torch.nn.Parameter(torch.tensor([weight], dtype=torch.float64))
    theirs = torch.optim.AdamW(
        [parameter], lr=rate, betas=(beta1, beta2), weight_decay=decay, eps=1e-8
    )
    m = v = 0.0
    for count, gradient in enumerate(gradients, start=1):
        ours = AdamUpdate(
            *(parameter.item(), gradient, 1.0, m, v, count, rate, decay, beta1, beta2, 1e-8)
        )
        parameter.grad = torch.tensor([gradient], dtype=torch.float64)
        theirs.step()
        m, v = ours.new_m, ours.new_v
        remembered = theirs.state[parameter]
        assert math.isclose(m, remembered["exp_avg"].item(), rel_tol=1e-12, abs_tol=1e-12)
        assert math.isclose(v, remembered["exp_avg_sq"].item(), rel_tol=1e-12, abs_tol=1e-12)
        assert math.isclose(ours.new_weight, parameter.item(), rel_tol=1e-10, abs_tol=1e-10)


def test_the_first_step_of_adam_by_hand() -> None:
    update = AdamUpdate(0.5, -0.2, 0.5, 0.0, 0.0, 1, 0.01, 0.1, 0.9, 0.99, 1e-8)
    assert update.clipped == -0.1
    assert update.new_m == pytest.approx(-0.01)
    assert update.new_v == pytest.approx(1e-4)
    assert update.corrected_m == pytest.approx(-0.1)
    assert update.corrected_v == pytest.approx(0.01)
    assert update.move == pytest.approx(0.01, rel=1e-6)  # as long as the learning rate
    assert update.uncorrected_move == pytest.approx(0.01, rel=1e-6)
    assert update.decay == pytest.approx(-0.0005)
    assert update.new_weight == pytest.approx(0.5095, rel=1e-7)


def test_without_correction_a_young_adam_goes_elsewhere() -> None:
    update = AdamUpdate(0.0, 1.0, 1.0, 0.0, 0.0, 1, 0.1, 0.0, 0.9, 0.999, 0.0)
    assert update.move == pytest.approx(-0.1)
    assert update.uncorrected_move == pytest.approx(-0.1 * 0.1 / math.sqrt(0.001))


def test_muon_by_hand() -> None:
    update = MuonUpdate(2.0, 0.4, 0.5, 1.0, -0.3, 2.0, 0.1, 0.5, 0.9)
    assert update.new_momentum == pytest.approx(0.9 * 1.0 + 0.1 * 0.2)
    assert update.direction == pytest.approx(0.9 * 0.92 + 0.1 * 0.2)
    assert update.move == pytest.approx(0.06)
    assert update.new_weight == pytest.approx(2.0 - 0.1 + 0.06)


def test_clipping_is_torch_s() -> None:
    for size in (0.2, 1.0, 30.0):
        parameter = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64))
        parameter.grad = torch.full((4,), size / 2, dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_([parameter], 1.0).item()
        assert parameter.grad[0].item() == pytest.approx(clip_factor(norm, 1.0) * size / 2, 1e-12)
    assert clip_factor(30.0, None) == 1.0
