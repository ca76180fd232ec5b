"""The one call to which every model answers, whatever is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch.nn.functional as F
from torch import Tensor, nn

from gpt.tensor.cache import KeyValueCache, PastBlock
from gpt.tensor.config import GPTConfig
from gpt.tensor.tap import Ablation, Tap, Trace

IGNORED_TARGET = -1
"""A target with this id is not asked about: it counts in no loss."""


class LanguageModel(nn.Module, ABC):
    """Predicts, after each token, the next one. A subclass says how, in `predict`.

    Evaluation, generation and tracing run the explicit path, where every activation has a name;
    training without a trace may fuse attention, which agrees to 1e-5.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def predict(self, idx: Tensor, cache: KeyValueCache | None, tap: Tap) -> Tensor:
        """Logits `(B, T, V)` for the token after each of the tokens `(B, T)`."""

    def forward(
        self,
        idx: Tensor,
        *,
        targets: Tensor | None = None,
        cache: KeyValueCache | None = None,
        trace: Trace | None = None,
        ablate: Ablation | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Reads tokens and predicts what follows each.

        Args:
            idx: token ids, `(B, T)`; with a cache only those that it has not seen.
            targets: the ids that did follow, `(B, T)`; `IGNORED_TARGET` where none is asked for.
            cache: what was computed for the tokens before; it then also holds these.
            trace: a dict that receives every activation by its name.
            ablate: for some names, a function from the activation to its replacement.

        Returns:
            logits `(B, T, V)`, and with targets the mean cross-entropy in nats per token.

        Raises:
            ValueError: more tokens than the block holds, or an ablation that names nothing.
        """
        tap = Tap(trace, ablate)
        logits = tap("logits", self.predict(idx, cache, tap))
        tap.check_ablation()
        if cache is not None:
            cache.advance(idx.shape[1])
        if targets is None:
            return logits, None
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED_TARGET)
        return logits, loss

    def new_cache(self, past_block: PastBlock = "crop") -> KeyValueCache:
        """An empty cache for this model, which says what becomes of a text past the block."""
        return KeyValueCache(self.config.n_blocks, self.config.block_size, past_block)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Without dropout and on the explicit path, for as long as the context lasts."""
        if not self.training:
            # To tell every layer again takes as long as some layers take to compute.
            yield
            return
        self.eval()
        try:
            yield
        finally:
            self.train()
