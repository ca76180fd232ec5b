"""Activation patching: which part carries the difference between two texts (Meng et al. 2022).

Both are read; then one is read again with some activations taken from the other. Where that makes
the model say what it says of the other, the difference was carried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gpt.lens.logit_lens import stream_names
from gpt.lens.trace import Trace, trace
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.tap import Ablation

MOST_NUMBERS = 2**25  # of logits, or of attention weights, that are held at once: 128 MiB


def patch(source: Trace, names: Sequence[str]) -> Ablation:
    """Takes whole activations from another text, of one sequence of the same length."""
    return {name: _replace_all(source[name]) for name in names}


@torch.no_grad()
def lead_over(
    model: LanguageModel, tokens: Sequence[int], others: Sequence[Sequence[int]]
) -> Tensor:
    """How surely something else is said after each of some texts than after the first.

    Args:
        model: reads all of them.
        tokens: the first text, T of them.
        others: N texts, as long.

    Returns:
        `(N,)`: the logit of each text's own answer less that of the first one's, after the last
        token; 0 where both are answered alike.
    """
    answer = int(_last_logits(model, tokens, 1, {}).argmax())
    idx = torch.tensor([list(each) for each in others], device=next(model.parameters()).device)
    with model.evaluating():
        some = torch.split(idx, _copies_at_once(model, len(tokens)))
        logits = torch.cat([model(each)[0][:, -1] for each in some])
    return logits.amax(-1) - logits[:, answer]


@torch.no_grad()
def patch_stream(model: LanguageModel, tokens: Sequence[int], source: Sequence[int]) -> Tensor:
    """Reads a text with one place of the residual stream after another taken from another text.

    Args:
        model: reads both.
        tokens: the text that is read, T of them.
        source: the text from which is taken, as many.

    Returns:
        `(n_layer + 1, T, V)`: the logits after the last token, with the stream before the first
        block or after a block, at one position, taken from the source.

    Raises ValueError if the lengths differ, NoSuchActivationError if there is no residual stream.
    """
    other = _traced_alike(model, tokens, source)
    streams = other.residual_stream  # (n_layer + 1, T, C)
    T = len(tokens)
    first = _first_difference(tokens, source)

    def at_positions(stream: Tensor, places: Tensor) -> Callable[[Tensor], Tensor]:
        # In each row of the batch another position is replaced.
        is_patched = (places[:, None] == torch.arange(T, device=stream.device))[:, :, None]
        return lambda x: torch.where(is_patched, stream, x)

    # Before the first token that differs, both texts are the same to the model.
    places = torch.arange(first, T, device=streams.device)
    untouched = _last_logits(model, tokens, 1, {}).expand(first, -1)
    rows = []
    for name, stream in zip(stream_names(other.n_layer), streams, strict=True):
        row = [
            _last_logits(model, tokens, len(some), {name: at_positions(stream, some)})
            for some in torch.split(places, _copies_at_once(model, T))
        ]
        rows.append(torch.cat([untouched, *row]))
    return torch.stack(rows)


@torch.no_grad()
def patch_heads(model: LanguageModel, tokens: Sequence[int], source: Sequence[int]) -> Tensor:
    """Reads a text with what one head after another gathered taken from another text.

    Returns `(n_layer, H, V)`: the logits after the last token. Raises as `patch_stream` does, and
    NoSuchActivationError for a model without heads.
    """
    other = _traced_alike(model, tokens, source)
    gathered = other.of_layers("attn.heads")  # (n_layer, H, T, D)
    H = gathered.shape[1]

    def each_head(heads: Tensor) -> Callable[[Tensor], Tensor]:
        is_patched = torch.eye(H, dtype=torch.bool, device=heads.device)[:, :, None, None]
        return lambda x: torch.where(is_patched, heads, x)

    return torch.stack(
        [
            _last_logits(model, tokens, H, {f"blocks.{layer}.attn.heads": each_head(heads)})
            for layer, heads in enumerate(gathered)
        ]
    )


def _first_difference(tokens: Sequence[int], source: Sequence[int]) -> int:
    """The first position at which two texts differ; their length if none does."""
    differing = (i for i, pair in enumerate(zip(tokens, source, strict=True)) if pair[0] != pair[1])
    return next(differing, len(tokens))


def _copies_at_once(model: LanguageModel, T: int) -> int:
    """How many copies of a text can be read together without filling the memory."""
    config = model.config
    return max(1, MOST_NUMBERS // (T * max(config.vocab_size, config.n_head * T)))


def _traced_alike(model: LanguageModel, tokens: Sequence[int], source: Sequence[int]) -> Trace:
    if len(tokens) != len(source):
        raise ValueError(
            f"Patching needs two texts of equal length, but one has {len(tokens)} tokens and the "
            f"other {len(source)}."
        )
    return trace(model, source)


def _last_logits(
    model: LanguageModel, tokens: Sequence[int], copies: int, ablation: Ablation
) -> Tensor:
    """The logits after the last token, `(copies, V)`, of the same text read so many times."""
    device = next(model.parameters()).device
    idx = torch.tensor(list(tokens), device=device).expand(copies, -1)
    with model.evaluating():
        logits: Tensor = model(idx, ablate=ablation)[0]
    return logits[:, -1]


def _replace_all(activation: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: activation.expand_as(x)
