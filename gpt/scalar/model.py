"""The GPT: one token in, the logits of the next one out.

Decoder-only transformer after GPT-2 with three simplifications, as in MicroGPT: RMSNorm for
LayerNorm, ReLU for GELU, no biases. It is fed one token at a time and keeps every key and value it
has computed, so the loop over positions lies with the caller, in training as in generation.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from gpt.scalar.families import Matrix
from gpt.scalar.functions import Number, Rows, add, dot, linear, relu, rmsnorm, softmax
from gpt.scalar.value import Id


@dataclass(frozen=True)
class Config:
    """The shape of a GPT. Defaults are MicroGPT's.

    Raises:
        ValueError: a size is not positive, or n_embd cannot be shared evenly among the heads.
    """

    vocab_size: int
    n_layer: int = 1
    n_embd: int = 16
    block_size: int = 16
    n_head: int = 4

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_layer", "n_embd", "block_size", "n_head"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_embd {self.n_embd} cannot be shared evenly among {self.n_head} heads; "
                f"make it a multiple of n_head"
            )

    @property
    def head_size(self) -> int:
        return self.n_embd // self.n_head

    def matrix_shapes(self) -> dict[str, tuple[int, int]]:
        """The (rows, columns) of every matrix by name, in the order in which they are drawn."""
        width = self.n_embd
        shapes = {
            "wte": (self.vocab_size, width),
            "wpe": (self.block_size, width),
            "lm_head": (self.vocab_size, width),
        }
        for layer in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                shapes[f"layer{layer}.{name}"] = (width, width)
            shapes[f"layer{layer}.mlp_fc1"] = (4 * width, width)
            shapes[f"layer{layer}.mlp_fc2"] = (width, 4 * width)
        return shapes


Weights = Mapping[str, Rows]
"""Every matrix of the model by name: floats at rest, Values while a gradient is wanted."""

FloatRows = Sequence[Sequence[float]]

Past = tuple[tuple[list[Number], ...], tuple[list[Number], ...]]
"""The keys and the values of all positions so far in one layer, each (n_embd,)."""

Cache = tuple[Past, ...]
"""The past of every layer."""

Trace = Callable[[str, list[Number]], None]
"""Is told the name and the numbers of every activation, as soon as they are computed."""


def initialise(config: Config, rng: random.Random, std: float = 0.08) -> dict[str, FloatRows]:
    """Draw every weight from a normal distribution around 0, matrix by matrix, row by row."""
    return {
        name: [[rng.gauss(0, std) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in config.matrix_shapes().items()
    }


def as_leaves(weights: Mapping[str, FloatRows]) -> dict[str, Matrix]:
    """The same weights as leaves of a graph to be, each with the id (matrix, row, column)."""
    return {name: Matrix(name, rows) for name, rows in weights.items()}


def as_numbers(weights: Mapping[str, Matrix]) -> dict[str, FloatRows]:
    """The same weights as plain floats."""
    return {name: matrix.rows for name, matrix in weights.items()}


def parameter_ids(weights: Mapping[str, Matrix]) -> list[Id]:
    """The id of every parameter: matrix by matrix, row by row."""
    return [id for matrix in weights.values() for row in matrix.ids for id in row]


def empty_cache(config: Config) -> Cache:
    """The cache before the first token: no keys and no values in any layer."""
    return (((), ()),) * config.n_layer


def forward(
    config: Config,
    weights: Weights,
    token: int,
    position: int,
    cache: Cache,
    *,
    trace: Trace | None = None,
) -> tuple[list[Number], Cache]:
    """The logits (vocab_size,) of the token after this one, and the cache with this one added.

    `trace` is told every activation by name; without it nothing is recorded and nothing is paid.
    """
    token_embedding, position_embedding = weights["wte"][token], weights["wpe"][position]
    x = rmsnorm(add(token_embedding, position_embedding))
    if trace:
        trace("embeddings", x)
    grown = []
    for layer, past in enumerate(cache):
        written, past = attention(config, weights, layer, rmsnorm(x), past, trace=trace)
        x = add(written, x)
        if trace:
            trace(f"blocks.{layer}.residual_mid", x)
        written = mlp(weights, layer, rmsnorm(x), trace=trace)
        x = add(written, x)
        if trace:
            trace(f"blocks.{layer}.residual_post", x)
        grown.append(past)
    logits = linear(x, weights["lm_head"])
    if trace:
        trace("logits", logits)
    return logits, tuple(grown)


def attention(
    config: Config,
    weights: Weights,
    layer: int,
    x: list[Number],
    past: Past,
    *,
    trace: Trace | None = None,
) -> tuple[list[Number], Past]:
    """What this position gathers from itself and those before it. (n_embd,) -> (n_embd,)

    Each head compares this position's query with every position's key and mixes their values in
    proportion: softmax(q · k / √head_size) · v (Vaswani et al. 2017, equation 1).
    """
    name = f"blocks.{layer}.attn"
    query = linear(x, weights[f"layer{layer}.attn_wq"])
    key = linear(x, weights[f"layer{layer}.attn_wk"])
    value = linear(x, weights[f"layer{layer}.attn_wv"])
    if trace:
        trace(f"blocks.{layer}.ln_1", x)
        trace(f"{name}.query", query)
        trace(f"{name}.key", key)
        trace(f"{name}.value", value)
    keys, values = (*past[0], key), (*past[1], value)
    mixed: list[Number] = []
    for head in range(config.n_head):
        part = slice(head * config.head_size, (head + 1) * config.head_size)
        scores = [dot(query[part], key[part]) / sqrt(config.head_size) for key in keys]
        pattern = softmax(scores)
        mixture = [
            dot(pattern, channel) for channel in zip(*(v[part] for v in values), strict=True)
        ]
        mixed += mixture
        if trace:
            trace(f"{name}.heads.{head}.scores", scores)
            trace(f"{name}.heads.{head}.pattern", pattern)
            trace(f"{name}.heads.{head}.output", mixture)
    written = linear(mixed, weights[f"layer{layer}.attn_wo"])
    if trace:
        trace(f"{name}.output", written)
    return written, (keys, values)


def mlp(
    weights: Weights, layer: int, x: list[Number], *, trace: Trace | None = None
) -> list[Number]:
    """What this position makes of what it has gathered. (n_embd,) -> (n_embd,)"""
    name = f"blocks.{layer}.mlp"
    pre = linear(x, weights[f"layer{layer}.mlp_fc1"])
    post = relu(pre)
    written = linear(post, weights[f"layer{layer}.mlp_fc2"])
    if trace:
        trace(f"blocks.{layer}.ln_2", x)
        trace(f"{name}.pre", pre)
        trace(f"{name}.post", post)
        trace(f"{name}.output", written)
    return written
