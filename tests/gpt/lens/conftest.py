"""Models of every kind, none of whose parts is zero, and something for them to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
import torch

from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS

torch.set_num_threads(1)

V = 11
GPT2_LIKE = GPTConfig.gpt2(vocab_size=V, block_size=8, n_layer=2, n_head=4, n_embd=32, dropout=0.1)
CONFIGS: dict[str, GPTConfig] = {rung: GPTConfig.lecture(rung, V) for rung in RUNG_NAMES} | {
    "gpt2": GPT2_LIKE,
    "gpt2-untied": replace(GPT2_LIKE, weight_tying=False, lm_head_bias=True),
    "microgpt": GPTConfig.microgpt(V, block_size=8),
    "fast": PRESETS["fast"].model(V, block_size=8, n_layer=2, n_embd=32),
    "rotary": replace(GPT2_LIKE, position="rotary", bias=False, qkv_bias=False),
    "without-positions": replace(GPT2_LIKE, position="none"),
    "token-shift": replace(GPT2_LIKE, token_shift=3, embedding_norm=True),
    "rmsnorm": replace(GPT2_LIKE, norm="rmsnorm", embedding_norm=True, final_norm=False),
    "qk-norm": replace(GPT2_LIKE, qk_norm=True),
    "relu2": replace(GPT2_LIKE, activation="relu2"),
}
WITH_STREAM = [name for name in CONFIGS if CONFIGS[name].reaches("residuals")]


def drawn_model(config: GPTConfig) -> LanguageModel:
    model = build_model(config)
    generator = torch.Generator().manual_seed(1337)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.15, generator=generator)
    return model.eval()


@pytest.fixture(scope="session")
def models() -> Mapping[str, LanguageModel]:
    """One of every rung, and of every option of the last."""
    return MappingProxyType({name: drawn_model(config) for name, config in CONFIGS.items()})


@pytest.fixture(params=CONFIGS)
def model(models: Mapping[str, LanguageModel], request: pytest.FixtureRequest) -> LanguageModel:
    return models[request.param]


@pytest.fixture(params=WITH_STREAM)
def streaming_model(
    models: Mapping[str, LanguageModel], request: pytest.FixtureRequest
) -> LanguageModel:
    """A model with a residual stream."""
    return models[request.param]


@pytest.fixture
def tokens() -> torch.Tensor:
    """Three sequences of eight, `(3, 8)`."""
    return torch.randint(V, (3, 8), generator=torch.Generator().manual_seed(7))
