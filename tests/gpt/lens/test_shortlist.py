"""The likeliest tokens and the tail, against the softmax of all."""

from __future__ import annotations

import pytest
import torch

from gpt.lens.shortlist import list_likeliest

TEMPERATURES = (0.05, 0.7, 1.0, 2.0)


@pytest.fixture
def logits() -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    return 3 * torch.randn(3, 500, generator=generator, dtype=torch.float64)


def test_shares_and_entropy_are_those_of_the_whole_vocabulary(logits: torch.Tensor) -> None:
    short = list_likeliest(logits, 20)
    tail = short.tail(TEMPERATURES)
    for index, temperature in enumerate(TEMPERATURES):
        shares = (logits / temperature).softmax(-1)
        below = (short.logits - short.logits.amax(-1, keepdim=True)) / temperature
        log_mass, mean = tail[:, index, 0].double(), tail[:, index, 1].double()
        log_total = torch.logaddexp(below.logsumexp(-1), log_mass)
        listed = (below - log_total[:, None]).exp()
        others = (log_mass - log_total).exp()
        assert torch.allclose(listed, shares.gather(-1, short.tokens), atol=1e-6)
        assert torch.allclose(listed.sum(-1) + others, torch.ones(3, dtype=torch.float64))
        entropy = -torch.special.xlogy(shares, shares).sum(-1)
        told = log_total - (listed * below).sum(-1) - others * mean
        assert torch.allclose(told, entropy, atol=1e-5)


def test_the_likeliest_stand_in_the_order_of_the_vocabulary(logits: torch.Tensor) -> None:
    short = list_likeliest(logits, 20)
    for place in range(3):
        best = logits[place].topk(20).indices.sort().values
        assert torch.equal(short.tokens[place], best)
        assert torch.equal(short.logits[place], logits[place, best])


def test_a_small_vocabulary_has_no_tail(logits: torch.Tensor) -> None:
    short = list_likeliest(logits, 500)
    assert torch.equal(short.tokens[0], torch.arange(500))
    assert short.others.shape == (3, 0)
    assert short.tail([1.0]).tolist() == [[[-torch.inf, 0.0]]] * 3
