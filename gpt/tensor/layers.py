"""The parts from which every model of the ladder is built.

Letters in shapes: B sequences in a batch, T tokens in each, C channels of the residual stream,
H heads, D = C / H channels of a head, S = tokens that can be looked at (T, plus those in a cache),
V = size of the vocabulary. Each layer announces what it computes to a `Tap`.

Building a layer draws no random numbers: weights are zero until `initialise` draws them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpt.tensor.cache import KeyValueCache, LayerCache, new_positions
from gpt.tensor.config import Activation, Norm
from gpt.tensor.rotary import Rotary
from gpt.tensor.tap import Tap
from gpt.tensor.token_shift import TokenShift


class Layer(nn.Module):
    """A part of a model, called straight away.

    torch's own call first looks for hooks. There are none here: whoever wants to read or change
    what a layer computes uses its `Tap`. Where one token is read at a time, that look would take
    nearly a tenth of the whole.
    """

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)


class Linear(Layer, nn.Linear):
    """y = x Wᵀ + b, over the last axis."""

    def reset_parameters(self) -> None:
        """Zeros, where torch would draw from its global generator."""
        for parameter in self.parameters():
            nn.init.zeros_(parameter)


class Embedding(Layer, nn.Embedding):
    """A table with one row per index."""

    def reset_parameters(self) -> None:
        """Zeros, where torch would draw from its global generator."""
        nn.init.zeros_(self.weight)


class Embeddings(Layer):
    """What a token is plus where it stands: `(B, T)` token ids -> `(B, T, C)`.

    Optionally what the tokens before are (`shift`), without where (`has_positions`), normalised.
    """

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        n_embd: int,
        *,
        shift: TokenShift | None = None,
        has_positions: bool = True,
        norm: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.block_size = block_size
        self.token = Embedding(vocab_size, n_embd)
        self.shift = shift
        self.has_positions = has_positions
        if has_positions:
            self.position = Embedding(block_size, n_embd)
        self.norm = norm

    def forward(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        """Embeds tokens that follow those in the cache.

        Raises ValueError if the last one would stand past the block, unless the cache allows it.
        """
        positions = new_positions(cache, idx.shape[1], self.block_size)
        within = tap.within("embeddings")
        x = within("token", self.token(idx))  # (B, T, C)
        if self.shift is not None:
            x = within("shifted", self.shift(x, cache and cache.recent_tokens))
        if self.has_positions:
            x = x + within("position", self.position.weight[positions])  # (T, C)
        if self.norm is not None:
            x = self.norm(x)
        return tap("embeddings", x)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    tap: Tap,
    *,
    dropout: float = 0.0,
    fused: bool = False,
    is_causal: bool = True,
) -> Tensor:
    """Attention, softmax(q kᵀ / √D) v: Vaswani et al. 2017, equation 1.

    Args:
        query: what each of the T newest tokens looks for, `(B, H, T, D)`.
        key: what each of the S tokens offers to be found by, `(B, H, S, D)`.
        value: what each gives when it is looked at, `(B, H, S, D)`.
        tap: is told scores, masked scores and pattern, each `(B, H, T, S)`.
        dropout: share of the pattern that is zeroed.
        fused: take torch's single kernel, which shows nothing; needs S = T.
        is_causal: whether a token sees only itself and what came before it. Without, all see all,
            as in an encoder.

    Returns:
        `(B, H, T, D)`: for each query, the values it looked at, weighted by its pattern.
    """
    T, D = query.shape[-2:]
    if fused:
        return F.scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, is_causal=is_causal
        )
    S = key.shape[-2]
    masked_scores = scores = tap("scores", query / math.sqrt(D) @ key.transpose(-2, -1))
    if is_causal and T > 1:
        # The queries are the last T of the S tokens; each sees itself and what came before.
        is_visible = torch.ones(T, S, dtype=torch.bool, device=query.device).tril(S - T)
        masked_scores = scores.masked_fill(~is_visible, -math.inf)
    pattern = tap("pattern", tap("masked_scores", masked_scores).softmax(dim=-1))
    return drop(pattern, dropout) @ value


def drop(x: Tensor, share: float) -> Tensor:
    """Zeroes a share of the activations, at random, and scales the rest up in turn."""
    return F.dropout(x, share) if share else x


class Head(Layer):
    """One head of causal self-attention, as wide as the stream: `(B, T, C)` -> `(B, T, C)`."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.key = Linear(n_embd, n_embd, bias=False)
        self.query = Linear(n_embd, n_embd, bias=False)
        self.value = Linear(n_embd, n_embd, bias=False)

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        query = tap("query", self.query(x).unsqueeze(1))  # (B, 1, T, C): one head
        key = tap("key", self.key(x).unsqueeze(1))
        value = tap("value", self.value(x).unsqueeze(1))
        if cache is not None:
            key, value = cache.extend(torch.stack([key, value]))
        heads = tap("heads", attend(query, key, value, tap))
        return tap("output", heads.squeeze(1))  # (B, T, C)

    def output_weight(self) -> Tensor:
        """By what the values that the head gathered are multiplied to become output: not at all."""
        return torch.eye(self.query.in_features).to(self.query.weight)[None]  # (1, C, C)


