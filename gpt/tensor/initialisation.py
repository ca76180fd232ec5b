"""The numbers a model starts from, drawn from a generator in the order in which its parts stand."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from gpt.tensor.config import Initialisation
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import Embedding, Linear

GPT2_DEVIATION = 0.02
MICROGPT_DEVIATION = 0.08


@torch.no_grad()
def initialise(model: LanguageModel, generator: torch.Generator) -> None:
    """Draws all weights anew, in place, by the scheme that the model's configuration names.

    Tied weights are drawn once, as the embedding. Norms start as the identity in every scheme.
    """
    draw = SCHEMES[model.config.initialisation]
    n_layer = max(1, model.config.n_blocks)
    drawn: set[torch.Tensor] = set()
    for name, module in model.named_modules():
        if isinstance(module, Linear | Embedding) and module.weight not in drawn:
            drawn.add(module.weight)
            draw(name, module, n_layer, generator)
        elif isinstance(module, nn.LayerNorm):
            module.reset_parameters()


def torch_scheme(
    name: str, module: Linear | Embedding, n_layer: int, generator: torch.Generator
) -> None:
    """What torch does by default, and so the lecture: N(0, 1) for embeddings, and for linear layers
    uniform within ± 1/√(number of inputs), weights and biases alike.
    """
    if isinstance(module, Embedding):
        nn.init.normal_(module.weight, generator=generator)
        return
    nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
    if module.bias is not None:
        bound = 1 / math.sqrt(module.in_features)
        nn.init.uniform_(module.bias, -bound, bound, generator=generator)


def gpt2_scheme(
    name: str, module: Linear | Embedding, n_layer: int, generator: torch.Generator
) -> None:
    """GPT-2's: N(0, 0.02), biases zero; projections into the residual stream are smaller by
    √(2 n_layer), the number of them that add up there (Radford et al. 2019, section 2.3).
    """
    is_residual_projection = name.endswith(".projection")
    deviation = GPT2_DEVIATION / math.sqrt(2 * n_layer if is_residual_projection else 1)
    nn.init.normal_(module.weight, std=deviation, generator=generator)
    if isinstance(module, Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def microgpt_scheme(
    name: str, module: Linear | Embedding, n_layer: int, generator: torch.Generator
) -> None:
    """MicroGPT's: N(0, 0.08) for every matrix, as `gpt.scalar.model.initialise` draws."""
    nn.init.normal_(module.weight, std=MICROGPT_DEVIATION, generator=generator)
    if isinstance(module, Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


SCHEMES: dict[Initialisation, Callable[[str, Linear | Embedding, int, torch.Generator], None]] = {
    "torch": torch_scheme,
    "gpt2": gpt2_scheme,
    "microgpt": microgpt_scheme,
}
