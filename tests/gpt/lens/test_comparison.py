"""Two models against one another, on numbers that can be worked out by hand."""

from __future__ import annotations

from math import log

import pytest
import torch

from gpt.lens.comparison import compare_logits, head_distances

# Each of three queries looks at itself, at the first token, or at all it can see alike.
ITSELF = torch.eye(3)
FIRST = torch.tensor([[1.0, 0, 0], [1, 0, 0], [1, 0, 0]])
ALIKE = torch.tensor([[1.0, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]])


def test_heads_are_apart_by_the_attention_that_would_have_to_move() -> None:
    distances = head_distances(torch.stack([ITSELF, FIRST]), torch.stack([ITSELF, FIRST, ALIKE]))
    # From itself to all alike, one half moves, then two thirds: (1/2 + 2/3) / 2.
    expected = torch.tensor([[0, 1, 7 / 12], [1, 0, 7 / 12]])
    torch.testing.assert_close(distances, expected)
    torch.testing.assert_close(head_distances(FIRST[None], ALIKE[None])[0, 0], expected[1, 2])


def test_only_the_same_tokens_can_be_compared() -> None:
    with pytest.raises(ValueError, match="One model read 3 tokens, the other 2"):
        head_distances(ITSELF[None], torch.eye(2)[None])
    with pytest.raises(ValueError, match="the text has only one"):
        head_distances(torch.ones(1, 1, 1), torch.ones(1, 1, 1))


def test_divergence_and_surprisal_are_those_of_the_formula() -> None:
    p = torch.tensor([[0.5, 0.5], [0.9, 0.1]])
    q = torch.tensor([[0.25, 0.75], [0.9, 0.1]])
    found = compare_logits(p.log() + 3, q.log() - 1, torch.tensor([0, 1]))
    expected = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75)
    torch.testing.assert_close(found.divergence, torch.tensor([expected, 0.0]).double())
    assert found.is_same_best.tolist() == [False, True]
    torch.testing.assert_close(
        found.surprisals, torch.tensor([[log(2)], [log(4 / 3)]]).double(), rtol=1e-6, atol=0
    )
