"""The training loop: a generator that yields one report a step and leaves the rest to its caller.

It does not print, write or draw. Pausing needs no word of its own: do not ask for the next report.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from threading import Lock
from typing import Any, cast

import torch
from torch import Tensor

from gpt.tensor.batches import Batch, BatchSource
from gpt.tensor.distributed import ALONE, Workers
from gpt.tensor.divergence import TrainingDiverged
from gpt.tensor.evaluation import evaluate
from gpt.tensor.inspection import copy_matrices, inspect_matrices
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.muon import Muon
from gpt.tensor.optimiser import AdamW, clip_gradients
from gpt.tensor.report import Ending, Report
from gpt.tensor.schedule import learning_rate_at
from gpt.tensor.training_config import TrainingConfig
from gpt.tensor.training_state import Controls, Progress, TrainingState
from gpt.tensor.weights import export_weights, import_weights


class Trainer:
    """Trains one model. `run` is the loop; the state between two steps can be taken out and put in.

    The model may be new or have any weights: training an already trained one is fine-tuning.
    Same model, data, configuration and thread count: same losses, to the last bit.

    With `has_answers` the rows of `evaluation` are examples of a task, and reports say how many
    answers were right.

    Of several `workers` each has a trainer of the same model, data and configuration, and all
    report the same. The controls of the first hold for all; the others wait for its next step.
    """

    def __init__(
        self,
        model: LanguageModel,
        config: TrainingConfig,
        *,
        draw_batch: BatchSource,
        evaluation: Sequence[Batch] = (),
        has_answers: bool = False,
        workers: Workers = ALONE,
    ) -> None:
        self.model = model
        self.config = config
        self.draw_batch = draw_batch
        self.evaluation = evaluation
        self.has_answers = has_answers
        self.workers = workers
        self.optimiser = build_optimiser(model, config)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.controls = Controls()
        self.progress = Progress()
        self._device = next(model.parameters()).device
        self._replica = workers.replicate(model)
        self._last_batch: Batch | None = None

    def run(self) -> Iterator[Report]:
        """Trains to the last step, yielding a report for each.

        Raises:
            TrainingDiverged: the loss or gradient is not finite; the update was not made.
            ValueError: the text is too short for the block.
        """
        if self.progress.step == 0 and self.evaluation and self.progress.best_step is None:
            yield Report(step=0, **self._evaluate(self.config.learning_rate))
        while self._ending() is None and not self._should_stop():
            yield self._take_step()

    def _should_stop(self) -> bool:
        # Asked before every step, so that all take up what the first was told at the same step.
        self.controls = Controls(**self.workers.from_first(vars(self.controls)))
        return self.controls.should_stop

    def _take_step(self) -> Report:
        step = self.progress.step + 1
        learning_rate = self._learning_rate_at(step)
        started = time.perf_counter()
        batch = self.draw_batch(self.generator)
        share = self.workers.share(batch)
        idx, targets = share.idx.to(self._device), share.targets.to(self._device)
        self._last_batch = (idx, targets)
        loss = self.training_loss((idx, targets), step) * share.weight
        train_loss = self.workers.mean(loss.item())
        self._finite(train_loss, "The loss became", step, learning_rate)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = clip_gradients(self.model.parameters(), self.config.gradient_clip)
        self._finite(norm, "The gradient's norm became", step, learning_rate)
        spent = time.perf_counter() - started

        is_inspected = _is_due(step, self.config.inspection_interval)
        before = copy_matrices(self.model) if is_inspected else {}
        started = time.perf_counter()
        self.optimiser.step(learning_rate)
        spent += time.perf_counter() - started
        self.progress.step = step

        matrices = inspect_matrices(self.model, before) if is_inspected else None
        evaluated: dict[str, Any] = {}
        is_last = step == self.config.steps
        if self.evaluation and (is_last or _is_due(step, self.config.evaluation_interval)):
            evaluated = self._evaluate(learning_rate)
        return Report(
            step=step,
            train_loss=train_loss,
            learning_rate=learning_rate,
            gradient_norm=norm,
            milliseconds=1000 * spent,
            tokens_per_second=batch[0].numel() / spent,
            matrices=matrices,
            ending=self._ending(),
            **evaluated,
        )

    def training_loss(self, batch: Batch, step: int) -> Tensor:
        """The loss on a batch as that step computes it, with its dropout, in nats per token. ()"""
        idx, targets = batch
        if not self.model.training:  # to tell every layer again takes a tenth of a small step
            self.model.train()
        with self._dropout_of(step):
            _, loss = self._replica(idx, targets=targets)
        return cast(Tensor, loss)

    def _learning_rate_at(self, step: int) -> float:
        steered = self.controls.learning_rate
        return learning_rate_at(step, self.config) if steered is None else steered

    def _evaluate(self, learning_rate: float) -> dict[str, Any]:
        """What the report of this step says of the validation."""
        step = self.progress.step
        loss, accuracy, exact_match = evaluate(self.model, self.evaluation, self.workers)
        self._finite(loss, "The validation loss became", step, learning_rate)
        best = self.progress.best_validation_loss
        if best is None or loss < best:
            self.progress.best_step = step
            self.progress.best_validation_loss = loss
            self.progress.evaluations_since_best = 0
        else:
            self.progress.evaluations_since_best += 1
        answers = {"validation_accuracy": accuracy, "validation_exact_match": exact_match}
        return {
            "validation_loss": loss,
            "is_best": self.progress.best_step == step,
            **(answers if self.has_answers else {}),
        }

    def _ending(self) -> Ending | None:
        patience = self.config.patience
        if self.progress.step >= self.config.steps:
            return "finished"
        if patience is not None and self.progress.evaluations_since_best >= patience:
            return "out of patience"
        return None

    def _finite(self, number: float, what: str, step: int, learning_rate: float) -> float:
        if not math.isfinite(number):
            raise TrainingDiverged(f"{what} {number}", step, learning_rate, self._remedies())
        return number

    def _remedies(self) -> list[str]:
        remedies = []
        if self.config.warmup_steps == 0:
            remedies.append("a warm-up")
        if self.config.gradient_clip is None:
            remedies.append("gradient clipping at 1")
        return remedies

    def _dropout_of(self, step: int) -> AbstractContextManager[None]:
        # Fused attention takes its dropout from torch's own generator only, so that is lent for the
        # forward pass. Seeded by the step, it needs no place in the saved state.
        if self.model.config.dropout == 0:
            return nullcontext()
        draw = step * self.workers.size + self.workers.rank  # no two processes drop the same
        return _global_generator_seeded(self.config.seed * 2**31 + draw, self._device)

    def export_state(self) -> TrainingState:
        """A copy of everything that the next step depends on.

        Raises:
            TrainingDiverged: the weights no longer give a finite loss. A state taken before remains
                the last good one.
        """
        if self._last_batch is not None:
            loss = evaluate(self.model, [self._last_batch]).loss
            step = self.progress.step
            self._finite(loss, "The loss became", step, self._learning_rate_at(step))
        tensors = {f"weights.{name}": w for name, w in export_weights(self.model).items()}
        for name, moments in self.optimiser.moments.items():
            for key, moment in moments.items():
                tensors[f"optimiser.{name}.{key}"] = moment.to("cpu", copy=True)
        tensors["generator"] = self.generator.get_state()
        values = {
            "progress": asdict(self.progress),
            "learning_rate": self.controls.learning_rate,
        }
        return TrainingState(tensors, values)

    def import_state(self, state: TrainingState) -> None:
        """Goes on from where the state was taken.

        Raises ValueError if it belongs to another model or lacks a part.
        """
        try:
            progress = Progress(**state.values["progress"])
            learning_rate, generator = state.values["learning_rate"], state.tensors["generator"]
        except (KeyError, TypeError) as error:
            raise ValueError(f"This training state is not complete: {error}.") from error
        weights = _within("weights.", state.tensors)
        memory = _within("optimiser.", state.tensors)
        moments = {name: _within(f"{name}.", memory) for name in weights} if memory else {}
        if progress.step > 0 and not (moments and all(moments.values())):
            raise ValueError("This training state is not complete: it lacks the optimiser.")
        import_weights(self.model, weights)
        self.optimiser.import_moments(moments)
        self.generator.set_state(generator)
        self.progress = progress
        self.controls.learning_rate = learning_rate


def build_optimiser(model: LanguageModel, config: TrainingConfig) -> AdamW:
    """The optimiser that the configuration names, for all parameters of the model."""
    if config.optimiser == "muon":
        return Muon(model, config)
    return AdamW(dict(model.named_parameters()), config)


def _within(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _is_due(step: int, interval: int | None) -> bool:
    return interval is not None and step % interval == 0


_GLOBAL_GENERATOR = Lock()


@contextmanager
def _global_generator_seeded(seed: int, device: torch.device) -> Iterator[None]:
    devices = [] if device.type == "cpu" else [device]
    # One at a time: it is one for all threads, and a second would draw from between the first's.
    with (
        _GLOBAL_GENERATOR,
        torch.random.fork_rng(devices, device_type=device.type if devices else "cuda"),
    ):
        torch.manual_seed(seed)
        yield
