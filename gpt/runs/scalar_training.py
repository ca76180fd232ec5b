"""A run of the GPT made of plain numbers, without torch."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import numpy as np

from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import Tokenizer
from gpt.runs.arrays import Arrays, read_arrays
from gpt.runs.config import RunConfig, RunError
from gpt.runs.data import split_corpus
from gpt.runs.run import Run, Which
from gpt.runs.settings import RecordingConfig, ScalarConfig, ScalarTrainingConfig
from gpt.runs.training import SAMPLE_SEED, SAMPLED_DOCUMENTS, SavedState
from gpt.scalar.adam import AdamSettings, AdamState
from gpt.scalar.families import Matrix
from gpt.scalar.model import FloatRows, as_leaves, as_numbers
from gpt.scalar.sample import sample
from gpt.scalar.train import Report as ScalarReport
from gpt.scalar.train import TrainingState, initial_training_state, train_step, validation_loss
from gpt.tensor.divergence import TrainingDiverged
from gpt.tensor.report import Histogram, MatrixReport, Report
from gpt.tensor.training_state import Controls, Progress

BINS = 40


class ScalarTraining:
    """MicroGPT's training, one document a step, with a tenth of the documents held out."""

    def __init__(self, config: RunConfig, corpus: Corpus, origin: Arrays | None) -> None:
        self._model_config, self._training = scalar_configs(config)
        self._tokenizer = config.tokenizer
        self._recording = config.recording
        rng = random.Random(self._training.seed)
        self._documents = documents_to_learn(config, corpus, rng)
        held_out = split_corpus(corpus).validation[: self._training.evaluation_documents]
        self._held_out = [config.tokenizer.encode_document(each) for each in held_out]
        self._state = initial_training_state(self._model_config, rng)
        if origin is not None:
            self._state = replace(self._state, weights=_as_matrices(origin, self._model_config))
        self.controls = Controls()
        self.progress = Progress()

    def reports(self) -> Iterator[Report]:
        steps = self._training.steps
        if self._held_out and self.progress.step == 0 and self.progress.best_step is None:
            yield Report(step=0, validation_loss=self._evaluate(), is_best=True)
        while self.progress.step < steps and not self.controls.should_stop:
            yield self._take_step()

    def _take_step(self) -> Report:
        training, before = self._training, self._state
        learning_rate = self.controls.learning_rate
        if learning_rate is None:
            learning_rate = training.learning_rate * (1 - before.step / training.steps)
        document = self._documents[before.step % len(self._documents)]
        started = time.perf_counter()
        report = self._learn(document, learning_rate)
        spent = time.perf_counter() - started
        self._state = report.state
        self.progress.step = step = report.step

        is_last = step == training.steps
        is_evaluated = self._held_out and (is_last or step % training.evaluation_interval == 0)
        loss = self._evaluate() if is_evaluated else None
        interval = training.inspection_interval
        is_inspected = interval is not None and step % interval == 0
        n_tokens = min(self._model_config.block_size, len(document) - 1)
        return Report(
            step=step,
            train_loss=report.loss,
            validation_loss=loss,
            is_best=loss is not None and self.progress.best_step == step,
            learning_rate=learning_rate,
            gradient_norm=math.hypot(*report.gradients.values()),
            milliseconds=1000 * spent,
            tokens_per_second=n_tokens / spent,
            matrices=_inspect(before.weights, report) if is_inspected else None,
            ending="finished" if is_last else None,
        )

    def _learn(self, document: list[int], learning_rate: float) -> ScalarReport:
        adam = AdamSettings(self._training.beta1, self._training.beta2)
        step = self._state.step + 1
        try:
            report = train_step(self._model_config, self._state, document, learning_rate, adam)
        except (OverflowError, ZeroDivisionError, ValueError) as error:
            raise TrainingDiverged(
                f"A number grew too large ({error})", step, learning_rate
            ) from None
        if not (math.isfinite(report.loss) and all(map(math.isfinite, report.gradients.values()))):
            raise TrainingDiverged(f"The loss became {report.loss}", step, learning_rate)
        return report

    def _evaluate(self) -> float:
        loss = validation_loss(self._model_config, as_numbers(self._state.weights), self._held_out)
        step, best = self.progress.step, self.progress.best_validation_loss
        if not math.isfinite(loss):
            rate = self._training.learning_rate
            raise TrainingDiverged(f"The validation loss became {loss}", step, rate)
        if best is None or loss < best:
            self.progress.best_step, self.progress.best_validation_loss = step, loss
            self.progress.evaluations_since_best = 0
        else:
            self.progress.evaluations_since_best += 1
        return loss

    def weights(self) -> Arrays:
        return _as_arrays(self._state.weights)

    def sample(self) -> str:
        weights = as_numbers(self._state.weights)
        return write_sample(self._model_config, weights, self._tokenizer, self._recording)

    def export_state(self) -> SavedState:
        arrays = {f"weights.{name}": array for name, array in self.weights().items()}
        arrays["adam.m"] = np.array(self._state.adam.m)
        arrays["adam.v"] = np.array(self._state.adam.v)
        values = {
            "progress": asdict(self.progress),
            "learning_rate": self.controls.learning_rate,
        }
        return SavedState(arrays, values)

    def import_state(self, state: SavedState) -> None:
        try:
            progress = Progress(**state.values["progress"])
            learning_rate = state.values["learning_rate"]
            m, v = (state.arrays[f"adam.{name}"].tolist() for name in ("m", "v"))
        except (KeyError, TypeError) as error:
            raise RunError(f"This training state is not complete: {error}.") from None
        weights = _as_matrices(
            {
                name.removeprefix("weights."): array
                for name, array in state.arrays.items()
                if name.startswith("weights.")
            },
            self._model_config,
        )
        if not len(m) == len(v) == self._model_config.parameter_count():
            raise RunError(
                "This training state is not complete: Adam's memory is of another model."
            )
        self._state = TrainingState(weights, AdamState(progress.step, m, v))
        self.progress = progress
        self.controls.learning_rate = learning_rate


