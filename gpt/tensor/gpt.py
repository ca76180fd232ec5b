"""The full GPT: the ladder's last rung with every choice left open.

With the lecture's choices and the same weights it computes what the last rung computes; with
`GPTConfig.gpt2()` it is GPT-2 (Radford et al. 2019), with `GPTConfig.microgpt()` the GPT that
`gpt.scalar` makes of plain numbers.
"""

from __future__ import annotations

from torch import Tensor, nn

from gpt.tensor.cache import KeyValueCache, LayerCache, layer_of
from gpt.tensor.config import GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import MLP, NORMS, Embeddings, Layer, Linear, MultiHeadAttention
from gpt.tensor.rotary import Rotary
from gpt.tensor.tap import Tap
from gpt.tensor.token_shift import TokenShift


class Block(Layer):
    """Attention and MLP, each reading a normalised copy of the stream and adding to the stream."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        is_rotary = config.position == "rotary"
        self.ln_1 = NORMS[config.norm](config.n_embd, config.bias)
        self.attn = MultiHeadAttention(
            config.n_embd,
            config.n_head,
            dropout=config.dropout,
            bias=config.bias,
            qkv_bias=config.qkv_bias,
            qk_norm=NORMS[config.norm](config.head_size, config.bias) if config.qk_norm else None,
            rotary=Rotary(config.head_size, config.block_size) if is_rotary else None,
        )
        self.ln_2 = NORMS[config.norm](config.n_embd, config.bias)
        self.mlp = MLP(
            config.n_embd,
            activation=config.activation,
            dropout=config.dropout,
            bias=config.bias,
        )

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        """`(B, T, C)` -> `(B, T, C)`: the residual stream after this block."""
        x = tap("residual_pre", x)
        normalised = tap("ln_1", self.ln_1(x))
        x = tap("residual_mid", x + self.attn(normalised, cache, tap.within("attn")))
        normalised = tap("ln_2", self.ln_2(x))
        x = tap("residual_post", x + self.mlp(normalised, tap.within("mlp")))
        return x


class GPT(LanguageModel):
    """Embeddings, blocks, a last norm if any, and logits."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        norm = NORMS[config.norm]
        self.embeddings = Embeddings(
            config.vocab_size,
            config.block_size,
            config.n_embd,
            shift=TokenShift(config.n_embd, config.token_shift) if config.token_shift else None,
            has_positions=config.position == "learned",
            norm=norm(config.n_embd, config.bias) if config.embedding_norm else None,
        )
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = norm(config.n_embd, config.bias) if config.final_norm else nn.Identity()
        self.lm_head = Linear(config.n_embd, config.vocab_size, bias=config.lm_head_bias)
        if config.weight_tying:
            # Press and Wolf 2016: what a token means when read is what it means when predicted.
            self.lm_head.weight = self.embeddings.token.weight

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        for i, block in enumerate(self.blocks):
            x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        x = tap("ln_f", self.ln_f(x))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits
