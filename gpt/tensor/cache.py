"""The key/value cache: what attention computed for earlier tokens, kept for the next one.

The cache lives outside the model. It is made for one batch of sequences, passed to each `forward`
and filled by it; a new text gets a new cache. Positions are counted from its first token, so once
the block is full it cannot slide: learned positions would all shift by one. Whoever generates past
the block crops the text and reads it anew.
"""

from __future__ import annotations

import torch
from torch import Tensor


class LayerCache:
    """Keys and values of one layer, `(B, H, capacity, D)`; the first `length` are filled."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Adds keys and values of new tokens, `(B, H, T, D)`; returns all there are so far."""
        if key.requires_grad and torch.is_grad_enabled():
            raise ValueError("A cache is for generation; call the model under torch.no_grad().")
        if self._keys is None or self._values is None:
            B, H, _, D = key.shape
            self._keys = key.new_empty(B, H, self.capacity, D)
            self._values = value.new_empty(B, H, self.capacity, D)
        end = self.length + key.shape[2]
        self._keys[:, :, self.length : end] = key
        self._values[:, :, self.length : end] = value
        self.length = end
        return self._keys[:, :, :end], self._values[:, :, :end]


class RecentTokens:
    """The embeddings of the last tokens read, for a token shift to reach back to."""

    def __init__(self) -> None:
        self._rows: Tensor | None = None

    def extend(self, x: Tensor, reach: int) -> Tensor:
        """The embeddings `(B, T, C)` of new tokens with those of the `reach` tokens before them.

        Returns `(B, reach + T, C)`; before the text there are zeros.
        """
        B, _, C = x.shape
        before = x.new_zeros(B, reach, C) if self._rows is None else self._rows
        rows = torch.cat([before, x], dim=1)
        self._rows = rows[:, -reach:]
        return rows


class KeyValueCache:
    """One `LayerCache` per block, the last embeddings, and how many tokens the model has read."""

    def __init__(self, n_layer: int, block_size: int) -> None:
        self.layers = [LayerCache(block_size) for _ in range(n_layer)]
        self.recent_tokens = RecentTokens()
        self.block_size = block_size
        self.length = 0

    @property
    def is_full(self) -> bool:
        """Whether no further token has a position left."""
        return self.length >= self.block_size

    def advance(self, n_tokens: int) -> None:
        """Counts tokens that every layer has now read."""
        self.length += n_tokens


def start_of(cache: KeyValueCache | None) -> int:
    """The position of the next token: how many the cache holds."""
    return 0 if cache is None else cache.length


def layer_of(cache: KeyValueCache | None, layer: int) -> LayerCache | None:
    """The part of the cache that belongs to one block."""
    return None if cache is None else cache.layers[layer]
