"""Averaging the past three ways: the same numbers, and the lecture's."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.averaging import (
    average_by_loops,
    average_by_matrix,
    average_by_softmax,
    mean_weights,
    softmax_weights,
)


@given(st.integers(1, 4), st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**31))
def test_the_three_ways_agree(B: int, T: int, C: int, seed: int) -> None:
    x = torch.randn(B, T, C, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    by_loops = average_by_loops(x)
    # The scores' value does not matter as long as it is the same everywhere.
    equal_scores = torch.full((T, T), 3.0, dtype=torch.float64)
    torch.testing.assert_close(average_by_matrix(x), by_loops, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(average_by_softmax(x, equal_scores), by_loops)


def test_the_lectures_weights_of_three_tokens() -> None:
    third = 1 / 3
    assert mean_weights(3).tolist() == [
        [1, 0, 0],
        [0.5, 0.5, 0],
        torch.tensor([third, third, third]).tolist(),
    ]


def test_unequal_scores_weigh_the_past_and_never_the_future() -> None:
    scores = torch.tensor([[0.0, 99.0], [0.0, torch.log(torch.tensor(3.0))]])
    torch.testing.assert_close(softmax_weights(scores), torch.tensor([[1.0, 0.0], [0.25, 0.75]]))
