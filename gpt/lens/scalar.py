"""The GPT of plain numbers laid open, in the same names and shapes as that of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.lens.trace import Derivation, Trace, derive_probabilities, derive_writes
from gpt.scalar.functions import Number
from gpt.scalar.model import Config, FloatRows, empty_cache, forward


class ScalarGPT(NamedTuple):
    """A GPT of plain numbers: its shape, and every matrix by name."""

    config: Config
    weights: Mapping[str, FloatRows]


def trace_scalar(model: ScalarGPT, tokens: Sequence[int]) -> Trace:
    """Reads tokens with the scalar GPT, keeping everything that it computes on the way.

    What it never computes, for it reads one token at a time, is added from what it does: the
    scores of keys yet to come (masked at once), and sums that have no name there. In float64.

    Raises ValueError if there are no tokens, or more than the block holds.
    """
    config, weights = model
    if not 0 < len(tokens) <= config.block_size:
        raise ValueError(
            f"A scalar GPT with a block of {config.block_size} reads 1 to {config.block_size} "
            f"tokens at a time, not {len(tokens)}."
        )
    seen: list[dict[str, list[Number]]] = []  # by position, then by name
    cache = empty_cache(config)
    for position, token in enumerate(tokens):
        seen.append({})
        _, cache = forward(config, weights, token, position, cache, trace=seen[-1].__setitem__)

    activations = {
        "embeddings.token": _tensor([weights["wte"][token] for token in tokens]),
        "embeddings.position": _tensor(weights["wpe"][: len(tokens)]),
    }
    heads = [name for name in seen[0] if ".heads." in name]
    for name in seen[0]:
        if name not in heads:
            activations[name] = _tensor([at[name] for at in seen])  # (T, ...)
    derivations: dict[str, Derivation] = {"probabilities": derive_probabilities}
    for layer in range(config.n_layer):
        block, attn = f"blocks.{layer}", f"blocks.{layer}.attn"
        before = "embeddings" if layer == 0 else f"blocks.{layer - 1}.residual_post"
        activations[f"{block}.residual_pre"] = activations[before]
        for part in ("query", "key", "value"):
            split = activations[f"{attn}.{part}"].view(-1, config.n_head, config.head_size)
            activations[f"{attn}.{part}"] = split.transpose(0, 1)  # (H, T, D)
        own = [f"{attn}.heads.{head}" for head in range(config.n_head)]
        activations[f"{attn}.heads"] = _tensor([[at[f"{n}.output"] for at in seen] for n in own])
        activations[f"{attn}.masked_scores"] = _over_keys(seen, own, "scores", -torch.inf)
        activations[f"{attn}.pattern"] = _over_keys(seen, own, "pattern", 0.0)
        weight = _tensor(weights[f"layer{layer}.attn_wo"]).T
        weight = weight.reshape(config.n_head, config.head_size, config.n_embd)
        derivations[f"{attn}.scores"] = _scores_of(attn, config.head_size)
        derivations[f"{attn}.head_writes"] = derive_writes(attn, weight)
    # MicroGPT has no last norm, so that what the last layer reads is the stream itself.
    activations["ln_f"] = activations[f"blocks.{config.n_layer - 1}.residual_post"]
    return Trace(torch.tensor(tokens), config.n_layer, activations, derivations)


def _scores_of(attn: str, head_size: int) -> Derivation:
    return lambda t: t[f"{attn}.query"] @ t[f"{attn}.key"].mT / sqrt(head_size)


def _over_keys(
    seen: Sequence[Mapping[str, list[Number]]], heads: Sequence[str], part: str, future: float
) -> Tensor:
    """`(H, T, T)`: what each query computed for the keys up to itself, and `future` beyond."""
    square = torch.full((len(heads), len(seen), len(seen)), future, dtype=torch.float64)
    for h, name in enumerate(heads):
        for t, at in enumerate(seen):
            square[h, t, : t + 1] = _tensor(at[f"{name}.{part}"])
    return square


def _tensor(numbers: object) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)
