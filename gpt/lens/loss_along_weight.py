"""What becomes of a model when one of its weights is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor

from gpt.lens.next_step import NextStep
from gpt.lens.trace import trace
from gpt.lens.weight_step import WeightId, open_trainer
from gpt.runs.scalar_training import scalar_configs
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.microgpt import tensor_names, to_tensor_model


class LossAlongWeight:
    """The loss of a step's batch as a function of one weight, all others held where they are.

    Measured by whole forward passes, with the dropout of the step, and in float64: the loss answers
    to one weight among thousands so little that float32 would round it away.

    Attributes:
        value: the weight as it is.
    """

    def __init__(self, step: NextStep, weight: WeightId) -> None:
        self._lock = Lock()
        self._model, name, self._loss = _open(step, weight.matrix)
        parameter = self._model.get_parameter(name).detach()
        matrix = parameter if parameter.dim() >= 2 else parameter[None]
        self._place = matrix[weight.row, weight.column]  # shares the model's memory
        self.value = self._place.item()

    @torch.no_grad()
    def loss_at(self, value: float) -> float:
        """In nats per token."""
        with self._moved_to(value):
            return self._loss().item()

    def sweep(self, values: Sequence[float]) -> list[float]:
        """The loss at each value of the weight."""
        return [self.loss_at(value) for value in values]

    def predict(self, tokens: Sequence[int], value: float) -> Tensor:
        """The probabilities of what follows some tokens, `(V,)`. Raises ValueError as `trace`."""
        with self._moved_to(value):
            return trace(self._model, tokens).probabilities[-1]

    @contextmanager
    def _moved_to(self, value: float) -> Iterator[None]:
        with self._lock:
            self._place.fill_(value)
            try:
                yield
            finally:
                self._place.fill_(self.value)


def _open(step: NextStep, matrix: str) -> tuple[LanguageModel, str, Callable[[], Tensor]]:
    """The model in float64, what it calls the matrix, and what computes the loss of the step."""
    if step.config.kind == "scalar":
        config, _ = scalar_configs(step.config)
        model = to_tensor_model(config, {name: w.tolist() for name, w in step.weights.items()})
        idx, targets = step.batch
        return model, tensor_names(config)[matrix], lambda: model(idx, targets=targets)[1]
    trainer = open_trainer(step)
    trainer.model.double()
    return trainer.model, matrix, lambda: trainer.training_loss(step.batch, step.step)
