"""Models with their training, by name: places to start from, each setting free to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpt.tensor.config import LECTURE_SETTINGS, RUNG_NAMES, GPTConfig, RungName
from gpt.tensor.training_config import TrainingConfig


@dataclass(frozen=True)
class Preset:
    """A model, how to train it and on what.

    Attributes:
        name: what `--preset` calls it.
        title: what it is, in a line.
        corpus: the name of the text it is meant for.
        model_settings: those of `GPTConfig`, but for the vocabulary's size, which the text decides.
        training: how it is trained.
    """

    name: str
    title: str
    corpus: str
    model_settings: Mapping[str, Any]
    training: TrainingConfig

    def model(self, vocab_size: int, **changes: Any) -> GPTConfig:
        """The model for a vocabulary of that size, with changed settings if any."""
        return GPTConfig.from_dict({"vocab_size": vocab_size, **self.model_settings, **changes})


RUNG_TITLES: dict[RungName, str] = {
    "bigram": "A table: which character follows which",
    "single-head": "One head of attention",
    "multi-head": "Four heads side by side",
    "feed-forward": "Heads, then a layer to think",
    "blocks": "Three blocks, without residuals",
    "residuals": "Three blocks with residuals",
    "layer-norm": "Residual blocks with LayerNorm",
    "dropout": "With dropout, ready to be scaled up",
}

LECTURE_TRAINING = TrainingConfig(
    steps=5000,
    batch_size=32,
    learning_rate=1e-3,
    schedule="constant",
    beta2=0.999,
    weight_decay=0.01,
    gradient_clip=None,
    evaluation_interval=500,
    evaluation_windows=6400,  # as many as the lecture reads: 200 batches of 32
)


def _rung(rung: RungName) -> Preset:
    training = LECTURE_TRAINING
    if rung == "bigram":
        training = TrainingConfig.from_dict(
            training.to_dict() | {"steps": 3000, "learning_rate": 1e-2, "evaluation_interval": 300}
        )
    settings = LECTURE_SETTINGS | {"rung": rung}
    if rung == "dropout":
        # Half of what the lecture takes when it scales up; at this size it only holds back.
        settings["dropout"] = 0.1
    return Preset(rung, RUNG_TITLES[rung], "shakespeare", settings, training)


_ALL = [
    Preset(
        "eight-names",
        "Eight names, learnt while you watch",
        "eight-names",
        {"block_size": 8, "n_layer": 1, "n_head": 4, "n_embd": 32},
        TrainingConfig(
            steps=50,
            batch_size=32,
            learning_rate=1e-2,
            evaluation_interval=5,
            inspection_interval=5,
        ),
    ),
    Preset(
        "first-names",
        "A first GPT: names of its own within half a minute",
        "names",
        # With embeddings large from the start, as for the tasks, heads soon tell where they look.
        {
            "block_size": 16,
            "n_layer": 2,
            "n_head": 4,
            "n_embd": 64,
            "weight_tying": False,
            "initialisation": "torch",
        },
        TrainingConfig(
            steps=800,
            batch_size=32,
            learning_rate=5e-3,
            warmup_steps=50,
            minimum_learning_rate=5e-4,
            evaluation_interval=50,
        ),
    ),
    Preset(
        "gpt-small",
        "A small GPT, for two cores and a minute",
        "shakespeare",
        {"block_size": 64, "n_layer": 3, "n_head": 6, "n_embd": 96},
        TrainingConfig(
            steps=1500,
            batch_size=12,
            learning_rate=2e-3,
            warmup_steps=50,
            minimum_learning_rate=2e-4,
        ),
    ),
    Preset(
        "nanogpt-cpu",
        "nanoGPT's recipe for a laptop without a GPU",
        "shakespeare",
        {"block_size": 64, "n_layer": 4, "n_head": 4, "n_embd": 128},
        TrainingConfig(
            steps=2000,
            batch_size=12,
            learning_rate=1e-3,
            warmup_steps=100,
            minimum_learning_rate=1e-4,
            evaluation_interval=250,
        ),
    ),
    Preset(
        "fast",
        "What the field has learnt since: nanoGPT's loss in a fraction of its time",
        "shakespeare",
        {
            "block_size": 64,
            "n_layer": 3,
            "n_head": 4,
            "n_embd": 64,
            "position": "rotary",
            "token_shift": 3,
            "activation": "relu2",
            "norm": "rmsnorm",
            "embedding_norm": True,
            "qk_norm": True,
            "weight_tying": False,
            "initialisation": "zero_projections",
        },
        TrainingConfig(
            steps=400,
            batch_size=12,
            optimiser="muon",
            learning_rate=0.03,
            schedule="linear",
            beta1=0.8,
            beta2=0.95,
            muon_iterations=3,
            weight_decay=0.0,
            gradient_clip=None,
            evaluation_interval=50,
        ),
    ),
    *(_rung(rung) for rung in RUNG_NAMES if rung != "gpt"),
    Preset(
        "lecture-gpt",
        "The lecture's last model scaled up: for a GPU",
        "shakespeare",
        LECTURE_SETTINGS
        | {
            "rung": "dropout",
            "block_size": 256,
            "n_layer": 6,
            "n_head": 6,
            "n_embd": 384,
            "dropout": 0.2,
        },
        TrainingConfig.from_dict(
            LECTURE_TRAINING.to_dict()
            | {"batch_size": 64, "learning_rate": 3e-4, "evaluation_windows": 400}
        ),
    ),
]

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}
