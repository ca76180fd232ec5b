"""Text out of a model, one token at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gpt.tensor.language_model import LanguageModel

Draw = Callable[[Tensor, torch.Generator], Tensor]
"""From probabilities `(B, V)` to one token id per sequence, `(B,)`."""


def invert_cumulative(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """The token into whose share of the unit interval a number falls.

    Lay the probabilities end to end; `uniform` in [0, 1) is a needle that points at one of them. A
    token without probability is never pointed at.

    Args:
        probabilities: `(B, V)`, not negative; they need not add up to 1 exactly.
        uniform: `(B,)`, float64.

    Returns:
        ids, `(B,)`.
    """
    cumulative = probabilities.to("cpu", torch.float64).cumsum(dim=-1)
    # The last nonzero share must end at exactly 1, above any needle.
    cumulative = cumulative / cumulative[:, -1:]
    return torch.searchsorted(cumulative, uniform[:, None], right=True).squeeze(1)


def draw_token(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Draws by inverting the cumulative distribution, with one uniform number per sequence."""
    uniform = torch.rand(len(probabilities), dtype=torch.float64, generator=generator)
    return invert_cumulative(probabilities, uniform)


def draw_multinomial(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Draws as the lecture does, by `torch.multinomial`; only to reproduce the lecture's text."""
    return torch.multinomial(probabilities.cpu(), 1, generator=generator).squeeze(1)


@torch.no_grad()
def generate(
    model: LanguageModel,
    idx: Tensor,
    n_tokens: int,
    *,
    generator: torch.Generator,
    temperature: float = 1.0,
    draw: Draw = draw_token,
    is_cached: bool = True,
) -> Tensor:
    """Continues each sequence by `n_tokens`: `(B, T)` -> `(B, T + n_tokens)`.

    While the text fits into the block, each new token is all that the model has to read. After that
    the block slides, every position changes, and the last block_size tokens are read anew.

    Raises ValueError if there is no token to start from or the temperature is not above zero.
    """
    if idx.shape[1] == 0:
        raise ValueError("There must be at least one token to continue from.")
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, not {temperature}.")
    block_size = model.config.block_size
    device = next(model.parameters()).device
    cache = model.new_cache() if is_cached else None
    text = idx.cpu()
    with model.evaluating():
        for _ in range(n_tokens):
            if cache is None or text.shape[1] > block_size:
                logits, _ = model(text[:, -block_size:].to(device))
            else:
                logits, _ = model(text[:, cache.length :].to(device), cache=cache)
            probabilities = (logits[:, -1] / temperature).softmax(dim=-1)  # (B, V)
            text = torch.cat([text, draw(probabilities, generator)[:, None]], dim=1)
    return text
