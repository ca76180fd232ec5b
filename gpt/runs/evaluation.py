"""How well a checkpoint predicts the text held out, all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gpt.corpus.baselines import Baselines
from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.runs.config import RunError
from gpt.runs.data import (
    TokenStreams,
    baselines_of,
    bits_per_character,
    encode_examples,
    encode_streams,
    split_corpus,
)
from gpt.runs.run import Run, Which


@dataclass(frozen=True)
class Answers:
    """How well the examples of a task are answered.

    Attributes:
        floor: the best possible loss, in nats per token of the answer.
        accuracy: the share of the tokens of the answers that were thought the likeliest.
        exact_match: the share of the answers of which all tokens were.
    """

    floor: float
    accuracy: float
    exact_match: float


class Evaluation(NamedTuple):
    """A checkpoint against the text held out.

    Attributes:
        step: whose weights were asked.
        loss: over every held-out token, of a task those of its answers, in nats per token.
        perplexity: e to the loss: between how many equally likely tokens the model wavers.
        bits_per_character: the same loss, comparable across tokenizers.
        baselines: the losses to beat; None for a task.
        answers: how a task is mastered; None for text.
    """

    step: int
    loss: float
    perplexity: float
    bits_per_character: float
    baselines: Baselines | None
    answers: Answers | None


def evaluate_run(run: Run, which: Which = "last", corpus: Corpus | None = None) -> Evaluation:
    """Evaluates a checkpoint on what its own corpus, or the given one, holds out.

    A validation loss during training reads a part of that; this reads all, which may take a while.

    Raises RunError if there is no such checkpoint or nothing is held out, and
    UnknownCharacterError if the run's tokenizer cannot read the corpus.
    """
    corpus = corpus or run.corpus()
    step = run.checkpoint(which).step
    if corpus.task:
        return _evaluate_answers(run, step, corpus)
    config = run.config()
    streams = encode_streams(corpus, config.tokenizer)
    baselines = baselines_of(streams, config.tokenizer.vocab_size)
    if baselines is None:
        raise RunError(f"{corpus.name} keeps nothing from training to be tested on.")
    if config.kind == "scalar":
        loss = _scalar_loss(run, step, split_corpus(corpus).validation)
    else:
        loss = _tensor_loss(run, step, streams)
    bits = bits_per_character(loss, streams.characters_per_token)
    return Evaluation(step, loss, math.exp(loss), bits, baselines, None)


def _evaluate_answers(run: Run, step: int, corpus: Corpus) -> Evaluation:
    from gpt.runs.tensor_data import answer_batches
    from gpt.runs.tensor_training import load_model
    from gpt.tensor.evaluation import evaluate

    assert corpus.task
    model = load_model(run, step)
    examples = encode_examples(corpus, run.config().tokenizer)
    loss, accuracy, exact_match = evaluate(
        model, answer_batches(examples.validation, model.config.block_size)
    )
    answers = Answers(TASKS[corpus.task].floor, accuracy, exact_match)
    bits = bits_per_character(loss, examples.characters_per_token)
    return Evaluation(step, loss, math.exp(loss), bits, None, answers)


def _tensor_loss(run: Run, step: int, streams: TokenStreams) -> float:
    from gpt.runs.tensor_data import validation_batches
    from gpt.runs.tensor_training import load_model
    from gpt.tensor.evaluation import evaluate

    model = load_model(run, step)
    return evaluate(model, validation_batches(streams, model.config.block_size)).loss


def _scalar_loss(run: Run, step: int, documents: Sequence[str]) -> float:
    from gpt.runs.scalar_training import load_scalar_model
    from gpt.scalar.train import validation_loss

    model_config, weights = load_scalar_model(run, step)
    encode = run.config().tokenizer.encode_document
    return validation_loss(model_config, weights, [encode(each) for each in documents])
