"""All heads as one pattern."""

from __future__ import annotations

import torch

from gpt.lens.summary import attention_rollout, average_pattern, strongest_pattern

FIRST = torch.tensor([[1.0, 0.0], [1.0, 0.0]])  # always looks at the first token
OWN = torch.eye(2)
PATTERNS = torch.stack([torch.stack([FIRST, OWN]), torch.stack([OWN, OWN])])  # (2, 2, 2, 2)


def test_the_average_and_the_strongest() -> None:
    assert average_pattern(PATTERNS).tolist() == [[1, 0], [0.25, 0.75]]
    assert strongest_pattern(PATTERNS).tolist() == [[1, 0], [1, 1]]


def test_rollout_multiplies_the_layers() -> None:
    # First layer: half of (1/2 first + 1/2 itself), half itself: 1/4 and 3/4. The second adds none.
    assert attention_rollout(PATTERNS).tolist() == [[1, 0], [0.25, 0.75]]
    twice = torch.stack([PATTERNS[0], PATTERNS[0]])
    assert attention_rollout(twice).tolist() == [[1, 0], [1 - 0.75**2, 0.75**2]]


def test_rows_of_a_rollout_add_up_to_one() -> None:
    drawn = torch.rand(3, 4, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    patterns = drawn.tril() / drawn.tril().sum(-1, keepdim=True)
    rollout = attention_rollout(patterns)
    torch.testing.assert_close(rollout.sum(-1), torch.ones(6, dtype=torch.float64))
    assert rollout.triu(1).abs().max() == 0
