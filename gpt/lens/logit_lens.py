"""The logit lens: what the model would say if it stopped after each layer (nostalgebraist 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.lens.anatomy import unembed
from gpt.lens.trace import Trace
from gpt.tensor.language_model import LanguageModel

NOTHING_FOLLOWS = -1
"""In place of a rank, where no token of the text follows."""


class Predictions(NamedTuple):
    """What would be said of the next token at every depth. D depths, T tokens.

    Attributes:
        tokens: the k likeliest, best first, `(D, T, k)`.
        probabilities: how likely they are, `(D, T, k)`.
        last_ranks: at which place, from 0, what the last depth says best stands, `(D, T)`.
        next_ranks: at which place the token stands that does follow in the text, `(D, T)`;
            `NOTHING_FOLLOWS` after the last.
    """

    tokens: Tensor
    probabilities: Tensor
    last_ranks: Tensor
    next_ranks: Tensor


def stream_names(n_layer: int, *, half_steps: bool = False) -> list[str]:
    """The residual stream at every depth, by the names that a trace has for it.

    Before the first block and after each one; with half steps between attention and MLP as well.
    """
    names = ["embeddings"]
    for layer in range(n_layer):
        if half_steps:
            names.append(f"blocks.{layer}.residual_mid")
        names.append(f"blocks.{layer}.residual_post")
    return names


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


@torch.no_grad()
def read_predictions(
    model: LanguageModel, trace: Trace, names: Sequence[str], *, k: int = 3
) -> Predictions:
    """The best of the logit lens at every depth, without keeping all of its logits.

    Args:
        model: that left the trace.
        trace: of one sequence.
        names: of the streams to read, the last one last, as `stream_names` gives them.
        k: how many of the likeliest tokens; fewer where the vocabulary has no more.

    Raises NoSuchActivationError or ValueError if the model has no residual stream.
    """
    k = min(k, model.config.vocab_size)
    last = unembed(model, trace[names[-1]])
    said, following = last.argmax(-1), trace.tokens[1:]
    tokens, probabilities, last_ranks, next_ranks = [], [], [], []
    for name in names:
        logits = last if name == names[-1] else unembed(model, trace[name])
        best = logits.topk(k, dim=-1)
        tokens.append(best.indices)
        probabilities.append((best.values - logits.logsumexp(-1, keepdim=True)).exp())
        last_ranks.append(ranks(logits, said))
        next_ranks.append(
            torch.nn.functional.pad(ranks(logits[:-1], following), (0, 1), value=NOTHING_FOLLOWS)
        )
    return Predictions(*map(torch.stack, (tokens, probabilities, last_ranks, next_ranks)))


def ranks(logits: Tensor, tokens: int | Tensor) -> Tensor:
    """At which place a token stands among all, 0 being the likeliest. `(..., V)` -> `(...)`.

    The token may be one for all, or another for each, `(...)`.
    """
    asked = torch.as_tensor(tokens, device=logits.device).expand(logits.shape[:-1])
    return (logits > logits.gather(-1, asked[..., None])).sum(-1)


def decided_at(tokens: Tensor) -> Tensor:
    """From which depth on the best token is the last depth's: `(D, T)` -> `(T,)`, from 0."""
    is_settled = (tokens == tokens[-1]).flip(0).cumprod(0)
    return len(tokens) - is_settled.sum(0)
