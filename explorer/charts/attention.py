"""Attention patterns as the browser draws them: small ones of every head, exact ones of a few."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Patterns = npt.NDArray[np.float32]

THUMBNAIL_SIZE = 32
FINEST = 65535


def thumbnails(patterns: Patterns) -> npt.NDArray[np.uint8]:
    """`(..., T, T)` -> `(..., S (S + 1) / 2)` from 0 to 255, row by row, with S = min(T, 32).

    A cell of a thumbnail is the largest weight of the cells it stands for, so that a thin line of
    attention does not fade away.
    """
    size = thumbnail_size(patterns.shape[-1])
    edges = np.linspace(0, patterns.shape[-1], size + 1).astype(int)[:-1]
    rows = np.maximum.reduceat(patterns, edges, axis=-2)
    small = np.maximum.reduceat(rows, edges, axis=-1)
    return np.rint(255 * np.clip(lower_triangle(small), 0, 1)).astype(np.uint8)


def thumbnail_size(tokens: int) -> int:
    """How many cells a thumbnail has along each side."""
    return min(tokens, THUMBNAIL_SIZE)


def lower_triangle(patterns: Patterns) -> Patterns:
    """`(..., T, T)` -> `(..., T (T + 1) / 2)`: row by row, what a causal mask leaves."""
    rows, columns = np.tril_indices(patterns.shape[-1])
    return np.ascontiguousarray(patterns[..., rows, columns], dtype=np.float32)


def in_16_bits(weights: Patterns) -> npt.NDArray[np.uint16]:
    """Weights from 0 to 1 as whole numbers from 0 to 65535."""
    return np.rint(FINEST * np.clip(weights, 0, 1)).astype(np.uint16)


def in_hundredths(scores: Patterns) -> npt.NDArray[np.int16]:
    """Scores, which are shown with two digits behind the point, as whole hundredths."""
    return np.rint(100 * np.clip(scores, -320, 320)).astype(np.int16)
