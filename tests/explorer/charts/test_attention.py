"""Attention patterns made small, and packed without loss of what counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.charts.attention import in_16_bits, lower_triangle, thumbnails


def test_a_short_text_keeps_every_cell() -> None:
    patterns = np.array([[[1.0, 0.0], [0.25, 0.75]]], dtype=np.float32)
    assert thumbnails(patterns).tolist() == [[255, 64, 191]]


def test_a_thin_line_does_not_fade_in_a_thumbnail() -> None:
    pattern = np.eye(256, k=-100, dtype=np.float32)
    small = np.zeros((32, 32), dtype=np.uint8)
    small[np.tril_indices(32)] = thumbnails(pattern)
    rows = np.arange(13, 32)
    assert (small[rows].max(axis=1) == 255).all()
    assert small[:12].max() == 0


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_the_triangle_holds_row_by_row_what_the_mask_leaves(size: int, seed: int) -> None:
    pattern = np.random.default_rng(seed).random((size, size), dtype=np.float32)
    packed = lower_triangle(pattern)
    assert packed.shape == (size * (size + 1) // 2,)
    for query in range(size):
        start = query * (query + 1) // 2
        np.testing.assert_array_equal(
            packed[start : start + query + 1], pattern[query, : query + 1]
        )
    np.testing.assert_allclose(in_16_bits(packed) / 65535, packed, atol=1e-5)
