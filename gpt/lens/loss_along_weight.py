"""What becomes of a model when one of its weights is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from gpt.lens.next_step import NextStep
from gpt.lens.trace import trace
from gpt.lens.weight_step import WeightId, open_trainer
from gpt.runs.scalar_training import scalar_configs
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.microgpt import tensor_names, to_tensor_model


class LossAlongWeight:
    """The loss of a step's batch as a function of one weight, all others held where they are.

    Measured by forward passes with the dropout of the step.

    Attributes:
        value: the weight as it is.
    """

    def __init__(self, step: NextStep, weight: WeightId) -> None:
        self._exact = _Movable(step, weight, torch.float64)
        self._quick = _Movable(step, weight, torch.float32)
        self._quick.make_quick()
        self.value = self._exact.value

    def loss_at(self, value: float) -> float:
        """In nats per token; in float64, for it answers to one weight among thousands so little
        that float32 may round it away.
        """
        return self._exact.loss_at(value)

    def quick_loss_at(self, value: float) -> float:
        """Several times as fast as `loss_at`, and right to some 1e-8 nats per token."""
        return self._quick.loss_at(value)

    def predict(self, tokens: Sequence[int], value: float) -> Tensor:
        """The probabilities of what follows some tokens, `(V,)`. Raises ValueError as `trace`."""
        with self._exact.moved_to(value):
            return trace(self._exact.model, tokens).probabilities[-1]


class _Movable:
    """The model before a step, in some precision, with one weight that can be moved.

    Attributes:
        model: its own copy.
        value: the weight as it is.
        loss: of the batch of the step, computed. ()
    """

    def __init__(self, step: NextStep, weight: WeightId, precision: torch.dtype) -> None:
        name = weight.matrix
        self.model: LanguageModel
        self.loss: Callable[[], Tensor]
        if step.config.kind == "scalar":
            config, _ = scalar_configs(step.config)
            weights = {name: w.tolist() for name, w in step.weights.items()}
            self.model, name = to_tensor_model(config, weights), tensor_names(config)[name]
            idx, targets = step.batch
            self.loss = lambda: self.model(idx, targets=targets)[1]
        else:
            trainer = open_trainer(step)
            self.model = trainer.model
            self.loss = lambda: trainer.training_loss(step.batch, step.step)
        self.model.to(precision)
        self._parameter = self.model.get_parameter(name)
        numbers = self._parameter.detach()
        matrix = numbers if numbers.dim() >= 2 else numbers[None]
        self._place = matrix[weight.row, weight.column]  # shares the model's memory
        self.value = self._place.item()
        self._lock = Lock()

    @torch.no_grad()
    def loss_at(self, value: float) -> float:
        """In nats per token."""
        with self.moved_to(value):
            return self.loss().item()

    @contextmanager
    def moved_to(self, value: float) -> Iterator[None]:
        """While the context lasts, the weight has another value."""
        with self._lock:
            self._place.fill_(value)
            try:
                yield
            finally:
                self._place.fill_(self.value)

    def make_quick(self) -> None:
        """Computes once what the layers before the weight make of the batch.

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
