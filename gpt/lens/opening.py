"""From a run and a moment of its training to a model that can be looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks.task import EncodedExample
from gpt.corpus.tokenizer import Tokenizer
from gpt.lens.scalar import ScalarGPT, trace_scalar
from gpt.lens.trace import Trace, trace
from gpt.runs.config import RunConfig
from gpt.runs.data import encode_examples, encode_streams, split_corpus
from gpt.runs.run import Run, Which
from gpt.runs.scalar_training import load_scalar_model
from gpt.runs.tensor_data import answer_batches, validation_batches
from gpt.runs.tensor_training import load_model
from gpt.tensor.batches import Batch
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.microgpt import to_tensor_model


class Prompt(NamedTuple):
    """A text as a model reads it.

    Attributes:
        tokens: ids, at least one and no more than the block holds.
        n_cropped: how many tokens at the beginning did not fit, and are left out.
    """

    tokens: list[int]
    n_cropped: int


class OpenedModel(NamedTuple):
    """The model of a run as it was at a checkpoint.

    Attributes:
        model: of a run of plain numbers its twin in tensors, of float64, with the same weights.
        config: the run's.
        step: how many updates the model had had.
        plain: the GPT of plain numbers itself; None for a run of tensors.
    """

    model: LanguageModel
    config: RunConfig
    step: int
    plain: ScalarGPT | None

    @property
    def tokenizer(self) -> Tokenizer:
        return self.config.tokenizer

    def trace(self, tokens: Sequence[int] | Tensor) -> Trace:
        """Every activation of the model that was trained, of plain numbers or of tensors.

        Raises ValueError if there are no tokens, or more than the block holds.
        """
        if self.plain is None:
            return trace(self.model, tokens)
        return trace_scalar(self.plain, [int(token) for token in tokens])

    def encode(self, text: str) -> Prompt:
        """A text as the model's documents begin, after BOS if it has one; the last that fits.

        Raises UnknownCharacterError, and ValueError if nothing is left to read.
        """
        bos = self.tokenizer.bos
        tokens = ([] if bos is None else [bos]) + self.tokenizer.encode(text)
        if not tokens:
            raise ValueError("A prompt needs at least one character for this model to read.")
        n_cropped = max(0, len(tokens) - self.model.config.block_size)
        return Prompt(tokens[n_cropped:], n_cropped)


def open_model(run: Run, which: Which = "last") -> OpenedModel:
    """Reads the weights of a checkpoint; whoever asks often keeps the answer.

    Raises RunError if there is no such checkpoint, or it is not a model of this run.
    """
    config = run.config()
    step = run.checkpoint(which).step
    if config.kind == "tensor":
        return OpenedModel(load_model(run, step), config, step, None)
    plain = ScalarGPT(*load_scalar_model(run, step))
    return OpenedModel(to_tensor_model(*plain).eval(), config, step, plain)


def held_out_batches(
    config: RunConfig, corpus: Corpus, *, windows: int | None = None
) -> list[Batch]:
    """What a run is tested on: windows of text, documents, or the answers of a task.

    Args:
        config: the run's, for its tokenizer and the length of its block.
        corpus: the run's, of which the part held out is taken.
        windows: at most that many of them; None for all.

    Raises UnknownCharacterError.
    """
    block_size = config.model.block_size
    if corpus.task:
        examples = encode_examples(corpus, config.tokenizer).validation
        return answer_batches(examples[:windows], block_size)
    if config.kind == "tensor":
        return validation_batches(encode_streams(corpus, config.tokenizer), block_size, windows)
    # A GPT of plain numbers reads document by document, each as far as its block reaches.
    documents = split_corpus(corpus).validation[:windows]
    encoded = [config.tokenizer.encode_document(document) for document in documents]
    examples = [EncodedExample(tokens[: block_size + 1], 1) for tokens in encoded]
    return answer_batches(examples, block_size) if examples else []
