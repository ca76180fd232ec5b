"""One training in progress, the same from outside whatever the model is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig, RunError
from gpt.tensor.distributed import ALONE, Workers
from gpt.tensor.report import Report
from gpt.tensor.training_state import Controls, Progress

if TYPE_CHECKING:
    from gpt.runs.arrays import Arrays

# Samples are drawn with numbers of their own: taking one changes nothing in the training.
SAMPLE_SEED = 1337

# Where the model has learnt documents, so many make a sample.
SAMPLED_DOCUMENTS = 10


@dataclass(frozen=True)
class SavedState:
    """Everything from which training goes on as if it had never been interrupted.

    Attributes:
        arrays: weights, optimiser and generator, by name: ready for safetensors.
        values: progress and steering: ready for JSON.
    """

    arrays: Arrays
    values: dict[str, Any]


class Training(Protocol):
    """A model, its data and its optimiser, between two steps."""

    @property
    def controls(self) -> Controls:
        """What may be changed between two reports."""

    @property
    def progress(self) -> Progress:
        """How far it has come."""

    def reports(self) -> Iterator[Report]:
        """Trains, yielding a report for each step.

        Raises TrainingDiverged when a number is no longer finite, WorkerLost when another process
        of this training has ended.
        """

    def weights(self) -> Arrays:
        """Every matrix by its name."""

    def sample(self) -> str:
        """A text that the model writes now; at the same step always the same."""

    def export_state(self) -> SavedState:
        """Everything that the next step depends on. Raises TrainingDiverged if it is broken."""

    def import_state(self, state: SavedState) -> None:
        """Goes on from where the state was taken. Raises ValueError if it is not for this model."""


def open_training(
    config: RunConfig, corpus: Corpus, origin: Arrays | None, workers: Workers = ALONE
) -> Training:
    """The training that a configuration describes, before its first step.

    `origin` are the weights that it starts from; None draws them. Imports torch where it is needed.

    Raises RunError if several workers are to train what only one process can.
    """
    if config.kind == "scalar":
        if not workers.is_alone:
            raise RunError("A GPT made of plain numbers trains in one process: leave out torchrun.")
        from gpt.runs.scalar_training import ScalarTraining

        return ScalarTraining(config, corpus, origin)
    from gpt.runs.tensor_training import TensorTraining

    return TensorTraining(config, corpus, origin, workers)
