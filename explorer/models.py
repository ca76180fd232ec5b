"""The one place where pages open the models of runs."""

from __future__ import annotations

from threading import Lock

import torch

from gpt.lens.opening import OpenedModel, open_model
from gpt.runs.run import Run

MOST_PARAMETERS = 300_000_000  # of all models that are kept open: 1.2 GB in single precision

_opened: dict[tuple[Run, int], OpenedModel] = {}
_lock = Lock()

# Two threads that have to wait for each other are many times slower than one as soon as anything
# else wants the processor, such as a training; alone they gain these small models hardly anything.
torch.set_num_threads(1)


def model_at(run: Run, step: int) -> OpenedModel:
    """The model of a run as it was after a step: weights of a step do not change any more.

    Those opened last stay open, as far as `MOST_PARAMETERS` go.

    Raises:
        RunError: if the run has no such checkpoint, or one that cannot be read.
    """
    with _lock:
        kept = _opened.pop((run, step), None)
        _opened[run, step] = opened = kept or open_model(run, step)  # the newest last
        if kept is None:
            while len(_opened) > 1 and sum(map(size_of, _opened.values())) > MOST_PARAMETERS:
                del _opened[next(iter(_opened))]
        return opened


def size_of(opened: OpenedModel) -> int:
    """How many parameters a model has; what is tied counts once."""
    return sum(parameter.numel() for parameter in opened.model.parameters())


def heads_per_layer(opened: OpenedModel) -> int:
    """How many heads a block has; one where a head is as wide as the stream."""
    config = opened.model.config
    return config.n_embd // config.head_size
