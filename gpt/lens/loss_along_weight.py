"""What becomes of a model when one of its weights is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from gpt.lens.next_step import NextStep
from gpt.lens.trace import trace
from gpt.lens.weight_step import open_trainer
from gpt.runs.scalar_training import scalar_configs
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.microgpt import tensor_names, to_tensor_model


class LossAlongWeights:
    """The loss of a step's batch as a function of any one weight of a matrix, the others held.

    Measured by forward passes with the dropout of the step. What they have in common is computed
    once for all weights of the matrix.
    """

    def __init__(self, step: NextStep, matrix: str) -> None:
        self._exact = _Movable(step, matrix, torch.float64)
        self._exact.keep_what_comes_before()
        self._quick = _Movable(step, matrix, torch.float32)
        self._quick.keep_what_comes_before()
        self._step, self._matrix = step, matrix

    def of(self, row: int, column: int) -> LossAlongWeight:
        """As a function of one of them."""
        return LossAlongWeight(self, row, column)

    @cached_property
    def loss(self) -> float:
        """With every weight as it is, in nats per token."""
        return self._exact.loss()

    @cached_property
    def _whole(self) -> _Movable:
        """The model with all of its layers, which reads any text."""
        return _Movable(self._step, self._matrix, torch.float64)


class LossAlongWeight:
    """The loss of a step's batch as a function of one weight, all others held where they are.

    Attributes:
        value: the weight as it is.
    """

    def __init__(self, weights: LossAlongWeights, row: int, column: int) -> None:
        self._weights = weights
        self._place = (row, column)
        self.value = weights._exact.matrix[row, column].item()

    @property
    def loss(self) -> float:
        """Where the weight is, in nats per token."""
        return self._weights.loss

    def loss_at(self, value: float) -> float:
        """In nats per token; in float64, for it answers to one weight among thousands so little
        that float32 may round it away.
        """
        return self._weights._exact.loss_at(self._place, value)

    def quick_loss_at(self, value: float) -> float:
        """About twice as fast as `loss_at`, and right to 1e-6 nats per token, mostly to 1e-7."""
        return self._weights._quick.loss_at(self._place, value)

    def predict(self, tokens: Sequence[int], value: float) -> Tensor:
        """The probabilities of what follows some tokens, `(V,)`. Raises ValueError as `trace`."""
        whole = self._weights._whole
        with whole.moved_to(self._place, value):
            return trace(whole.model, tokens).probabilities[-1]


class _Movable:
    """The model before a step, in some precision, with a matrix of which a weight can be moved.

    Attributes:
        model: its own copy.
        matrix: of the weights, sharing the model's memory; a vector is a matrix of one row.
    """

    def __init__(self, step: NextStep, name: str, precision: torch.dtype) -> None:
        self.model: LanguageModel
        self._loss: Callable[[], Tensor]
        if step.config.kind == "scalar":
            config, _ = scalar_configs(step.config)
            weights = {each: w.tolist() for each, w in step.weights.items()}
            self.model, name = to_tensor_model(config, weights), tensor_names(config)[name]
            idx, targets = step.batch
            self._loss = lambda: self.model(idx, targets=targets)[1]
        else:
            trainer = open_trainer(step)
            self.model = trainer.model
            self._loss = lambda: trainer.training_loss(step.batch, step.step)
        self.model.to(precision)
        self._parameter = self.model.get_parameter(name)
        numbers = self._parameter.detach()
        self.matrix = numbers if numbers.dim() >= 2 else numbers[None]
        self._lock = Lock()

    @torch.no_grad()
    def loss(self) -> float:
        """Of the batch of the step, in nats per token, with the weights as they are."""
        with self._lock:
            return self._loss().item()

    @torch.no_grad()
    def loss_at(self, place: tuple[int, int], value: float) -> float:
        """The same with one weight moved."""
        with self.moved_to(place, value):
            return self._loss().item()

    @contextmanager
    def moved_to(self, place: tuple[int, int], value: float) -> Iterator[None]:
        """While the context lasts, one weight has another value."""
        with self._lock:
            weight = self.matrix[place]
            before = weight.item()
            weight.fill_(value)
            try:
                yield
            finally:
                weight.fill_(before)

    def keep_what_comes_before(self) -> None:
        """Computes once what the layers before the matrix make of the batch.

        From then on the model is good for nothing but the loss.
        """
        layers = list(_layers_in_order(self.model))
        for owner, name, layer in layers:
            if any(each is self._parameter for each in layer.parameters()):
                break
            setattr(owner, name, _Kept(layer, draws=self.model.config.dropout > 0))
        owner, name, last = layers[-1]
        setattr(owner, name, _Widened(last))


def _layers_in_order(model: LanguageModel) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """The layers as a forward pass comes to them, each once, with what holds them and its name."""
    for name, part in list(model.named_children()):
        if not isinstance(part, nn.ModuleList):
            yield model, name, part
            continue
        for block in part:
            for inner, layer in list(block.named_children()):
                yield block, inner, layer


class _Kept(nn.Module):
    """A layer that reads the same each time: it computes once, and draws its dropout once.

    Where it `draws`, a step has torch's generator to itself; else that is others', and left alone.
    """

    def __init__(self, layer: nn.Module, *, draws: bool) -> None:
        super().__init__()
        self._layer = layer
        self._draws = draws
        self._output: Tensor | None = None

    def forward(self, *inputs: Any) -> Tensor:
        if self._output is None:
            self._output = self._layer(*inputs)
            self._drawn = torch.get_rng_state()
        elif self._draws:
            torch.set_rng_state(self._drawn)  # what comes behind draws as if this had drawn
        return self._output


class _Widened(nn.Module):
    """A layer whose output goes on in float64: logits, so that rounding does not blur their loss.

    Of a logit float32 keeps seven digits, of a mean over thousands of losses it would keep no more.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self._layer = layer

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self._layer(x)
        return output.double()
