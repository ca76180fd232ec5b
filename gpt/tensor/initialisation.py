"""The numbers a model starts from, drawn from a generator in the order in which its parts stand."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from gpt.tensor.config import GPTConfig, Initialisation
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import Embedding, Linear
from gpt.tensor.token_shift import TokenShift

GPT2_DEVIATION = 0.02
MICROGPT_DEVIATION = 0.08

PROJECTION = ".projection"
"""How the names of the layers end that write into the residual stream."""


@torch.no_grad()
def initialise(model: LanguageModel, generator: torch.Generator) -> None:
    """Draws all weights anew, in place, by the scheme that the model's configuration names.

    Tied weights are drawn once, as the embedding. Norms start as the identity in every scheme.
    """
    draw = SCHEMES[model.config.initialisation]
    drawn: set[torch.Tensor] = set()
    for name, module in model.named_modules():
        if isinstance(module, Linear | Embedding) and module.weight not in drawn:
            drawn.add(module.weight)
            draw(name, module, model.config, generator)
        elif isinstance(module, nn.LayerNorm):
            module.reset_parameters()
        elif isinstance(module, TokenShift):
            nn.init.zeros_(module.share)


def torch_scheme(
    name: str, module: Linear | Embedding, config: GPTConfig, generator: torch.Generator
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
    name: str, module: Linear | Embedding, config: GPTConfig, generator: torch.Generator
) -> None:
    """GPT-2's: N(0, 0.02), biases zero; projections into the residual stream are smaller by
    √(2 n_layer), the number of them that add up there (Radford et al. 2019, section 2.3).
    """
    n_writers = 2 * config.n_blocks if name.endswith(PROJECTION) else 1
    deviation = GPT2_DEVIATION / math.sqrt(n_writers)
    nn.init.normal_(module.weight, std=deviation, generator=generator)
    if isinstance(module, Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def microgpt_scheme(
    name: str, module: Linear | Embedding, config: GPTConfig, generator: torch.Generator
) -> None:
    """MicroGPT's: N(0, 0.08) for every matrix, as `gpt.scalar.model.initialise` draws."""
    nn.init.normal_(module.weight, std=MICROGPT_DEVIATION, generator=generator)
    if isinstance(module, Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def zero_projections_scheme(
    name: str, module: Linear | Embedding, config: GPTConfig, generator: torch.Generator
) -> None:
    """Zeros in whatever writes into the residual stream, and in the last layer.

    So each block starts as the identity (Goyal et al. 2017, section 5.1; Zhang et al. 2019,
    "Fixup"), and the first loss is that of guessing, ln V. Other layers are uniform with deviation
    1/√(number of inputs), which keeps the size of what they read; embeddings N(0, 1), or
    N(0, 1/√C) where they are also the last layer.
    """
    if isinstance(module, Embedding):
        is_last_too = config.weight_tying and name == "embeddings.token"
        deviation = 1 / math.sqrt(config.n_embd) if is_last_too else 1.0
        nn.init.normal_(module.weight, std=deviation, generator=generator)
        return
    if name.endswith(PROJECTION) or name == "lm_head":
        nn.init.zeros_(module.weight)
    else:
        bound = math.sqrt(3 / module.in_features)
        nn.init.uniform_(module.weight, -bound, bound, generator=generator)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


Scheme = Callable[[str, Linear | Embedding, GPTConfig, torch.Generator], None]

SCHEMES: dict[Initialisation, Scheme] = {
    "torch": torch_scheme,
    "gpt2": gpt2_scheme,
    "microgpt": microgpt_scheme,
    "zero_projections": zero_projections_scheme,
}
