"""Rotary positions: where a token stands as the angle by which its query and key are turned."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BASE = 10_000.0


class Rotary(nn.Module):
    """Turns each pair of channels by an angle that grows with the position (Su et al. 2021).

    Pair i of D / 2 turns by `position · base^(-2i/D)` radians: the first fast, the last slowly. A
    query and a key that are turned alike keep their product, so what counts in the scores is how
    far apart two tokens stand, not where. Nothing is learnt. As in GPT-NeoX, a pair is made of
    channel i of the first and of the second half.
    """

    def __init__(self, head_size: int, block_size: int) -> None:
        super().__init__()
        self.head_size = head_size
        cosines, sines = self.turns(0, block_size)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)
        self.cosines: Tensor  # (block_size, D)
        self.sines: Tensor

    def forward(self, x: Tensor, start: int) -> Tensor:
        """`(B, H, T, D)` -> the same, turned; the first token stands at position `start`."""
        end = start + x.shape[2]
        cosines, sines = self.cosines[start:end], self.sines[start:end]
        if end > len(self.cosines):  # a sliding cache goes on past the block
            cosines, sines = (turn.to(x.device) for turn in self.turns(start, end))
        first, second = x.chunk(2, dim=-1)
        across = torch.cat([-second, first], dim=-1)
        return x * cosines + across * sines

    def turns(self, start: int, end: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the angles at some positions, each `(T, D)`."""
        pairs = torch.arange(self.head_size // 2, dtype=torch.float64)
        positions = torch.arange(start, end, dtype=torch.float64)
        angles = torch.outer(positions, BASE ** (-2 * pairs / self.head_size))  # (T, D / 2)
        # Both halves of a vector are multiplied by the same cosines, so they stand there twice.
        turned = torch.cat([angles, angles], dim=-1)
        return turned.cos().float(), turned.sin().float()
