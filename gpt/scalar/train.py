"""Training: predict, measure the surprise, ask every weight for its share, move, repeat."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gpt.scalar.adam import MICROGPT, AdamSettings, AdamState, adam, initial_state
from gpt.scalar.families import Matrix
from gpt.scalar.functions import Number, cross_entropy, mean
from gpt.scalar.model import (
    Config,
    Trace,
    Weights,
    as_leaves,
    empty_cache,
    forward,
    initialise,
)
from gpt.scalar.value import Gradients, backward


@dataclass(frozen=True)
class TrainingState:
    """All that a run needs to go on: the weights, Adam's memory and the steps taken."""

    weights: dict[str, Matrix]
    adam: AdamState

    @property
    def step(self) -> int:
        return self.adam.step


@dataclass(frozen=True)
class Report:
    """What one step found, and the state after it. `loss` is in nats per token, before the step."""

    step: int
    loss: float
    learning_rate: float
    gradients: Gradients
    state: TrainingState


def initial_training_state(config: Config, rng: random.Random) -> TrainingState:
    """Freshly drawn weights and an Adam without memories."""
    weights = as_leaves(initialise(config, rng))
    return TrainingState(
        weights, initial_state(sum(len(row) for m in weights.values() for row in m.ids))
    )


def document_loss(
    config: Config,
    weights: Weights,
    document: Sequence[int],
    *,
    traces: Sequence[Trace] | None = None,
) -> Number:
    """The mean surprise at each token of a document given those before it, in nats per token.

    `document` begins with the token that opens it and ends with the one that closes it; only the
    first block_size predictions count. `traces` holds one trace for each position.
    """
    n_predictions = min(config.block_size, len(document) - 1)
    cache = empty_cache(config)
    losses = []
    for position in range(n_predictions):
        trace = traces[position] if traces else None
        logits, cache = forward(config, weights, document[position], position, cache, trace=trace)
        loss = cross_entropy(logits, document[position + 1])
        if trace:
            trace("loss", [loss])
        losses.append(loss)
    return mean(losses)


def train_step(
    config: Config,
    state: TrainingState,
    document: Sequence[int],
    learning_rate: float,
    settings: AdamSettings = MICROGPT,
) -> Report:
    """One document, one update."""
    with _cycle_collector_paused():
        return _train_step(config, state, document, learning_rate, settings)


def _train_step(
    config: Config,
    state: TrainingState,
    document: Sequence[int],
    learning_rate: float,
    settings: AdamSettings,
) -> Report:
    loss = document_loss(config, state.weights, document)
    gradients = backward(loss)
    adam_state, updates = adam(
        state.adam,
        [id for m in state.weights.values() for row in m.ids for id in row],
        gradients,
        learning_rate,
        settings,
    )
    moved = TrainingState(_shifted(state.weights, updates), adam_state)
    return Report(moved.step, loss.data, learning_rate, gradients, moved)


def train(
    config: Config,
    state: TrainingState,
    documents: Sequence[Sequence[int]],
    *,
    steps: int = 1000,
    learning_rate: float = 0.01,
    settings: AdamSettings = MICROGPT,
) -> Iterator[Report]:
    """Yield a report for each step from `state` on, one document a step, round and round.

    The learning rate falls in a straight line from `learning_rate` to 0 at `steps`.
    """
    for step in range(state.step, steps):
        rate = learning_rate * (1 - step / steps)
        report = train_step(config, state, documents[step % len(documents)], rate, settings)
        state = report.state
        yield report


def validation_loss(config: Config, weights: Weights, documents: Sequence[Sequence[int]]) -> float:
    """The mean surprise at every token of the documents, in nats per token; builds no graph."""
    total = 0.0
    n_tokens = 0
    for document in documents:
        n_predictions = min(config.block_size, len(document) - 1)
        total += document_loss(config, weights, document) * n_predictions
        n_tokens += n_predictions
    return total / n_tokens


def _shifted(weights: dict[str, Matrix], updates: Sequence[float]) -> dict[str, Matrix]:
    update = iter(updates)
    return {
        name: Matrix(
            name, [[weight + next(update) for weight in row] for row in matrix.rows], matrix.ids
        )
        for name, matrix in weights.items()
    }


@contextmanager
def _cycle_collector_paused() -> Iterator[None]:
    # A graph of Values has no reference cycles: it is freed the moment its loss is let go. Python's
    # cycle collector would still walk all of it several times a step in search of some.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
