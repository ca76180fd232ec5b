"""Text out of a model, one token at a time, for many sequences at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gpt.tensor.cache import KeyValueCache, PastBlock
from gpt.tensor.config import GPTConfig
from gpt.tensor.filters import MODEL_ITSELF, SamplingConfig, filter_logits
from gpt.tensor.language_model import LanguageModel

Draw = Callable[[Tensor, torch.Generator], Tensor]
"""From probabilities `(B, V)` to one token id per sequence, `(B,)`."""


class NotANumberError(ValueError):
    """A model's logits hold a NaN, so that no token can be drawn."""

    def __init__(self) -> None:
        super().__init__(
            "This model's logits hold a NaN, as after a training that diverged; "
            "choose an earlier checkpoint."
        )


def invert_cumulative(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """The token into whose share of the unit interval a number falls.

    Lay the probabilities end to end; `uniform` in [0, 1) is a needle that points at one of them. A
    token without probability is never pointed at.

    Args:
        probabilities: `(B, V)`, not negative; they need not add up to 1 exactly.
        uniform: `(B,)`, float64.

    Returns:
        ids, `(B,)`.

    Raises:
        NotANumberError: a probability is none.
    """
    cumulative = probabilities.to("cpu", torch.float64).cumsum(dim=-1)
    # The last nonzero share must end at exactly 1, above any needle.
    cumulative = cumulative / cumulative[:, -1:]
    tokens = torch.searchsorted(cumulative, uniform[:, None], right=True).squeeze(1)
    if int(tokens.max()) == probabilities.shape[-1]:  # above any needle, but not above a NaN
        raise NotANumberError
    return tokens


def draw_token(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Draws by inverting the cumulative distribution, with one uniform number per sequence."""
    uniform = torch.rand(len(probabilities), dtype=torch.float64, generator=generator)
    return invert_cumulative(probabilities, uniform)


def draw_multinomial(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Draws as the lecture does, by `torch.multinomial`; only to reproduce the lecture's text."""
    return torch.multinomial(probabilities.float().cpu(), 1, generator=generator).squeeze(1)


def ways_past_block(config: GPTConfig) -> tuple[PastBlock, ...]:
    """What can become of a text that outgrows this model's block."""
    if config.rung == "bigram" or (config.rung == "gpt" and config.position == "none"):
        return ("crop", "slide", "clamp")
    if config.rung == "gpt" and config.position == "rotary":
        return ("crop", "slide")
    return ("crop", "clamp")


class Continuation:
    """Sequences of which a model has read what there is, and is asked for what comes next.

    While a text fits into the block, each new token is all that the model has to read: the rest is
    in a cache. After that, `past_block` says what happens.

    Args:
        model: what reads.
        past_block: what becomes of a text that has outgrown the block.
        is_cached: whether anything is kept from one token to the next. Without, everything is read
            anew for each, which gives the same logits and takes longer.

    Attributes:
        read: the places of the text that the model read in the last call.
        kept: those before them of which keys and values were still in the cache.

    Raises:
        ValueError: this model cannot go past its block in that way.
    """

    def __init__(
        self, model: LanguageModel, past_block: PastBlock = "crop", *, is_cached: bool = True
    ) -> None:
        ways = ways_past_block(model.config)
        if past_block not in ways:
            raise ValueError(
                f"With its kind of positions this model cannot {past_block} what outgrows its "
                f"block; choose {' or '.join(ways)}."
            )
        if past_block == "slide" and not is_cached:
            raise ValueError("Sliding is something that the cache does; it cannot do without.")
        self._model = model
        self._past_block = past_block
        self._is_cached = is_cached
        self._cache = model.new_cache(past_block)
        self._n_read = 0
        self.read = self.kept = range(0)
        self._device = next(model.parameters()).device

    @torch.inference_mode()
    def next_logits(self, text: Tensor) -> Tensor:
        """Logits `(B, V)` of the token after a text `(B, T)` that begins with what was read."""
        block_size, T = self._model.config.block_size, text.shape[1]
        with self._model.evaluating():
            if self._past_block == "crop" and block_size < T:
                self.read, self.kept = range(T - block_size, T), range(0)
                return self._last_logits(text[:, -block_size:], None)
            if not self._is_cached:
                self._cache, self._n_read = self._model.new_cache(self._past_block), 0
            oldest = max(0, T - block_size) if self._past_block == "slide" else 0
            start = self._n_read or oldest
            self.read, self.kept = range(start, T), range(oldest, start)
            self._n_read = T
            return self._last_logits(text[:, start:], self._cache)

    def of_rows(self, rows: Tensor) -> Continuation:
        """A copy for texts that fork: its i-th goes on from number rows[i] of these."""
        copy = Continuation(self._model, self._past_block, is_cached=self._is_cached)
        copy._cache, copy._n_read = self._cache.of_rows(rows), self._n_read
        return copy

    def _last_logits(self, unread: Tensor, cache: KeyValueCache | None) -> Tensor:
        logits: Tensor = self._model(unread.to(self._device), cache=cache)[0][:, -1]
        return logits


def generate(
    model: LanguageModel,
    idx: Tensor,
    n_tokens: int,
    *,
    generator: torch.Generator,
    config: SamplingConfig = MODEL_ITSELF,
    draw: Draw = draw_token,
    past_block: PastBlock = "crop",
    is_cached: bool = True,
    end: int | None = None,
) -> Tensor:
    """Continues each sequence by `n_tokens`: `(B, T)` -> `(B, T + n_tokens)`.

    With `end`, a token such as BOS, a sequence that has drawn it goes on with nothing else, and
    generation is over as soon as all have, so that fewer tokens may come back.

    Raises ValueError if there is no token to start from, or the model cannot go past its block in
    that way; NotANumberError if its logits are none.
    """
    B, start = idx.shape
    if start == 0:
        raise ValueError("There must be at least one token to continue from.")
    continuation = Continuation(model, past_block, is_cached=is_cached)
    text = torch.cat([idx.cpu(), idx.new_zeros(B, n_tokens, device="cpu")], dim=1)
    has_ended = torch.zeros(B, dtype=torch.bool)
    with torch.inference_mode():
        for length in range(start, start + n_tokens):
            so_far = text[:, :length]
            *_, last = filter_logits(continuation.next_logits(so_far), config, so_far)
            tokens = draw(last.probabilities, generator)
            if end is not None:
                tokens = tokens.masked_fill(has_ended, end)
                has_ended = tokens == end
            text[:, length] = tokens
            if end is not None and has_ended.all():
                n_tokens = length + 1 - start
                break
    return text[:, : start + n_tokens]