class MultiHeadAttention(Layer):
    """H heads side by side, each on D of the C channels: `(B, T, C)` -> `(B, T, C)`.

    The heads are one axis of one tensor, not a loop. With `has_projection`, a last linear layer
    mixes what the heads found before it is written to the residual stream.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        has_projection: bool = True,
        dropout: float = 0.0,
        bias: bool = True,
        qkv_bias: bool = False,
        qk_norm: nn.Module | None = None,
        rotary: Rotary | None = None,
    ) -> None:
        super().__init__()
        self.n_head = n_head
        self.dropout = dropout
        self.qk_norm = qk_norm
        self.rotary = rotary
        self.key = Linear(n_embd, n_embd, bias=qkv_bias)
        self.query = Linear(n_embd, n_embd, bias=qkv_bias)
        self.value = Linear(n_embd, n_embd, bias=qkv_bias)
        self.projection = Linear(n_embd, n_embd, bias=bias) if has_projection else None

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        query, key, value = self.project(x)
        start = 0 if cache is None else cache.length
        query = tap("query", self.prepare(query, start))  # (B, H, T, D)
        key = tap("key", self.prepare(key, start))
        value = tap("value", value)
        if cache is not None:
            key, value = cache.extend(torch.stack([key, value]))
        dropout = self.dropout if self.training else 0.0
        fused = self.training and tap.is_idle and cache is None
        heads = tap("heads", attend(query, key, value, tap, dropout=dropout, fused=fused))
        output = heads.transpose(1, 2).flatten(2)  # (B, T, H * D = C)
        if self.projection is not None:
            output = self.projection(output)
        return tap("output", drop(output, dropout))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of tokens `(B, T, C)`, each `(B, H, T, D)`."""
        query, key, value = (self.split_heads(part(x)) for part in self.projections)
        return query, key, value

    @property
    def projections(self) -> tuple[Linear, Linear, Linear]:
        return self.query, self.key, self.value

    def prepare(self, x: Tensor, start: int) -> Tensor:
        """Queries or keys `(B, H, T, D)` as they are compared: normalised and turned if so
        configured; the first stands at position `start`.
        """
        if self.qk_norm is not None:
            x = self.qk_norm(x)
        return x if self.rotary is None else self.rotary(x, start)

    def split_heads(self, x: Tensor) -> Tensor:
        """`(B, T, C)` -> `(B, H, T, D)`: head h gets channels h·D to (h+1)·D."""
        B, T, C = x.shape
        return x.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)

    def output_weight(self) -> Tensor:
        """By what the values that head h gathered are multiplied to become output: `(H, D, C)`.

        The output is the sum over the heads, and a bias if there is one.
        """
        C = self.query.in_features
        weight = torch.eye(C).to(self.query.weight)
        if self.projection is not None:
            weight = self.projection.weight.T
        return weight.reshape(self.n_head, C // self.n_head, C)


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,  # Hendrycks and Gimpel 2016
    "relu2": lambda x: F.relu(x).square(),  # So et al. 2021, "Primer"
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),  # as GPT-2 computes it
}


def gelu_of_few(x: Tensor) -> Tensor:
    """GELU of an even number of activations of one token, `(C,)`.

    What lies in memory in the order of its axes torch hands to another library, which for a few
    hundred numbers is longer in getting ready than in computing. So it is shown them aslant.
    """
    return F.gelu(x.view(2, -1).mT).mT.view(-1)


class FeedForward(Layer):
    """One layer by which each token thinks for itself: `(B, T, C)` -> `(B, T, C)`."""

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.linear = Linear(n_embd, n_embd)

    def forward(self, x: Tensor, tap: Tap) -> Tensor:
        pre = tap("pre", self.linear(x))
        return tap("output", F.relu(pre))


class MLP(Layer):
    """Four times as wide inside, then projected back: `(B, T, C)` -> `(B, T, C)`."""

    def __init__(
        self,
        n_embd: int,
        *,
        activation: Activation = "relu",
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.expansion = Linear(n_embd, 4 * n_embd, bias=bias)
        self.activation = ACTIVATIONS[activation]
        self.projection = Linear(4 * n_embd, n_embd, bias=bias)
        self.dropout = dropout

    def forward(self, x: Tensor, tap: Tap) -> Tensor:
        pre = tap("pre", self.expansion(x))  # (B, T, 4 C)
        post = tap("post", self.activation(pre))
        dropout = self.dropout if self.training else 0.0
        return tap("output", drop(self.projection(post), dropout))


class LayerNorm(Layer, nn.LayerNorm):
    """Each token's channels to mean 0 and variance 1, then scaled (Ba, Kiros and Hinton 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        """The same as torch's, without the way there: 9 calls a token are felt in generation."""
        return torch.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


NORMS: dict[Norm, Callable[[int, bool], nn.Module]] = {
    "layernorm": lambda n_embd, bias: LayerNorm(n_embd, bias=bias),
    # Zhang and Sennrich 2019, without their gain: x / √(mean(x²) + ε). Nothing to learn, no mean.
    "rmsnorm": lambda n_embd, bias: nn.RMSNorm(n_embd, eps=1e-5, elementwise_affine=False),
}
