"""The logit lens: what the model would say if it stopped after each layer (nostalgebraist 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from gpt.lens.anatomy import unembed
from gpt.lens.trace import Trace
from gpt.tensor.language_model import LanguageModel


@torch.no_grad()
def read_logit_lens(model: LanguageModel, trace: Trace) -> Tensor:
    """The logits that the residual stream would give if it were the last.

    Before the first block and after each one, every stream passes the last norm and the last layer:
    for one sequence `(n_layer + 1, T, V)`, for a batch `(B, n_layer + 1, T, V)`. What the last
    stream gives are the model's own logits.

    Raises NoSuchActivationError or ValueError if the model has no residual stream.
    """
    axis = trace.tokens.dim() - 1
    # Layer by layer, as the forward pass does, so that the last layer agrees bit for bit.
    return torch.stack([unembed(model, x) for x in trace.residual_stream.unbind(axis)], dim=axis)


def ranks(logits: Tensor, token: int) -> Tensor:
    """At which place the token stands among all, 0 being the likeliest. `(..., V)` -> `(...)`."""
    return (logits > logits[..., token : token + 1]).sum(-1)
