"""The training step that follows a checkpoint, with all that it takes: made again, not imagined.

Which batch a step reads depends on nothing but the run's seed and the steps before it, so any batch
can be drawn again. What the optimiser remembers is another matter: it is kept only with the newest
state of a run, from which the run itself would go on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isclose
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from gpt.corpus.corpus import Corpus
from gpt.runs.arrays import Arrays, read_arrays
from gpt.runs.config import RunConfig
from gpt.runs.journal import read_records
from gpt.runs.recorder import read_state, read_state_values
from gpt.runs.run import Run
from gpt.runs.scalar_training import documents_to_learn, scalar_configs
from gpt.runs.tensor_data import read_data
from gpt.runs.tensor_training import tensor_configs
from gpt.tensor.batches import Batch
from gpt.tensor.schedule import learning_rate_at

Memory = Literal["own", "none yet", "fresh"]
"""What the optimiser remembers: what it did remember here; rightly nothing, before the first step;
or nothing because it was not kept, so that another update comes out than the run's own."""


class Recorded(NamedTuple):
    """What the run itself wrote down about a step.

    Attributes:
        loss: of the batch, in nats per token, before the update.
        gradient_norm: over all parameters, before clipping.
        learning_rate: which differs from the schedule's where somebody steered.
    """

    loss: float
    gradient_norm: float
    learning_rate: float


@dataclass(frozen=True)
class NextStep:
    """What the step after a checkpoint takes.

    Attributes:
        config: the run's.
        step: its number; the first is 1.
        weights: before it, by name.
        moments: the optimiser's memory before it, as the run keeps it; empty if there is none.
        memory: whether that is the run's own.
        batch: what it reads.
        learning_rate: the run's at this step.
        recorded: what the run noted when it took the step; None if it has not.
        is_rounded: whether the weights were kept in fewer bits than they had, so that the last
            digits of all that follows from them differ from the run's.
    """

    config: RunConfig
    step: int
    weights: Arrays
    moments: Arrays
    memory: Memory
    batch: Batch
    learning_rate: float
    recorded: Recorded | None
    is_rounded: bool

    @property
    def is_past_the_end(self) -> bool:
        """Whether the run was over before it."""
        return self.step > self.config.training.steps


def step_of_memory(run: Run) -> int | None:
    """After which step the optimiser's memory was kept; None if it was not. Raises RunError."""
    values = read_state_values(run)
    return int(values["progress"]["step"]) if values else None


def prepare_step(run: Run, checkpoint: int, corpus: Corpus) -> NextStep:
    """The step that a run took, or would take, after a checkpoint.

    Raises RunError if there is no such checkpoint, ValueError if the text does not fit the model.
    """
    config = run.config()
    step = checkpoint + 1
    kept, precision = read_arrays(run.checkpoint(checkpoint).path).arrays, _precision(config)
    is_rounded = any(array.itemsize < np.dtype(precision).itemsize for array in kept.values())
    weights = {name: array.astype(precision, copy=False) for name, array in kept.items()}
    recorded = _recorded(run, step)
    steered: float | None = None
    memory: Memory = "none yet" if checkpoint == 0 else "fresh"
    moments: Arrays = {}
    if checkpoint > 0 and step_of_memory(run) == checkpoint:
        state = read_state(run)
        assert state is not None
        memory, steered = "own", state.values["learning_rate"]
        moments = {
            name: array
            for name, array in state.arrays.items()
            if name.startswith(("optimiser.", "adam."))
        }
    if config.kind == "tensor":
        batch, scheduled = _tensor_batch(config, step, corpus)
    else:
        batch, scheduled = _scalar_batch(config, step, corpus)
    rate = scheduled if steered is None else steered
    if recorded and not isclose(rate, recorded.learning_rate, rel_tol=1e-4):
        rate = recorded.learning_rate
    return NextStep(config, step, weights, moments, memory, batch, rate, recorded, is_rounded)


def _tensor_batch(config: RunConfig, step: int, corpus: Corpus) -> tuple[Batch, float]:
    """The batch of a step, drawn after all those before it, and the schedule's learning rate."""
    model, training = tensor_configs(config)
    data = read_data(
        corpus, config.tokenizer, model.block_size, replace(training, evaluation_windows=1)
    )
    generator = torch.Generator().manual_seed(training.seed)
    for _ in range(step - 1):
        data.draw_batch(generator)
    return data.draw_batch(generator), learning_rate_at(step, training)


def _scalar_batch(config: RunConfig, step: int, corpus: Corpus) -> tuple[Batch, float]:
    """The document of a step as a batch of one, as far as the block reaches; likewise."""
    model, training = scalar_configs(config)
    documents = documents_to_learn(config, corpus, random.Random(training.seed))
    document = documents[(step - 1) % len(documents)][: model.block_size + 1]
    batch = torch.tensor([document[:-1]]), torch.tensor([document[1:]])
    return batch, training.learning_rate * max(0.0, 1 - (step - 1) / training.steps)


def _precision(config: RunConfig) -> str:
    return "float32" if config.kind == "tensor" else "float64"


def _recorded(run: Run, step: int) -> Recorded | None:
    record: Mapping[str, Any] | None = next(
        (each for each in read_records(run.metrics_file) if each.get("step") == step), None
    )
    names = ("train_loss", "gradient_norm", "learning_rate")
    if record is None or any(record.get(name) is None for name in names):
        return None
    return Recorded(*(float(record[name]) for name in names))