def documents_to_learn(config: RunConfig, corpus: Corpus, rng: random.Random) -> list[list[int]]:
    """The token ids of every document in the order in which a run learns them, round and round."""
    documents = split_corpus(corpus).train
    shuffled = rng.sample(documents, len(documents))
    return [config.tokenizer.encode_document(each) for each in shuffled]


def load_scalar_model(run: Run, which: Which = "last") -> tuple[ScalarConfig, dict[str, FloatRows]]:
    """The model of a run as it was at a checkpoint: its shape, and every matrix as plain floats.

    Raises RunError if there is no such checkpoint, or it is not a model of this run.
    """
    config, _ = scalar_configs(run.config())
    path = run.checkpoint(which).path
    try:
        return config, as_numbers(_as_matrices(read_arrays(path).arrays, config))
    except RunError as error:
        raise RunError(f"{path.name}: {error}") from None


def scalar_configs(config: RunConfig) -> tuple[ScalarConfig, ScalarTrainingConfig]:
    """Model and training of a scalar run. Raises RunError for one of tensors."""
    model, training = config.model, config.training
    if not isinstance(model, ScalarConfig) or not isinstance(training, ScalarTrainingConfig):
        raise RunError(f"{config.title} is a GPT of tensors, not of plain numbers.")
    return model, training


def write_sample(
    config: ScalarConfig,
    weights: Mapping[str, FloatRows],
    tokenizer: Tokenizer,
    recording: RecordingConfig,
) -> str:
    """Documents by the model as it is, one a line, none longer than the block."""
    assert tokenizer.bos is not None, "a scalar model learns documents"
    rng = random.Random(SAMPLE_SEED)
    temperature = recording.sample_temperature
    documents = (
        sample(config, weights, tokenizer.bos, rng, temperature=temperature)
        for _ in range(SAMPLED_DOCUMENTS)
    )
    return "\n".join(
        tokenizer.decode(list(islice(drawn, recording.sample_tokens))) for drawn in documents
    )


def _as_arrays(weights: Mapping[str, Matrix]) -> Arrays:
    return {name: np.array(matrix.rows) for name, matrix in weights.items()}


def _as_matrices(
    arrays: Mapping[str, np.ndarray[Any, Any]], config: ScalarConfig
) -> dict[str, Matrix]:
    shapes = config.matrix_shapes()
    given = {name: array.shape for name, array in arrays.items()}
    if given != shapes:
        wrong = next(name for name in shapes | given if given.get(name) != shapes.get(name))
        raise RunError(
            f"These weights are not for this model: {wrong} is {given.get(wrong, 'missing')}, "
            f"it needs {shapes.get(wrong, 'no such matrix')}."
        )
    # In the model's own order, in which Adam's memory of the weights is laid out.
    return as_leaves({name: arrays[name].tolist() for name in shapes})


def _inspect(before: Mapping[str, Matrix], report: ScalarReport) -> dict[str, MatrixReport]:
    reports = {}
    for name, matrix in report.state.weights.items():
        old, new = np.array(before[name].rows), np.array(matrix.rows)
        gradient = np.array([[report.gradients.get(id, 0.0) for id in row] for row in matrix.ids])
        length = float(np.linalg.norm(old))
        reports[name] = MatrixReport(
            update_ratio=float(np.linalg.norm(new - old)) / length if length > 0 else 0.0,
            weight=_histogram(new),
            gradient=_histogram(gradient),
            update=_histogram(new - old),
        )
    return reports


def _histogram(numbers: np.ndarray[Any, Any]) -> Histogram:
    counts, edges = np.histogram(numbers, BINS)
    return Histogram(float(edges[0]), float(edges[-1]), counts.tolist())
