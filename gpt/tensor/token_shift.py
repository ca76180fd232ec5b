"""Token shift: every token starts out with a little of those before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gpt.tensor.cache import RecentTokens


class TokenShift(nn.Module):
    """Adds the embeddings of the `reach` tokens before, each channel with a learned share.

    Attention must learn to look one token back before it can tell "th" from "sh"; this hands it the
    neighbours from the first step on. The idea is RWKV's token shift (Peng et al. 2023) and the
    "smear" of modded-nanogpt (Jordan et al. 2024); with several tokens it is a short causal
    convolution, the Canon layer of Allen-Zhu 2025. It starts as nothing: all shares are zero.
    """

    def __init__(self, n_embd: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.share = nn.Parameter(torch.zeros(reach, n_embd))  # row i: of the token i + 1 before

    def forward(self, x: Tensor, recent: RecentTokens | None) -> Tensor:
        """`(B, T, C)` -> `(B, T, C)`; before the text there are zeros."""
        T = x.shape[1]
        if recent is None:
            before = nn.functional.pad(x, (0, 0, self.reach, 0))  # (B, reach + T, C)
        else:
            before = recent.extend(x, self.reach)
        for i in range(self.reach):
            start = self.reach - 1 - i
            x = torch.addcmul(x, before[:, start : start + T], self.share[i])
        return x
