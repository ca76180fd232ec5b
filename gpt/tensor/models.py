"""From a configuration to a model."""

from __future__ import annotations

import torch
from torch import nn

from gpt.tensor.config import GPTConfig, RungName
from gpt.tensor.gpt import GPT
from gpt.tensor.initialisation import initialise
from gpt.tensor.ladder import (
    Bigram,
    LectureGPT,
    MultiHead,
    MultiHeadFeedForward,
    NormBlocks,
    PlainBlocks,
    ResidualBlocks,
    SingleHead,
)
from gpt.tensor.language_model import LanguageModel

RUNGS: dict[RungName, type[LanguageModel]] = {
    "bigram": Bigram,
    "single-head": SingleHead,
    "multi-head": MultiHead,
    "feed-forward": MultiHeadFeedForward,
    "blocks": PlainBlocks,
    "residuals": ResidualBlocks,
    "layer-norm": NormBlocks,
    "dropout": LectureGPT,
    "gpt": GPT,
}


def build_model(config: GPTConfig, generator: torch.Generator | None = None) -> LanguageModel:
    """The model that the configuration describes, on the CPU.

    With a generator its weights are drawn; without one they are zero, to be filled from elsewhere.
    """
    model = RUNGS[config.rung](config)
    shorten_lookups(model)
    if generator is not None:
        initialise(model, generator)
    return model


def shorten_lookups(model: nn.Module) -> None:
    """Lets layers and their weights be found as any attribute is.

    torch keeps them in dictionaries of its own, to which Python comes only after it has looked
    everywhere else. With one token to be read at a time, that took a fifth of the whole.
    """
    for module in model.modules():
        vars(module).update(module._parameters)
        vars(module).update(module._modules)
