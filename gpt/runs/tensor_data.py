"""From a corpus to the batches that a tensor model reads: stretches of text, or examples."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks.task import EncodedExample, Example
from gpt.corpus.tokenizer import Tokenizer
from gpt.runs.data import TokenStreams, encode_examples, encode_streams, split_corpus
from gpt.runs.training import SAMPLED_DOCUMENTS
from gpt.tensor.batches import (
    Batch,
    BatchSource,
    draw_examples,
    evaluation_batches,
    get_batch,
    split_examples,
    stack_examples,
)
from gpt.tensor.training_config import TrainingConfig

# As many windows are evaluated at once as keep memory near that of a training step.
EVALUATION_BATCH_SIZE = 64


class TensorData(NamedTuple):
    """What a tensor model learns from and is tested on.

    Attributes:
        draw_batch: draws from the part to learn from.
        evaluation: the batches that a validation loss reads.
        prompts: of a task, some of those held out, to be answered as a sample.
    """

    draw_batch: BatchSource
    evaluation: list[Batch]
    prompts: list[str]


def read_data(
    corpus: Corpus, tokenizer: Tokenizer, block_size: int, training: TrainingConfig
) -> TensorData:
    """The corpus in batches, at most `evaluation_windows` stretches or examples to be tested on.

    Raises UnknownCharacterError, and ValueError where an example does not fit into the block.
    """
    if corpus.task is None:
        streams = encode_streams(corpus, tokenizer)
        stream = torch.tensor(streams.train)
        return TensorData(
            partial(get_batch, stream, block_size, training.batch_size),
            validation_batches(streams, block_size, training.evaluation_windows),
            [],
        )
    examples = encode_examples(corpus, tokenizer)
    return TensorData(
        partial(draw_examples, stack_examples(examples.train, block_size), training.batch_size),
        answer_batches(examples.validation[: training.evaluation_windows], block_size),
        [Example.of(each).prompt for each in split_corpus(corpus).validation[:SAMPLED_DOCUMENTS]],
    )


def validation_batches(
    streams: TokenStreams, block_size: int, windows: int | None = None
) -> list[Batch]:
    """The held-out text in windows, at most that many; None for all that fit."""
    data = torch.tensor(streams.validation)
    most = max(1, len(data)) if windows is None else windows
    return evaluation_batches(data, block_size, EVALUATION_BATCH_SIZE, most)


def answer_batches(examples: list[EncodedExample], block_size: int) -> list[Batch]:
    """Held-out examples of a task, of which only the answers are asked for."""
    return split_examples(stack_examples(examples, block_size), EVALUATION_BATCH_SIZE)
