"""The one place where pages open the models of runs."""

from __future__ import annotations

from functools import lru_cache

import torch

from gpt.lens.opening import OpenedModel, open_model
from gpt.runs.run import Run

MODELS_KEPT = 64

# Two threads that have to wait for each other are many times slower than one as soon as anything
# else wants the processor, such as a training; alone they gain these small models hardly anything.
torch.set_num_threads(1)


@lru_cache(MODELS_KEPT)
def model_at(run: Run, step: int) -> OpenedModel:
    """The model of a run as it was after a step: weights of a step do not change any more.

    Raises:
        RunError: if the run has no such checkpoint, or one that cannot be read.
    """
    return open_model(run, step)


def heads_per_layer(opened: OpenedModel) -> int:
    """How many heads a block has; one where a head is as wide as the stream."""
    config = opened.model.config
    return config.n_embd // config.head_size
