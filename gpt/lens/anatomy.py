"""Where the parts are in a model, whichever rung of the ladder it stands on."""

from __future__ import annotations

from torch import Tensor, nn

from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import MLP, FeedForward, Head, Linear, MultiHeadAttention


def attention_layers(model: LanguageModel) -> list[Head | MultiHeadAttention]:
    """The attention of every block, first to last."""
    return [part for part in model.modules() if isinstance(part, Head | MultiHeadAttention)]


def mlp_layers(model: LanguageModel) -> list[FeedForward | MLP]:
    """The MLP of every block, first to last; none below the rung that adds them."""
    return [part for part in model.modules() if isinstance(part, FeedForward | MLP)]


def last_norm(model: LanguageModel) -> nn.Module:
    """What normalises the residual stream before the last layer; may change nothing."""
    norm = getattr(model, "ln_f", None)
    return norm if isinstance(norm, nn.Module) else nn.Identity()


def last_layer(model: LanguageModel) -> Linear:
    """What turns the residual stream into logits.

    Raises ValueError if the model has none, as a bigram.
    """
    layer = getattr(model, "lm_head", None)
    if not isinstance(layer, Linear):
        raise ValueError(
            f"A {model.config.rung} has no residual stream to read: its logits are a table."
        )
    return layer


def unembed(model: LanguageModel, stream: Tensor) -> Tensor:
    """The logits `(..., V)` that a residual stream `(..., C)` would give if it were the last."""
    logits: Tensor = last_layer(model)(last_norm(model)(stream))
    return logits
