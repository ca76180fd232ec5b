"""Weights in and out in GPT-2's layout, as Hugging Face's `transformers` names it.

There query, key and value are one matrix, `c_attn`, and every linear layer is a "Conv1D", which
stores the transpose of ours: `(inputs, outputs)`. nanoGPT's files have the same names but store
them as we do; which of the two it is shows in the shape of `c_attn`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gpt.tensor.config import Activation, GPTConfig

# What transformers calls each activation, and what we do.
_ACTIVATIONS: dict[str, Activation] = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu": "gelu",
    "relu": "relu",
    "relu2": "relu2",
}
# What transformers can do and our GPT cannot, with the only value that we can follow.
_ONLY: dict[str, Any] = {
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "quantization_config": None,
}
# And the other way around.
_NEEDED: dict[str, Any] = {
    "rung": "gpt",
    "position": "learned",
    "token_shift": 0,
    "norm": "layernorm",
    "embedding_norm": False,
    "final_norm": True,
    "qk_norm": False,
    "lm_head_bias": False,
}
# The parts of a block but for query, key and value; of those marked the matrix is transposed.
_PARTS = {
    "ln_1": ("ln_1", False),
    "attn.c_proj": ("attn.projection", True),
    "ln_2": ("ln_2", False),
    "mlp.c_fc": ("mlp.expansion", True),
    "mlp.c_proj": ("mlp.projection", True),
}
# How many times n_embd wide their outputs and their inputs are; a norm has one width.
_WIDTHS = {
    "ln_1": (1,),
    "attn.c_proj": (1, 1),
    "ln_2": (1,),
    "mlp.c_fc": (4, 1),
    "mlp.c_proj": (1, 4),
}
# The causal mask, which older files hold, and the last layer where it is the embedding.
_NEEDLESS = re.compile(r"(.*\.)?(h\.\d+\.attn\.(bias|masked_bias)|lm_head\.weight)")
_NAMED_AT_MOST = 3
_QUERY_KEY_VALUE = ("attn.query", "attn.key", "attn.value")


def config_from_gpt2(values: Mapping[str, Any]) -> GPTConfig:
    """The configuration that a `config.json` of `transformers` describes.

    What it leaves out is as in GPT-2's smallest model.

    Raises ValueError, naming the setting, for what our GPT cannot do.
    """
    n_embd = values.get("n_embd", 768)
    if values.get("model_type", "gpt2") != "gpt2":
        raise ValueError(f"model_type is {values['model_type']!r}; only gpt2 can be read.")
    for name, only in _ONLY.items():
        if values.get(name, only) != only:
            raise ValueError(f"{name} is {values[name]!r}; this GPT can only do {only!r}.")
    if values.get("n_inner") not in (None, 4 * n_embd):
        raise ValueError(
            f"n_inner is {values['n_inner']}; the MLP of this GPT is four times as wide as "
            f"n_embd, {4 * n_embd}."
        )
    activation = values.get("activation_function", "gelu_new")
    if activation not in _ACTIVATIONS:
        raise ValueError(
            f"activation_function is {activation!r}; known are {', '.join(_ACTIVATIONS)}."
        )
    return GPTConfig.gpt2(
        vocab_size=values.get("vocab_size", 50257),
        block_size=values.get("n_positions", 1024),
        n_layer=values.get("n_layer", 12),
        n_head=values.get("n_head", 12),
        n_embd=n_embd,
        dropout=values.get("resid_pdrop", 0.1),
        activation=_ACTIVATIONS[activation],
        weight_tying=values.get("tie_word_embeddings", True),
    )


def config_to_gpt2(config: GPTConfig) -> dict[str, Any]:
    """The same as `config.json` of `transformers` would say it.

    Raises ValueError, naming the settings, if GPT-2 has no place for this architecture.
    """
    values = config.to_dict()
    strange = [name for name, needed in _NEEDED.items() if values[name] != needed]
    if strange:
        raise ValueError(
            f"GPT-2's layout has no place for this model, because of {', '.join(strange)}."
        )
    names = {ours: theirs for theirs, ours in reversed(_ACTIVATIONS.items())}
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.vocab_size,
        "n_positions": config.block_size,
        "n_layer": config.n_layer,
        "n_head": config.n_head,
        "n_embd": config.n_embd,
        "n_inner": None,
        "activation_function": names[config.activation],
        "resid_pdrop": config.dropout,
        "embd_pdrop": 0.0,  # here nothing is dropped from the embeddings
        "attn_pdrop": config.dropout,
        "tie_word_embeddings": config.weight_tying,
        **{name: only for name, only in _ONLY.items() if only is not None},
    }


def weights_from_gpt2(weights: Mapping[str, Tensor], config: GPTConfig) -> dict[str, Tensor]:
    """Our names and shapes for weights that come in GPT-2's layout, or in nanoGPT's.

    A tied last layer is left out, as it is the embedding; of an untied one the matrix is
    `lm_head.weight`. Buffers that older files hold, such as the causal mask, are passed over.

    Raises ValueError, by the names and shapes of the file, if a weight that the configuration
    needs is not there or has another shape, or one is there that it has no place for.
    """
    theirs = _without_prefixes(weights)
    original = {_without_prefix(name): name for name in weights}
    sizes = {"vocab_size": config.vocab_size, "block_size": config.block_size}
    C = config.n_embd
    taken: set[str] = set()

    def take(name: str, *shape: int | str) -> Tensor:
        if name not in theirs:
            raise ValueError(f"These weights are not for this model: {name} is missing.")
        needed = tuple(sizes[size] if isinstance(size, str) else size for size in shape)
        found = tuple(theirs[name].shape)
        if found != needed:
            why = "".join(f", as {size} is {sizes[size]}" for size in shape if size in sizes)
            raise ValueError(
                f"{original[name]} is {found}, but config.json asks for {needed}{why}."
            )
        taken.add(name)
        return theirs[name]

    ours = {
        "embeddings.token.weight": take("wte.weight", "vocab_size", C),
        "embeddings.position.weight": take("wpe.weight", "block_size", C),
        "ln_f.weight": take("ln_f.weight", C),
    }
    if config.bias:
        ours["ln_f.bias"] = take("ln_f.bias", C)
    if not config.weight_tying:
        ours["lm_head.weight"] = take("lm_head.weight", "vocab_size", C)
    elif not torch.equal(theirs.get("lm_head.weight", theirs["wte.weight"]), theirs["wte.weight"]):
        raise ValueError(
            f"{original['lm_head.weight']} has other numbers than {original['wte.weight']}, though "
            "config.json ties them: tie_word_embeddings would have to be false."
        )
    for i in range(config.n_layer):
        name = f"h.{i}.attn.c_attn.weight"
        is_transposed = name in theirs and tuple(theirs[name].shape) == (C, 3 * C)
        fused = take(name, *((C, 3 * C) if is_transposed else (3 * C, C)))
        for name, part in zip(
            _QUERY_KEY_VALUE, (fused.T if is_transposed else fused).chunk(3), strict=True
        ):
            ours[f"blocks.{i}.{name}.weight"] = part
        if config.qkv_bias:
            for name, part in zip(
                _QUERY_KEY_VALUE, take(f"h.{i}.attn.c_attn.bias", 3 * C).chunk(3), strict=True
            ):
                ours[f"blocks.{i}.{name}.bias"] = part
        for name, (part_name, is_linear) in _PARTS.items():
            outputs, *inputs = (width * C for width in _WIDTHS[name])
            shape = [*inputs, outputs] if is_transposed else [outputs, *inputs]
            weight = take(f"h.{i}.{name}.weight", *shape)
            turned = weight.T if is_linear and is_transposed else weight
            ours[f"blocks.{i}.{part_name}.weight"] = turned
            if config.bias:
                ours[f"blocks.{i}.{part_name}.bias"] = take(f"h.{i}.{name}.bias", outputs)
    _refuse_others([original[name] for name in theirs if name not in taken])
    return ours


def weights_to_gpt2(weights: Mapping[str, Tensor], config: GPTConfig) -> dict[str, Tensor]:
    """The same weights as `transformers` names and shapes them.

    GPT-2 has a bias everywhere: where this model has none, it is zero there.

    Raises ValueError if GPT-2 has no place for this architecture.
    """
    config_to_gpt2(config)

    def bias_of(name: str) -> Tensor:
        return weights.get(f"{name}.bias", torch.zeros(len(weights[f"{name}.weight"])))

    theirs = {
        "transformer.wte.weight": weights["embeddings.token.weight"],
        "transformer.wpe.weight": weights["embeddings.position.weight"],
        "transformer.ln_f.weight": weights["ln_f.weight"],
        "transformer.ln_f.bias": bias_of("ln_f"),
        "lm_head.weight": weights[
            "embeddings.token.weight" if config.weight_tying else "lm_head.weight"
        ],
    }
    for i in range(config.n_layer):
        fused = [f"blocks.{i}.{name}" for name in _QUERY_KEY_VALUE]
        matrix = torch.cat([weights[f"{name}.weight"] for name in fused])
        theirs[f"transformer.h.{i}.attn.c_attn.weight"] = matrix.T
        theirs[f"transformer.h.{i}.attn.c_attn.bias"] = torch.cat([bias_of(n) for n in fused])
        for name, (part, is_linear) in _PARTS.items():
            weight = weights[f"blocks.{i}.{part}.weight"]
            theirs[f"transformer.h.{i}.{name}.weight"] = weight.T if is_linear else weight
            theirs[f"transformer.h.{i}.{name}.bias"] = bias_of(f"blocks.{i}.{part}")
    return {name: weight.contiguous() for name, weight in theirs.items()}


def config_from_nanogpt(weights: Mapping[str, Tensor], n_head: int) -> GPTConfig:
    """The configuration that the shapes of nanoGPT's weights tell, but for the number of heads.

    A last layer is tied where there is none of its own, or the same numbers once more.
    """
    theirs = _without_prefixes(weights)
    for name in ("wte.weight", "wpe.weight"):
        if name not in theirs:
            raise ValueError(f"These weights are not a GPT's as nanoGPT names it: no {name}.")
    layers = {int(found[1]) for name in theirs if (found := re.match(r"h\.(\d+)\.", name))}
    vocab_size, n_embd = theirs["wte.weight"].shape
    has_bias = "ln_f.bias" in theirs
    last_layer = theirs.get("lm_head.weight", theirs["wte.weight"])
    return GPTConfig(
        vocab_size=vocab_size,
        block_size=len(theirs["wpe.weight"]),
        n_layer=len(layers),
        n_head=n_head,
        n_embd=n_embd,
        bias=has_bias,
        qkv_bias=has_bias,
        weight_tying=torch.equal(last_layer, theirs["wte.weight"]),
    )


def is_needless(name: str) -> bool:
    """Whether what a file holds under that name can be left out without another result."""
    return bool(_NEEDLESS.fullmatch(name))


def _refuse_others(names: Sequence[str]) -> None:
    """Raises ValueError if there is a weight that a GPT-2 of this configuration does not use."""
    strange = [name for name in names if not is_needless(name)]
    if strange:
        more = len(strange) - _NAMED_AT_MOST
        named = ", ".join(strange[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
        raise ValueError(
            f"The file holds {named}, for which the model that config.json describes has no "
            "place: without it the model would compute something else."
        )


def _without_prefixes(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Files differ in what they put before each name; `_orig_mod` is what compilation adds."""
    return {_without_prefix(name): weight for name, weight in weights.items()}


def _without_prefix(name: str) -> str:
    return re.sub(r"^(_orig_mod\.)?(transformer\.)?", "", name)
