"""How much of the residual stream at one place comes from each place before it.

At each token and half step the stream is a sum y = x + z₁ + z₂ + …: what it was, and what was
written. How much of the sum a part z is, is measured by how near it comes to the whole in the
L1 norm, proximity(z) = max(0, ‖y‖₁ - ‖y - z‖₁), as a share of the proximities of all parts
(Ferrando, Gállego and Costa-jussà 2022, "Measuring the Mixing of Contextual Information in the
Transformer"; per head and token in Ferrando and Voita 2024, "Information Flow Routes"). Biases are
part of the sum but of no edge. A share says how much, not whether it mattered for the prediction.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gpt.lens.anatomy import attention_layers
from gpt.lens.trace import Trace
from gpt.tensor.language_model import LanguageModel


class Flow(NamedTuple):
    """Of what the stream is made at every half step. L layers, H heads, T tokens.

    Attributes:
        heads: `(L, H, T, T)`: of the stream after attention, the share that each head brought to
            token t (a row) from token s (a column).
        kept: `(L, T)`: the share that was there before attention. With the heads' it makes 1.
        mlp: `(L, T)`: of the stream after the MLP, the share that the MLP wrote; the rest was
            there before it.
    """

    heads: Tensor
    kept: Tensor
    mlp: Tensor


@torch.no_grad()
def measure_flow(model: LanguageModel, trace: Trace) -> Flow:
    """The shares of all that flows into the stream, of one sequence.

    Raises NoSuchActivationError if the model has no residual stream.
    """
    heads, kept, mlp = [], [], []
    for layer, attention in enumerate(attention_layers(model)):
        name = f"blocks.{layer}"
        before, after = trace[f"{name}.residual_pre"], trace[f"{name}.residual_mid"]
        # What each head would write of each token if it looked at nothing else: (H, T, C).
        offered = trace[f"{name}.attn.value"] @ attention.output_weight()
        from_heads, from_itself = _attention_shares(
            before, after, offered, trace[f"{name}.attn.pattern"]
        )
        heads.append(from_heads)
        kept.append(from_itself)
        end = trace[f"{name}.residual_post"]
        parts = torch.stack([trace[f"{name}.mlp.output"], after])
        mlp.append(_shares(end, parts)[0])
    return Flow(torch.stack(heads), torch.stack(kept), torch.stack(mlp))


def _attention_shares(
    before: Tensor, after: Tensor, offered: Tensor, pattern: Tensor
) -> tuple[Tensor, Tensor]:
    """The shares of every head and token, `(H, T, T)`, and of what was there before, `(T,)`."""
    H, T, _ = offered.shape
    heads, kept = offered.new_zeros(H, T, T), offered.new_zeros(T)
    for t in range(T):  # a query at a time: all at once would hold H T² C numbers
        written = pattern[:, t, : t + 1, None] * offered[:, : t + 1]  # (H, t + 1, C)
        parts = torch.cat([before[None, t], written.flatten(0, 1)])
        shares = _shares(after[t], parts)
        kept[t] = shares[0]
        heads[:, t, : t + 1] = shares[1:].view(H, t + 1)
    return heads, kept


def _shares(whole: Tensor, parts: Tensor) -> Tensor:
    """The share of each part `(n, ..., C)` in the whole `(..., C)`: `(n, ...)`, together 1."""
    size = whole.abs().sum(-1)
    proximities = (size - (whole - parts).abs().sum(-1)).clamp(min=0)
    return proximities / proximities.sum(0).clamp(min=torch.finfo(whole.dtype).tiny)
