"""Direct logit attribution: a logit as a sum of what each part of the model adds to it.

The residual stream is a sum: embeddings, and what every head, MLP and bias wrote. The last layer is
linear, and so is the norm before it once its scale is held at the value it had. Then each part of
the sum has a logit of its own, and these add up to the model's (Elhage et al. 2021, "A Mathematical
Framework for Transformer Circuits"). What a part does to later parts is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from gpt.lens.anatomy import attention_layers, last_layer, last_norm, mlp_layers
from gpt.lens.trace import NoSuchActivationError, Trace
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import MLP, Embeddings, MultiHeadAttention

TermKind = Literal["token", "position", "head", "mlp", "bias"]


class Term(NamedTuple):
    """One of the parts that add up to a logit.

    Attributes:
        kind: what it is; a bias may be that of a layer, of a norm or of the logit itself.
        name: that of the activation or of the weights that it is.
        layer: in which block; None for what stands outside.
        head: which head of it; None for all others.
    """

    kind: TermKind
    name: str
    layer: int | None = None
    head: int | None = None


class Contributions(NamedTuple):
    """What each part adds to a logit, or to the difference of two, after every token.

    Attributes:
        terms: the parts.
        values: what each adds, `(n_terms, T)`, or of a batch `(n_terms, B, T)`.
    """

    terms: list[Term]
    values: Tensor

    @property
    def total(self) -> Tensor:
        """Their sum, which is the logit: `(T,)` or `(B, T)`."""
        return self.values.sum(0)


class _HeldNorm(NamedTuple):
    """A norm as the linear map that it was for one stream, and what it adds."""

    apply: Callable[[Tensor], Tensor]
    bias: Tensor | None


@torch.no_grad()
def measure_contributions(
    model: LanguageModel,
    trace: Trace,
    token: int,
    *,
    against: int | None = None,
    stream: str | None = None,
) -> Contributions:
    """How much each part speaks, directly, for a token as the next.

    Args:
        model: that left the trace.
        trace: of one sequence or of a batch.
        token: whose logit is taken apart.
        against: another token; then it is the first's logit less this one's.
        stream: at which depth, as `gpt.lens.logit_lens.stream_names` names them: what has been
            written so far adds up to what the logit lens reads there. None for the last.

    Raises:
        NoSuchActivationError, ValueError: the model has no residual stream, or no such token.
    """
    depth = stream or _last_stream(trace)
    last = trace[depth]  # (..., T, C)
    V = model.config.vocab_size
    for asked in (token, against):
        if asked is not None and not 0 <= asked < V:
            raise ValueError(f"Token {asked} is not in this vocabulary: ids go from 0 to {V - 1}.")
    layer = last_layer(model)
    direction = layer.weight[token]
    bias = None if layer.bias is None else layer.bias[token]
    if against is not None:
        direction = direction - layer.weight[against]
        bias = None if bias is None else bias - layer.bias[against]
    norm = _hold(last_norm(model), last)

    terms, values = [], []
    for term, written in _writes(model, trace, depth):
        terms.append(term)
        values.append((norm.apply(written) @ direction).expand(last.shape[:-1]))
    if norm.bias is not None:
        terms.append(Term("bias", "ln_f.bias"))
        values.append((norm.bias @ direction).expand(last.shape[:-1]))
    if bias is not None:
        terms.append(Term("bias", "lm_head.bias"))
        values.append(bias.expand(last.shape[:-1]))
    return Contributions(terms, torch.stack(values))


@torch.no_grad()
def measure_push(
    model: LanguageModel,
    trace: Trace,
    written: Tensor,
    *,
    stream: str | None = None,
    position: int | None = None,
) -> Tensor:
    """How what is written to the stream moves, directly, the logits of all tokens.

    Args:
        model: that left the trace.
        trace: of one sequence.
        written: such as `trace.head_writes`, `(..., T, C)`.
        stream: at which depth the last norm reads; None for the last.
        position: after which token; then what is written is `(..., C)`, and there is no T below.

    Returns:
        `(..., T, V)`, with the last norm's scale held: what each writes is worth in every logit.

    Raises NoSuchActivationError if the model has no residual stream.
    """
    read = trace[stream or _last_stream(trace)]
    norm = _hold(last_norm(model), read if position is None else read[position])
    return norm.apply(written) @ last_layer(model).weight.T


def _last_stream(trace: Trace) -> str:
    """Raises NoSuchActivationError if there are no blocks."""
    if not trace.n_layer:
        raise NoSuchActivationError("This model has no blocks, so it has no residual stream.")
    return f"blocks.{trace.n_layer - 1}.residual_post"


def _writes(model: LanguageModel, trace: Trace, depth: str) -> Iterator[tuple[Term, Tensor]]:
    """All that adds up to a residual stream, each `(..., T, C)`, or `(C,)` for a bias."""
    yield from _embedded(model, trace)
    if depth == "embeddings":
        return
    parts = zip(attention_layers(model), mlp_layers(model), strict=True)
    for layer, (attention, mlp) in enumerate(parts):
        assert isinstance(attention, MultiHeadAttention)
        assert isinstance(mlp, MLP)
        name = f"blocks.{layer}"
        heads = trace[f"{name}.attn.head_writes"]
        for head, written in enumerate(heads.unbind(-3)):
            yield Term("head", f"{name}.attn.head_writes", layer, head), written
        if attention.projection is not None and attention.projection.bias is not None:
            term = Term("bias", f"{name}.attn.projection.bias", layer)
            yield term, attention.projection.bias
        if depth == f"{name}.residual_mid":
            return
        written = trace[f"{name}.mlp.output"]
        if mlp.projection.bias is not None:
            yield Term("bias", f"{name}.mlp.projection.bias", layer), mlp.projection.bias
            written = written - mlp.projection.bias
        yield Term("mlp", f"{name}.mlp.output", layer), written
        if depth == f"{name}.residual_post":
            return


def _embedded(model: LanguageModel, trace: Trace) -> list[tuple[Term, Tensor]]:
    """What the token is and where it stands, as they enter the stream."""
    embeddings = next(part for part in model.modules() if isinstance(part, Embeddings))
    name = "embeddings.token" if embeddings.shift is None else "embeddings.shifted"
    parts = [(Term("token", name), trace[name])]
    if embeddings.has_positions:
        parts.append((Term("position", "embeddings.position"), trace["embeddings.position"]))
    if embeddings.norm is None:
        return parts
    norm = _hold(embeddings.norm, torch.stack([x.expand_as(parts[0][1]) for _, x in parts]).sum(0))
    normalised = [(term, norm.apply(x.expand_as(parts[0][1]))) for term, x in parts]
    if norm.bias is not None:
        normalised.append((Term("bias", "embeddings.norm.bias"), norm.bias))
    return normalised


def _hold(norm: nn.Module, stream: Tensor) -> _HeldNorm:
    """A norm as it acts on this stream `(..., T, C)`, its scale held."""
    if isinstance(norm, nn.LayerNorm):
        deviation = (stream.var(-1, unbiased=False, keepdim=True) + norm.eps).sqrt()
        gain = norm.weight / deviation
        return _HeldNorm(lambda x: (x - x.mean(-1, keepdim=True)) * gain, norm.bias)
    if isinstance(norm, nn.RMSNorm):
        assert norm.eps is not None
        size = (stream.square().mean(-1, keepdim=True) + norm.eps).sqrt()
        return _HeldNorm(lambda x: x / size, None)
    return _HeldNorm(lambda x: x, None)
