import math

import pytest
import torch

from gpt.tensor.rotary import Rotary


def test_a_pair_turns_by_its_own_angle() -> None:
    rotary = Rotary(head_size=4, block_size=8)
    x = torch.zeros(1, 1, 8, 4)
    x[..., 0] = 1.0  # the pairs are channels 0 and 2, and 1 and 3
    x[..., 3] = 2.0
    turned = rotary(x, 0)[0, 0]
    for position in range(8):
        fast, slow = position, position / 100  # base^(-2/4) = 1/100
        expected = [math.cos(fast), -2 * math.sin(slow), math.sin(fast), 2 * math.cos(slow)]
        assert turned[position].tolist() == pytest.approx(expected, abs=1e-6)


def test_a_score_depends_on_the_distance_only(generator: torch.Generator) -> None:
    rotary = Rotary(head_size=16, block_size=64)
    query, key = torch.randn(2, 1, 1, 1, 16, generator=generator)
    scores = [
        (rotary(query, position) * rotary(key, position - 5)).sum().item()
        for position in (5, 20, 63)
    ]
    assert scores == pytest.approx([scores[0]] * 3, abs=1e-4)
    assert (rotary(query, 6) * rotary(key, 5)).sum().item() != pytest.approx(scores[0], abs=0.1)
    assert torch.allclose(rotary(query, 63).norm(), query.norm())


def test_its_angles_are_no_weights() -> None:
    assert Rotary(16, 64).state_dict() == {}
