"""What a model is made of: one frozen record from which it can be built again, anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from gpt.tensor.settings import Settings, limited

RungName = Literal[
    "bigram",
    "single-head",
    "multi-head",
    "feed-forward",
    "blocks",
    "residuals",
    "layer-norm",
    "dropout",
    "gpt",
]
"""The ladder of the lecture, each rung one idea above the one before; "gpt" has every option."""

Position = Literal["learned", "rotary", "none"]
Activation = Literal["relu", "gelu", "gelu_tanh", "relu2"]
Norm = Literal["layernorm", "rmsnorm"]
Initialisation = Literal["torch", "gpt2", "microgpt", "zero_projections"]

RUNG_NAMES: tuple[RungName, ...] = get_args(RungName)

# The rung at which each setting begins to mean something. Below it, the setting is ignored.
_FIRST_USED: dict[str, RungName] = {
    "n_embd": "single-head",
    "n_head": "multi-head",
    "n_layer": "blocks",
    "dropout": "dropout",
    "bias": "gpt",
    "qkv_bias": "gpt",
    "lm_head_bias": "gpt",
    "position": "gpt",
    "token_shift": "gpt",
    "activation": "gpt",
    "norm": "gpt",
    "embedding_norm": "gpt",
    "final_norm": "gpt",
    "qk_norm": "gpt",
    "weight_tying": "gpt",
}

LECTURE_SETTINGS: dict[str, Any] = {
    "block_size": 8,
    "n_layer": 3,
    "n_head": 4,
    "n_embd": 32,
    "bias": True,
    "lm_head_bias": True,
    "activation": "relu",
    "weight_tying": False,
    "initialisation": "torch",
}
"""The lecture's small model. The options below the sizes only matter to "gpt", whose own differ."""

BYTES_PER_NUMBER = 4  # float32


