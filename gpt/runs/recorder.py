"""Writes a run's folder: what the training reports, and the state from which it can go on."""

from __future__ import annotations

import json
import math
import time
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from gpt.runs.arrays import Arrays, read_arrays, read_metadata, write_arrays
from gpt.runs.config import RunError
from gpt.runs.journal import Journal, Record, cut_after
from gpt.runs.run import CHECKPOINT_NAME, Run
from gpt.runs.training import SavedState
from gpt.tensor.report import Report
from gpt.tensor.training_state import Progress

BEFORE_THE_BEGINNING = -1
"""The step to which a run that was never saved is cut back: nothing stays."""


def metrics_of(report: Report) -> Record:
    """The line of metrics.jsonl: what the report has to tell, without what is missing."""
    values = {
        "step": report.step,
        "train_loss": report.train_loss,
        "validation_loss": report.validation_loss,
        "validation_accuracy": report.validation_accuracy,
        "validation_exact_match": report.validation_exact_match,
        "is_best": report.is_best or None,
        "learning_rate": report.learning_rate,
        "gradient_norm": report.gradient_norm,
        "milliseconds": report.milliseconds,
        "tokens_per_second": report.tokens_per_second,
        "update_ratios": _update_ratios(report),
        "ending": report.ending,
    }
    return {name: value for name, value in values.items() if value is not None}


def _update_ratios(report: Report) -> dict[str, float] | None:
    if report.matrices is None:
        return None
    ratios = {name: matrix.update_ratio for name, matrix in report.matrices.items()}
    # A length can overflow while every number is still finite; JSON has no infinity.
    return {name: ratio for name, ratio in ratios.items() if math.isfinite(ratio)}


def histograms_of(report: Report) -> Record | None:
    """The line of histograms.jsonl, if the step was inspected."""
    if report.matrices is None:
        return None
    matrices = {
        name: {part: asdict(getattr(matrix, part)) for part in ("weight", "gradient", "update")}
        for name, matrix in report.matrices.items()
    }
    return {"step": report.step, "matrices": matrices}


class Recorder:
    """The only writer of a run's records, for as long as the context lasts.

    Every method raises OSError when the disk takes no more. What was written before stays whole.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        with ExitStack() as stack:
            self._metrics = stack.enter_context(Journal(run.metrics_file))
            self._samples = stack.enter_context(Journal(run.samples_file))
            self._histograms = stack.enter_context(Journal(run.histograms_file))
            self._events = stack.enter_context(Journal(run.events_file))
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def report(self, report: Report) -> Record:
        """Adds a step; returns its line of metrics."""
        metrics = metrics_of(report)
        self._metrics.append(metrics)
        histograms = histograms_of(report)
        if histograms:
            self._histograms.append(histograms)
        return metrics

    def sample(self, step: int, text: str) -> None:
        """Adds what the model writes after a step."""
        self._samples.append({"step": step, "text": text})

    def event(self, step: int, who: str, what: str, **details: Any) -> None:
        """Adds who did what after which step. Events are history: they are never cut."""
        self._events.append({"step": step, "time": time.time(), "who": who, "what": what} | details)

    def checkpoint(self, step: int, weights: Arrays) -> None:
        """Keeps the weights of a step."""
        write_arrays(self._run.checkpoint_file(step), weights, {"step": str(step)})

    def best(self, step: int, weights: Arrays) -> None:
        """Keeps the best weights, and lets go of those that were best before."""
        path = self._run.best_file(step)
        write_arrays(path, weights, {"step": str(step)})
        for former in self._run.checkpoints_folder.glob("best-*.safetensors"):
            if former != path:
                former.unlink(missing_ok=True)

    def state(self, state: SavedState) -> None:
        """Replaces the state from which a killed run goes on.

        Whatever the state rests on reaches the disk before it does.
        """
        for journal in (self._metrics, self._samples, self._histograms, self._events):
            journal.sync()
        write_arrays(self._run.resume_file, state.arrays, {"values": json.dumps(state.values)})


def read_state(run: Run) -> SavedState | None:
    """The state from which the run goes on; None if it was never saved. Raises RunError."""
    if not run.resume_file.exists():
        return None
    arrays, metadata = read_arrays(run.resume_file)
    return SavedState(arrays, _values(metadata))


def read_state_values(run: Run) -> dict[str, Any] | None:
    """The same without its arrays. Raises RunError."""
    return _values(read_metadata(run.resume_file)) if run.resume_file.exists() else None


def cut_back(run: Run, step: int) -> None:
    """Removes everything recorded past a step, and what a killed process left half written.

    The weights that a run started from are no record, and stay.
    """
    for journal in (run.metrics_file, run.samples_file, run.histograms_file):
        cut_after(journal, step)
    for path in run.checkpoints_folder.glob("*.safetensors"):
        name = CHECKPOINT_NAME.fullmatch(path.name)
        if name and int(name[2]) > max(step, 0):
            path.unlink(missing_ok=True)
    for folder in (run.path, run.checkpoints_folder):
        for beside in folder.glob(".*.*"):
            # The configuration may be being written, by whoever renames the run.
            if beside != run.lock_file and not beside.name.startswith(".config"):
                beside.unlink(missing_ok=True)


def _values(metadata: dict[str, str]) -> dict[str, Any]:
    try:
        values = json.loads(metadata["values"])
        progress = Progress(**values["progress"])
        numbers = (progress.step, values["commands_offset"], values["seconds"])
        if not all(isinstance(number, int | float) and number >= 0 for number in numbers):
            raise TypeError
        return dict(values)
    except (KeyError, TypeError, ValueError, RecursionError):
        raise RunError("resume.safetensors does not hold the state of a training.") from None
