"""The full GPT: the ladder's last rung with every choice left open.

With the lecture's choices and the same weights it computes what the last rung computes; with
`GPTConfig.gpt2()` it is GPT-2 (Radford et al. 2019), with `GPTConfig.microgpt()` the GPT that
`gpt.scalar` makes of plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpt.tensor.cache import KeyValueCache, LayerCache, layer_of
from gpt.tensor.config import GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import MLP, NORMS, Embeddings, Layer, Linear, MultiHeadAttention, gelu_of_few
from gpt.tensor.rotary import Rotary
from gpt.tensor.tap import Tap
from gpt.tensor.token_shift import TokenShift


class Ready(NamedTuple):
    """What a token meets in a block, in that order; weights are `(out, in)`."""

    ln_1: Callable[[Tensor], Tensor]
    qkv_weight: Tensor
    qkv_bias: Tensor
    n_head: int
    prepare: Callable[[Tensor, int], Tensor] | None
    mixing_weight: Tensor
    mixing_bias: Tensor | None
    ln_2: Callable[[Tensor], Tensor]
    expansion_weight: Tensor
    expansion_bias: Tensor
    activation: Callable[[Tensor], Tensor]
    projection_weight: Tensor
    projection_bias: Tensor | None


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

    def read_token(self, x: Tensor, cache: LayerCache) -> Tensor:
        """The same for one token of one text, `(C,)`, in as few steps as can be.

        Here it takes longer to look up a weight and to call a layer than to multiply by it. What
        the token meets is laid ready when the first one is read so, and kept with the cache.
        """
        if cache.ready is None:
            cache.ready = self.make_ready()
        ready: Ready = cache.ready
        qkv = torch.addmv(ready.qkv_bias, ready.qkv_weight, ready.ln_1(x))
        qkv = qkv.view(3, 1, ready.n_head, 1, -1)
        query, new = qkv[0], qkv[1:]
        if ready.prepare is not None:
            query = ready.prepare(query, cache.length)
            new = torch.stack([ready.prepare(new[0], cache.length), new[1]])
        heads = F.scaled_dot_product_attention(query, *cache.extend(new))  # it sees all there are
        # What is added to the stream is added by the product itself.
        x = x if ready.mixing_bias is None else x + ready.mixing_bias
        x = torch.addmv(x, ready.mixing_weight, heads.view(-1))
        pre = torch.addmv(ready.expansion_bias, ready.expansion_weight, ready.ln_2(x))
        x = x if ready.projection_bias is None else x + ready.projection_bias
        return torch.addmv(x, ready.projection_weight, ready.activation(pre))

    def make_ready(self) -> Ready:
        """The block's weights; the three matrices that read the stream are laid together."""
        attn, mlp = self.attn, self.mlp
        assert attn.projection is not None
        return Ready(
            self.ln_1.forward,
            *lay_together(attn.query, attn.key, attn.value),
            attn.n_head,
            attn.prepare if attn.qk_norm is not None or attn.rotary is not None else None,
            attn.projection.weight,
            attn.projection.bias,
            self.ln_2.forward,
            *lay_together(mlp.expansion),
            gelu_of_few if mlp.activation is F.gelu else mlp.activation,
            mlp.projection.weight,
            mlp.projection.bias,
        )


def lay_together(*layers: Linear) -> tuple[Tensor, Tensor]:
    """Weights `(out, in)` and biases `(out,)` of layers that read the same, side by side.

    One layer's weight is not copied. Where there is no bias, it is zero.
    """
    weights = tuple(each.weight for each in layers)
    biases = tuple(
        each.weight.new_zeros(each.out_features) if each.bias is None else each.bias
        for each in layers
    )
    weight = weights[0] if len(weights) == 1 else torch.cat(weights)
    return weight, torch.cat(biases)


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
        if cache is not None and idx.numel() == 1 and tap.is_idle and not self.training:
            x = x[0, 0]
            for block, layer in zip(self.blocks, cache.layers, strict=True):
                assert isinstance(block, Block)
                x = block.read_token(x, layer)
            x = x[None, None]
        else:
            for i, block in enumerate(self.blocks):
                x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        x = tap("ln_f", self.ln_f(x))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits
