"""The lecture's six notes on attention, as facts."""

from __future__ import annotations

import pytest
import torch

from gpt.tensor.config import GPTConfig
from gpt.tensor.experiments import look, saturation
from gpt.tensor.layers import Head
from gpt.tensor.models import build_model

T, C = 6, 16


@pytest.fixture
def head() -> Head:
    config = GPTConfig.lecture("single-head", 10, n_embd=C)
    model = build_model(config, torch.Generator().manual_seed(0)).double()
    return model.attn


def tokens(seed: int, length: int = T) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, length, C, dtype=torch.float64, generator=generator)


def test_the_model_s_own_head_sees_the_same(head: Head) -> None:
    from gpt.tensor.tap import Tap

    x = tokens(1)
    torch.testing.assert_close(look(head, x).output, head(x, None, Tap()), rtol=0, atol=0)


def test_without_mask_answers_move_along_with_shuffled_tokens(head: Head) -> None:
    x, order = tokens(1), torch.tensor([3, 0, 5, 1, 4, 2])
    before = look(head, x, is_causal=False).output[:, order]
    torch.testing.assert_close(look(head, x[:, order], is_causal=False).output, before)
    assert (look(head, x[:, order]).output - look(head, x).output[:, order]).abs().max() > 0.01


def test_no_sequence_of_a_batch_hears_another(head: Head) -> None:
    first, second = tokens(1), tokens(2)
    together = look(head, torch.cat([first, second])).output
    torch.testing.assert_close(together[:1], look(head, first).output)


def test_a_mask_hides_the_future_only(head: Head) -> None:
    x = tokens(1)
    changed = x.clone()
    changed[0, -1] += 1
    moved = (look(head, changed).output - look(head, x).output).abs().amax(dim=-1)[0]
    assert moved[:-1].tolist() == [0] * (T - 1)
    assert moved[-1] > 0.01
    pattern = look(head, x).pattern[0]
    assert pattern.triu(1).abs().max() == 0
    torch.testing.assert_close(pattern.sum(dim=-1), torch.ones(T, dtype=torch.float64))


def test_another_text_of_another_length_can_be_looked_at(head: Head) -> None:
    x, other = tokens(1), tokens(2, length=4)
    across = look(head, x, at=other, is_causal=False)
    assert across.pattern.shape == (1, T, 4)
    torch.testing.assert_close(across.output, across.pattern @ head.value(other))


def test_scores_vary_with_the_width_and_scaled_ones_do_not() -> None:
    narrow = saturation(4, 8, torch.Generator().manual_seed(0))
    wide = saturation(256, 8, torch.Generator().manual_seed(0))
    assert narrow.raw_variance == pytest.approx(4, rel=0.3)
    assert wide.raw_variance == pytest.approx(256, rel=0.3)
    assert wide.scaled_variance == pytest.approx(1, rel=0.3)
    assert wide.raw_largest > 0.9
    assert wide.scaled_largest < 0.5
    torch.testing.assert_close(wide.raw.sum(), torch.tensor(1.0))
