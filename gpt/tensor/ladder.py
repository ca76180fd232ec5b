"""The ladder of the lecture "Let's build GPT" (Karpathy, 2023): from a table to a transformer.

Each rung is one idea above the one before; read them side by side. All of them take `(B, T)` token
ids and give `(B, T, V)` logits. The last is the lecture's finished model.
"""

from __future__ import annotations

from torch import Tensor, nn

from gpt.tensor.cache import KeyValueCache, LayerCache, layer_of
from gpt.tensor.config import GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import (
    MLP,
    Embedding,
    Embeddings,
    FeedForward,
    Head,
    Layer,
    LayerNorm,
    Linear,
    MultiHeadAttention,
)
from gpt.tensor.tap import Tap


class Bigram(LanguageModel):
    """The next token depends on this one alone: row i of a table holds the logits after token i."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.token_table = Embedding(config.vocab_size, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        logits: Tensor = self.token_table(idx)  # (B, T, V)
        return logits


class SingleHead(LanguageModel):
    """Tokens look at each other: one head of attention over what each token is and where."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.attn = Head(config.n_embd)
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        x = self.attn(x, layer_of(cache, 0), tap.within("blocks.0.attn"))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class MultiHead(LanguageModel):
    """Several narrower heads, each free to look for something else."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.attn = MultiHeadAttention(config.n_embd, config.n_head, has_projection=False)
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        x = self.attn(x, layer_of(cache, 0), tap.within("blocks.0.attn"))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class MultiHeadFeedForward(LanguageModel):
    """After the tokens have talked, each thinks about what it heard."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.attn = MultiHeadAttention(config.n_embd, config.n_head, has_projection=False)
        self.mlp = FeedForward(config.n_embd)
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        x = self.attn(x, layer_of(cache, 0), tap.within("blocks.0.attn"))
        x = self.mlp(x, tap.within("blocks.0.mlp"))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class PlainBlock(Layer):
    """Talking, then thinking, as one unit to be stacked: `(B, T, C)` -> `(B, T, C)`."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(n_embd, n_head, has_projection=False)
        self.mlp = FeedForward(n_embd)

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        x = self.attn(x, cache, tap.within("attn"))
        x = self.mlp(x, tap.within("mlp"))
        return x


class PlainBlocks(LanguageModel):
    """Blocks on top of each other: deep, and hard to train, as nothing passes straight through."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(
            PlainBlock(config.n_embd, config.n_head) for _ in range(config.n_layer)
        )
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        for i, block in enumerate(self.blocks):
            x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class ResidualBlock(Layer):
    """Each part *adds* to a stream that runs through, by way of a projection (He et al. 2015)."""

    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(n_embd, n_head)
        self.mlp = MLP(n_embd)

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        x = tap("residual_pre", x)
        x = tap("residual_mid", x + self.attn(x, cache, tap.within("attn")))
        x = tap("residual_post", x + self.mlp(x, tap.within("mlp")))
        return x


class ResidualBlocks(LanguageModel):
    """The same depth with residual connections: now it trains."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(
            ResidualBlock(config.n_embd, config.n_head) for _ in range(config.n_layer)
        )
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        for i, block in enumerate(self.blocks):
            x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class NormBlock(Layer):
    """Each part reads a normalised copy of the stream (pre-norm) and adds to the stream itself."""

    def __init__(self, n_embd: int, n_head: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(n_embd)
        self.attn = MultiHeadAttention(n_embd, n_head, dropout=dropout)
        self.ln_2 = LayerNorm(n_embd)
        self.mlp = MLP(n_embd, dropout=dropout)

    def forward(self, x: Tensor, cache: LayerCache | None, tap: Tap) -> Tensor:
        x = tap("residual_pre", x)
        normalised = tap("ln_1", self.ln_1(x))
        x = tap("residual_mid", x + self.attn(normalised, cache, tap.within("attn")))
        normalised = tap("ln_2", self.ln_2(x))
        x = tap("residual_post", x + self.mlp(normalised, tap.within("mlp")))
        return x


class NormBlocks(LanguageModel):
    """With LayerNorm before each part and once more at the end."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(
            NormBlock(config.n_embd, config.n_head) for _ in range(config.n_layer)
        )
        self.ln_f = LayerNorm(config.n_embd)
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        for i, block in enumerate(self.blocks):
            x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        x = tap("ln_f", self.ln_f(x))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits


class LectureGPT(LanguageModel):
    """With dropout (Srivastava et al. 2014), so that it can be scaled up: the lecture's last."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config.vocab_size, config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(
            NormBlock(config.n_embd, config.n_head, dropout=config.dropout)
            for _ in range(config.n_layer)
        )
        self.ln_f = LayerNorm(config.n_embd)
        self.lm_head = Linear(config.n_embd, config.vocab_size)

    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        x = self.embeddings(idx, cache, tap)
        for i, block in enumerate(self.blocks):
            x = block(x, layer_of(cache, i), tap.within(f"blocks.{i}"))
        x = tap("ln_f", self.ln_f(x))
        logits: Tensor = self.lm_head(x)  # (B, T, V)
        return logits
