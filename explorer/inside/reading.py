"""A model of a run reads a text, and the logit lens reads along at every depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.charts.tokens import visible
from explorer.components.logit_lens import Said
from explorer.models import model_at
from gpt.corpus.tokenizer import Tokenizer
from gpt.lens.anatomy import unembed
from gpt.lens.logit_lens import Predictions, read_predictions, stream_names
from gpt.lens.opening import OpenedModel
from gpt.lens.trace import Trace
from gpt.runs.run import Run
from gpt.tensor.config import GPTConfig

READINGS_KEPT = 8
BEST = 3  # tokens kept of what is said
LARGEST = 65535
# Half steps twice the work of the lens, and twice the rows: up to here both stay small.
MOST_HALVED_LAYERS = 8
MOST_HALVED_WORK = 10**10  # multiplications


@dataclass(frozen=True)
class Reading:
    """What a model did with a text, and what it would have said at every depth.

    Attributes:
        opened: the model, with its tokenizer.
        trace: every activation.
        streams: the residual stream at every depth, by its names in the trace.
        predictions: what is said there.
    """

    opened: OpenedModel
    trace: Trace
    streams: tuple[str, ...]
    predictions: Predictions

    @property
    def is_halved(self) -> bool:
        return len(self.streams) > self.trace.n_layer + 1

    @property
    def loss(self) -> float:
        """Of every token after the first, in nats per token: there are at least two."""
        logits = self.trace.logits[:-1].float()
        return float(F.cross_entropy(logits, self.trace.tokens[1:].to(logits.device)))

    @torch.no_grad()
    def logits(self, position: int, depth: int) -> Tensor:
        """What the logit lens reads there, `(V,)`."""
        return unembed(self.opened.model, self.trace[self.streams[depth]][position])

    def said(self, position: int, depth: int = -1) -> int:
        """The likeliest token there."""
        return int(self.predictions.tokens[depth, position, 0])


def has_stream(config: GPTConfig) -> bool:
    """Whether the parts of this model add to a stream that can be read on the way."""
    return config.reaches("residuals")


def streams_of(config: GPTConfig, n_tokens: int) -> tuple[str, ...]:
    """The depths that are shown: with half steps where they fit."""
    halved = stream_names(config.n_blocks, half_steps=True)
    work = len(halved) * n_tokens * config.vocab_size * config.n_embd
    fits = config.n_blocks <= MOST_HALVED_LAYERS and work <= MOST_HALVED_WORK
    return tuple(halved if fits else stream_names(config.n_blocks))


@lru_cache(READINGS_KEPT)
def read(run: Run, step: int, ids: tuple[int, ...]) -> Reading:
    """The model of that step reads the tokens. It has a stream: see `has_stream`."""
    opened = model_at(run, step)
    trace = opened.trace(ids)
    streams = streams_of(opened.model.config, len(ids))
    return Reading(opened, trace, streams, read_predictions(opened.model, trace, streams, k=BEST))


def stream_title(name: str, is_halved: bool) -> str:
    """What a depth is called on the page."""
    if name == "embeddings":
        return "embedding"
    _, layer, part = name.split(".")
    if not is_halved:
        return f"layer {layer}"
    return f"L{layer} attention" if part == "residual_mid" else f"L{layer} MLP"


def as_said(reading: Reading) -> Said:
    """What is said, as the grid takes it."""
    predictions = reading.predictions
    tokens, words = in_words(predictions.tokens.numpy(), reading.opened.tokenizer)
    return Said(
        words,
        tokens,
        predictions.probabilities.float().numpy(),
        in_16_bits(predictions.last_ranks.numpy()),
        in_16_bits(predictions.next_ranks.numpy()),
    )


def in_words(
    ids: npt.NDArray[np.int64], tokenizer: Tokenizer
) -> tuple[npt.NDArray[np.uint16], Sequence[str]]:
    """Each id as its place in a list of texts, which holds those that occur."""
    used, places = np.unique(ids, return_inverse=True)
    words = [visible(tokenizer.decode([int(each)])) for each in used]
    return places.reshape(ids.shape).astype(np.uint16), words


def in_16_bits(ranks: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    """Ranks as the browser reads them: where nothing follows, and -1 stands, the largest."""
    return np.where(ranks < 0, LARGEST, np.minimum(ranks, LARGEST - 1)).astype(np.uint16)
