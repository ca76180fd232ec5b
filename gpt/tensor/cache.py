"""The key/value cache: what attention computed for earlier tokens, kept for the next one.

The cache lives outside the model. It is made for one batch of sequences, passed to each `forward`
and filled by it; a new text gets a new cache. Positions are counted from its first token. What
happens once the block is full is for the cache to say, see `PastBlock`.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

PastBlock = Literal["crop", "slide", "clamp"]
"""What becomes of a text that has outgrown the block.

"crop": only the last block_size tokens are read, from position 0 on (the lecture's way). Every
    token then stands one place further left than before, so nothing in the cache holds any more:
    each further token costs a whole pass.
"slide": the cache forgets its oldest token and positions go on. That needs positions of which only
    distances count, as rotary ones. What is kept was computed when older tokens could still be
    seen, so a trace of them remains: the same as attention within a window (Beltagy et al. 2020,
    "Longformer"; Jiang et al. 2023, "Mistral 7B").
"clamp": nothing is forgotten, and every token past the block stands at its last position, a thing
    that the model has never seen in training. To be looked at, not to be used.
"""


class LayerCache:
    """Keys and values of one layer, each `(B, H, capacity, D)`.

    Attributes:
        length: how many tokens the layer has read, those forgotten included.
        ready: what the layer's block has laid ready to read one token after the other; None before.
    """

    def __init__(self, block_size: int, past_block: PastBlock = "crop") -> None:
        self.length = 0
        self.ready: Any = None
        self._window = block_size if past_block == "slide" else None
        # Twice the window, so that it is moved back to the start once a block, not once a token.
        self._capacity = 2 * block_size if self._window else block_size
        self._end = 0  # behind the last entry
        self._entries: Tensor | None = None  # keys, then values: (2, B, H, capacity, D)

    def extend(self, new: Tensor) -> tuple[Tensor, Tensor]:
        """Adds keys and values of new tokens, `(2, B, H, T, D)`; returns all that can be seen.

        These are the keys and the values, each `(B, H, S, D)`.
        """
        if new.requires_grad and torch.is_grad_enabled():
            raise ValueError("A cache is for generation; call the model under torch.no_grad().")
        T = new.shape[3]
        end = self._end + T
        entries = self._entries
        if entries is None or end > self._capacity:
            end, entries = self._make_room(new)
        entries.narrow(3, end - T, T).copy_(new)
        self._end = end
        self.length += T
        first = 0 if self._window is None else max(0, end - self._window)
        key, value = entries.narrow(3, first, end - first).unbind()
        return key, value

    def of_rows(self, rows: Tensor) -> LayerCache:
        """A copy for a batch whose i-th sequence is number rows[i] of this one."""
        copy = LayerCache(0)
        vars(copy).update(vars(self))
        if self._entries is not None:
            copy._entries = self._entries[:, rows]
        return copy

    def _make_room(self, new: Tensor) -> tuple[int, Tensor]:
        """Room for new entries behind those still needed; where it will end, and all of it."""
        _, B, H, T, D = new.shape
        kept = self._end if self._window is None else min(self._end, self._window - 1)
        if self._window is None and kept + T > self._capacity:
            self._capacity = 2 * (kept + T)
        entries = new.new_empty(2, B, H, self._capacity, D)
        if self._entries is not None:
            entries[:, :, :, :kept] = self._entries[:, :, :, self._end - kept : self._end]
        self._entries = entries
        return kept + T, entries


class RecentTokens:
    """The embeddings of the last tokens read, for a token shift to reach back to."""

    def __init__(self) -> None:
        self._rows: Tensor | None = None

    def of_rows(self, rows: Tensor) -> RecentTokens:
        """A copy, as for `LayerCache`."""
        copy = RecentTokens()
        copy._rows = None if self._rows is None else self._rows[rows]
        return copy

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
    """One `LayerCache` per block, the last embeddings, and how many tokens the model has read.

    Attributes:
        length: that number, those forgotten included.
        past_block: what becomes of a text that has outgrown the block.
    """

    def __init__(self, n_layer: int, block_size: int, past_block: PastBlock = "crop") -> None:
        self.layers = [LayerCache(block_size, past_block) for _ in range(n_layer)]
        self.recent_tokens = RecentTokens()
        self.block_size = block_size
        self.past_block = past_block
        self.length = 0

    def of_rows(self, rows: Tensor) -> KeyValueCache:
        """A copy for a batch whose i-th sequence is number rows[i] of this one: texts that fork."""
        copy = KeyValueCache(0, self.block_size, self.past_block)
        copy.layers = [layer.of_rows(rows) for layer in self.layers]
        copy.recent_tokens = self.recent_tokens.of_rows(rows)
        copy.length = self.length
        return copy

    @property
    def is_full(self) -> bool:
        """Whether no further token can be read without reading the text anew."""
        return self.past_block == "crop" and self.length >= self.block_size

    def advance(self, n_tokens: int) -> None:
        """Counts tokens that every layer has now read."""
        self.length += n_tokens


def new_positions(cache: KeyValueCache | None, n_tokens: int, block_size: int) -> slice | Tensor:
    """Where new tokens stand, `(T,)`, as an index into the learned positions of a block.

    Raises ValueError if a token would stand past the block, and the cache has no answer to that.
    """
    start = 0 if cache is None else cache.length
    end = start + n_tokens
    past_block = "crop" if cache is None else cache.past_block
    if end <= block_size:
        return slice(start, end)
    if past_block == "clamp":
        return torch.arange(start, end).clamp(max=block_size - 1)
    if past_block == "slide" and n_tokens == 1:
        return slice(start, end)
    if past_block == "slide":
        raise ValueError("Past the block a sliding cache reads one token at a time.")
    raise ValueError(
        f"{end} tokens do not fit into a block of {block_size}; "
        f"crop the text to its last {block_size}."
    )


def layer_of(cache: KeyValueCache | None, layer: int) -> LayerCache | None:
    """The part of the cache that belongs to one block."""
    return None if cache is None else cache.layers[layer]
