"""A model from outside whose tokens are bytes, most of which are no character of their own."""

from __future__ import annotations

import json
from pathlib import Path

import tokenizers
import torch
from safetensors.torch import save_file

from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt2_layout import weights_to_gpt2
from gpt.tensor.models import build_model
from gpt.tensor.weights import export_weights


def write_byte_model(folder: Path) -> None:
    """Untrained, in the layout of GPT-2, with the rules of its tokenizer but none of its words."""
    folder.mkdir()
    config = GPTConfig.gpt2(vocab_size=256, block_size=32, n_layer=1, n_head=2, n_embd=8)
    model = build_model(config, torch.Generator().manual_seed(1))
    weights = weights_to_gpt2(export_weights(model), config)
    del weights["lm_head.weight"]  # the embedding once more
    save_file(weights, folder / "model.safetensors")
    shape = {"vocab_size": 256, "n_positions": 32, "n_layer": 1, "n_head": 2, "n_embd": 8}
    (folder / "config.json").write_text(json.dumps(shape))
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    library = tokenizers.Tokenizer(
        tokenizers.models.BPE({letter: i for i, letter in enumerate(letters)}, [])
    )
    library.decoder = tokenizers.decoders.ByteLevel()
    library.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.save(str(folder / "tokenizer.json"))
