"""How well a checkpoint predicts the text held out, all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gpt.corpus.baselines import Baselines
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunError
from gpt.runs.data import TokenStreams, baselines_of, encode_streams, split_corpus
from gpt.runs.run import Run, Which


class Evaluation(NamedTuple):
    """A checkpoint against the text held out.

    Attributes:
        step: whose weights were asked.
        loss: over every held-out token, in nats per token.
        perplexity: e to the loss: between how many equally likely tokens the model wavers.
        bits_per_character: the same loss, comparable across tokenizers.
        baselines: the losses to beat.
    """

    step: int
    loss: float
    perplexity: float
    bits_per_character: float
    baselines: Baselines


def evaluate_run(run: Run, which: Which = "last", corpus: Corpus | None = None) -> Evaluation:
    """Evaluates a checkpoint on what its own corpus, or the given one, holds out.

    A validation loss during training reads a part of that; this reads all, which may take a while.

    Raises RunError if there is no such checkpoint or nothing is held out, and
    UnknownCharacterError if the run's tokenizer cannot read the corpus.
    """
    config = run.config()
    corpus = corpus or run.corpus()
    checkpoint = run.checkpoint(which)
    streams = encode_streams(corpus, config.tokenizer)
    baselines = baselines_of(streams, config.tokenizer.vocab_size)
    if baselines is None:
        raise RunError(f"{corpus.name} keeps nothing from training to be tested on.")
    if config.kind == "scalar":
        loss = _scalar_loss(run, checkpoint.step, split_corpus(corpus).validation)
    else:
        loss = _tensor_loss(run, checkpoint.step, streams)
    return Evaluation(
        step=checkpoint.step,
        loss=loss,
        perplexity=math.exp(loss),
        bits_per_character=streams.bits_per_character(loss),
        baselines=baselines,
    )


def _tensor_loss(run: Run, step: int, streams: TokenStreams) -> float:
    from gpt.runs.tensor_training import load_model, validation_batches
    from gpt.tensor.evaluation import evaluate

    model = load_model(run, step)
    return evaluate(model, validation_batches(streams, model.config.block_size))


def _scalar_loss(run: Run, step: int, documents: Sequence[str]) -> float:
    from gpt.runs.scalar_training import load_scalar_model
    from gpt.scalar.train import validation_loss

    model_config, weights = load_scalar_model(run, step)
    encode = run.config().tokenizer.encode_document
    return validation_loss(model_config, weights, [encode(each) for each in documents])