@dataclass(frozen=True)
class GPTConfig(Settings):
    """Everything a model needs. The defaults are a small GPT as nanoGPT would build it.

    Attributes:
        vocab_size: number of different tokens, V.
        rung: which model of the ladder this is.
        block_size: the longest context, in tokens.
        n_layer: number of blocks.
        n_head: attention heads per block, H; each has n_embd / n_head channels.
        n_embd: channels of the residual stream, C.
        dropout: share of activations zeroed in training.
        bias: whether linear layers and norms add a bias.
        qkv_bias: whether query, key and value do (GPT-2: yes; the lecture: no).
        lm_head_bias: whether the last layer does (GPT-2: no; the lecture: yes).
        position: how the model knows where a token stands: a learned embedding, rotary (queries and
            keys are turned by angles), or not at all.
        token_shift: how many previous tokens each embedding is mixed with, by learned shares.
        activation: the MLP's nonlinearity; gelu_tanh is GPT-2's approximation of gelu, relu2 is the
            square of relu.
        norm: what normalises the residual stream before each layer reads it.
        embedding_norm: whether the embeddings are normalised too, before the first block.
        final_norm: whether the stream is normalised once more before the last layer.
        qk_norm: whether queries and keys are normalised, head by head, so that no score explodes.
        weight_tying: whether the token embedding is also the last layer's matrix.
        initialisation: "torch" is what the lecture uses; "gpt2" is normal with deviation 0.02;
            "microgpt" is normal with deviation 0.08 throughout; with "zero_projections" nothing
            writes to the residual stream or predicts anything yet.

    Raises:
        ValueError: a setting is impossible; one sentence says which and why.
    """

    vocab_size: int = field(metadata={"at_least": 1})
    rung: RungName = "gpt"
    block_size: int = limited(64, at_least=1)
    n_layer: int = limited(4, at_least=1)
    n_head: int = limited(4, at_least=1)
    n_embd: int = limited(128, at_least=1)
    dropout: float = limited(0.0, at_least=0, below=1)
    bias: bool = False
    qkv_bias: bool = False
    lm_head_bias: bool = False
    position: Position = "learned"
    token_shift: int = limited(0, at_least=0)
    activation: Activation = "gelu"
    norm: Norm = "layernorm"
    embedding_norm: bool = False
    final_norm: bool = True
    qk_norm: bool = False
    weight_tying: bool = True
    initialisation: Initialisation = "gpt2"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.uses("n_head") and self.n_embd % self.n_head != 0:
            raise ValueError(
                f"n_embd ({self.n_embd}) must be a multiple of n_head ({self.n_head}), "
                "so that every head gets the same number of channels."
            )
        if self.rung == "gpt" and self.position == "rotary" and self.head_size % 2:
            raise ValueError(
                f"Rotary positions turn channels in pairs, but a head has {self.head_size} of them "
                "(n_embd / n_head); make that an even number."
            )

    @classmethod
    def gpt2(cls, **changes: Any) -> Self:
        """GPT-2's smallest model, 124M parameters (Radford et al. 2019), with changes if any."""
        shape: dict[str, Any] = {
            "vocab_size": 50257,
            "block_size": 1024,
            "n_layer": 12,
            "n_head": 12,
            "n_embd": 768,
            "dropout": 0.1,
            "bias": True,
            "qkv_bias": True,
            "activation": "gelu_tanh",
        }
        return cls(**(shape | changes))

    @classmethod
    def lecture(cls, rung: RungName, vocab_size: int, **changes: Any) -> Self:
        """A rung with the lecture's small settings; as "gpt", the options the lecture chose."""
        return cls(**({"vocab_size": vocab_size, "rung": rung} | LECTURE_SETTINGS | changes))

    @classmethod
    def microgpt(cls, vocab_size: int, **changes: Any) -> Self:
        """The GPT that `gpt.scalar` makes of plain numbers, in tensors (Karpathy, 2026)."""
        shape: dict[str, Any] = {
            "vocab_size": vocab_size,
            "block_size": 16,
            "n_layer": 1,
            "n_head": 4,
            "n_embd": 16,
            "activation": "relu",
            "norm": "rmsnorm",
            "embedding_norm": True,
            "final_norm": False,
            "weight_tying": False,
            "initialisation": "microgpt",
        }
        return cls(**(shape | changes))

    def uses(self, setting: str) -> bool:
        """Whether this rung's model depends on the setting; on lower rungs many are ignored."""
        return self.reaches(_FIRST_USED.get(setting, "bigram"))

    def reaches(self, rung: RungName) -> bool:
        """Whether this model stands on the given rung of the ladder or above it."""
        return RUNG_NAMES.index(self.rung) >= RUNG_NAMES.index(rung)

    @property
    def head_size(self) -> int:
        """Channels of one head, D."""
        return self.n_embd // self.n_head if self.uses("n_head") else self.n_embd

    @property
    def n_blocks(self) -> int:
        """How many times attention happens: 0 in the bigram, 1 before blocks are stacked."""
        if self.uses("n_layer"):
            return self.n_layer
        return 1 if self.reaches("single-head") else 0

    def parameter_count(self) -> int:
        """How many numbers the model learns, without building it."""
        V, C = self.vocab_size, self.n_embd
        if self.rung == "bigram":
            return V * V
        is_gpt = self.rung == "gpt"
        bias = C if self.bias or not is_gpt else 0
        qkv_bias = C if is_gpt and self.qkv_bias else 0
        is_tied = is_gpt and self.weight_tying
        has_gain = not is_gpt or self.norm == "layernorm"
        norm = C + bias if has_gain else 0
        embeddings = V * C
        if not is_gpt or self.position == "learned":
            embeddings += self.block_size * C
        if is_gpt:
            embeddings += self.token_shift * C
        lm_head = (0 if is_tied else C * V) + (V if self.lm_head_bias or not is_gpt else 0)

        attention = 3 * (C * C + qkv_bias)
        if is_gpt and self.qk_norm and has_gain:
            attention += self.head_size * (2 if self.bias else 1)
        mlp = 0
        n_norms = 0
        if self.reaches("feed-forward"):
            mlp = C * C + bias
        if self.reaches("residuals"):
            attention += C * C + bias
            mlp = (C * 4 * C + 4 * bias) + (4 * C * C + bias)
        if self.reaches("layer-norm"):
            n_norms = 2 * self.n_blocks + self._n_outer_norms
        return embeddings + self.n_blocks * (attention + mlp) + n_norms * norm + lm_head

    @property
    def _n_outer_norms(self) -> int:
        """Norms outside the blocks: after the embeddings, and before the last layer."""
        return self.embedding_norm + self.final_norm if self.rung == "gpt" else 1

    def training_memory(self, batch_size: int) -> int:
        """Bytes that training holds at its peak, an estimate: weights, gradients, Adam's two
        moments (Muon has one), and what the forward pass keeps for the backward pass at this
        batch size.
        """
        tokens = batch_size * self.block_size
        states = 4 * self.parameter_count()
        return BYTES_PER_NUMBER * (states + tokens * self._numbers_kept_per_token())

    def _numbers_kept_per_token(self) -> int:
        V, C = self.vocab_size, self.n_embd
        # Cross-entropy keeps the log-probabilities, and the gradient of the logits is as large.
        kept = 3 * V
        if not self.reaches("single-head"):
            return kept
        attention = 5 * C  # its input, query, key, value, and the heads' output
        mlp = 0
        n_norms = 0
        if self.reaches("feed-forward"):
            mlp = 2 * C
        if self.reaches("residuals"):
            # relu's gradient needs its output, which the projection keeps anyway; gelu's its input.
            is_relu = self.rung != "gpt" or self.activation == "relu"
            mlp = C + (4 * C if is_relu else 8 * C)
        if self.reaches("layer-norm"):
            # Each keeps its input; the last one's output, or the stream, is kept by the last layer.
            n_norms = 2 * self.n_blocks + self._n_outer_norms
        if self.uses("dropout") and self.dropout > 0:
            attention += C
            mlp += C
        if self.rung == "gpt" and self.qk_norm:
            attention += 2 * C
        if self.rung == "gpt" and self.token_shift:
            kept += C
        return kept + self.n_blocks * (attention + mlp) + n_norms * C + C
