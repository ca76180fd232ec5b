"""What the page about one weight looks at: a run, a moment of its training, and a weight."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from explorer.controls import provide_corpus, show_mistake
from explorer.downloads import name_file
from explorer.models import model_at
from explorer.run_choice import choose_run, has_weights, openable_runs
from gpt.lens.loss_along_weight import LossAlongWeight, LossAlongWeights
from gpt.lens.next_step import NextStep, prepare_step, step_of_memory
from gpt.lens.opening import OpenedModel
from gpt.lens.weight_step import MatrixStep, WeightId, take_step
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.runs.run import Run
from gpt.tensor.divergence import TrainingDiverged
from gpt.tensor.microgpt import tensor_names

STEPS_KEPT = 4
MATRICES_KEPT = 8

Numbers = npt.NDArray[np.floating]
What = Literal["weight", "gradient", "update"]
WHAT: What = "weight"  # is shown of a matrix at first

state = st.session_state


@dataclass(frozen=True)
class Matrix:
    """One matrix in one training step.

    Attributes:
        summary: the run.
        checkpoint: after which step the weights are as they are.
        opened: the model at it.
        next_step: what the step takes.
        taken: what the step did to the matrix.
    """

    summary: Summary
    checkpoint: int
    opened: OpenedModel
    next_step: NextStep
    taken: MatrixStep

    @property
    def run(self) -> Run:
        return self.summary.run

    @property
    def tensor_name(self) -> str:
        """What the model in tensors calls it."""
        return tensor_name(self.opened, self.taken.name)

    def filename(self, what: str) -> str:
        """For what is saved of it, without an ending."""
        return name_file(self.run.name, self.checkpoint, what)

    def numbers(self, what: What) -> Numbers:
        """The weights of the matrix before the step, their gradients or their changes."""
        tensors = {
            "weight": self.taken.before,
            "gradient": self.taken.gradient,
            "update": self.taken.update,
        }
        return tensors[what].float().numpy()

    def texts(self) -> list[list[str]]:
        """The tokens that are read, example by example."""
        rows: list[list[int]] = self.next_step.batch[0].tolist()
        tokenizer = self.opened.tokenizer
        known = {token: tokenizer.decode([token]) for row in rows for token in set(row)}
        return [[known[token] for token in row] for row in rows]


@dataclass(frozen=True)
class Subject(Matrix):
    """One weight of it.

    Attributes:
        weight: which one.
    """

    weight: WeightId

    @property
    def place(self) -> tuple[int, int]:
        return self.weight.row, self.weight.column

    @property
    def moment(self) -> tuple[WeightId, int, str]:
        """Which weight, when, and of what run."""
        return self.weight, self.checkpoint, self.run.name

    @property
    def name(self) -> str:
        """The weight's id as people write it."""
        return f"({self.weight.matrix}, {self.weight.row}, {self.weight.column})"

    def filename_here(self, what: str) -> str:
        """For what is about this weight alone."""
        return self.filename("-".join([*map(str, self.weight), what]))

    @property
    def gradient(self) -> float:
        return self.taken.gradient[self.place].item()


def choose_matrix() -> Matrix | None:
    """Run, checkpoint and matrix, chosen; None, and a sentence, where that cannot be."""
    runs = openable_runs(can_take_steps)
    if not runs:
        return None
    pick, moment, matrix = st.columns([4, 3, 4], vertical_alignment="bottom", gap="medium")
    with pick:
        summary = choose_run(runs, "weight run")
    with moment:
        checkpoint = choose_checkpoint(summary)
    compute_as(summary)
    try:
        opened = model_at(summary.run, checkpoint)
        next_step = step_after(summary, checkpoint)
    except ValueError as error:
        show_mistake(str(error))
        return None
    if next_step is None:
        return None
    names = matrix_names(opened)
    if state.get("weight matrix") not in names:
        state["weight matrix"] = names[0]
    with matrix:
        st.selectbox("Matrix", names, key="weight matrix", persist_state="session")
    try:
        step = matrix_step(summary.run, checkpoint, state["weight matrix"], next_step)
    except TrainingDiverged as error:
        show_mistake(str(error))
        return None
    return Matrix(summary, checkpoint, opened, next_step, step)


def compute_as(summary: Summary) -> None:
    """With as many threads as the run has: the same losses to the last bit, and where the machine
    is busy a small model with more threads is many times slower.
    """
    torch.set_num_threads(summary.config.compute.threads)


def can_take_steps(summary: Summary) -> bool:
    """Whether there are weights, and a training that goes on from them."""
    return has_weights(summary) and not summary.config.is_from_outside


def choose_checkpoint(summary: Summary) -> int:
    """After which step; at first the last moment at which a step was yet to be taken."""
    steps = [each.step for each in summary.run.checkpoints()]
    try:
        remembered = step_of_memory(summary.run)
    except RunError:
        remembered = None
    if state.get("weight step") not in steps or state.get("weight step of") != summary.run.name:
        last = summary.config.training.steps
        unfinished = [step for step in steps if step < last] or steps
        if "weight step of" in state or state.get("weight step") not in steps:
            state["weight step"] = remembered if remembered in unfinished else unfinished[-1]
        state["weight step of"] = summary.run.name

    def title(step: int) -> str:
        return f"{step:,}, with memory" if step == remembered else f"{step:,}"

    chosen: int = st.selectbox(
        "As after step",
        steps[::-1],
        format_func=title,
        key="weight step",
        persist_state="session",
        help="Only the newest moment of a run keeps what its optimiser remembers.",
    )
    return chosen


def step_after(summary: Summary, checkpoint: int) -> NextStep | None:
    """What the step takes; None where its text is not here, which is then asked for.

    Raises RunError, CorpusError.
    """
    reference = summary.config.corpus
    if not reference.is_own and provide_corpus(reference.name) is None:
        return None
    has_memory = step_of_memory(summary.run) == checkpoint
    was_taken = (summary.status.step or 0) > checkpoint
    return _prepared(summary.run, checkpoint, has_memory, was_taken)


@lru_cache(STEPS_KEPT)
def _prepared(run: Run, checkpoint: int, has_memory: bool, was_taken: bool) -> NextStep:
    """Made anew when what there is to know of the step has changed."""
    return prepare_step(run, checkpoint, run.corpus())


def matrix_step(run: Run, checkpoint: int, matrix: str, next_step: NextStep) -> MatrixStep:
    """The step, taken; kept for the last few matrices of a visit."""
    kept: dict[object, MatrixStep] = state.setdefault("matrix steps", {})
    key = (str(run.path), checkpoint, matrix, next_step.memory)
    if key not in kept:
        while len(kept) >= MATRICES_KEPT:
            del kept[next(iter(kept))]
        kept[key] = take_step(next_step, matrix)
    return kept[key]


def loss_along(subject: Subject) -> LossAlongWeight:
    """The loss over the chosen weight; what its matrix has in common is kept while it is chosen."""
    step = subject.taken
    kept = state.get("matrix losses")
    if kept is None or kept[0] is not step:
        state.pop("matrix losses", None)  # its models go before others come
        losses = LossAlongWeights(subject.next_step, step.name)
        state["matrix losses"] = kept = (step, losses)
    along: LossAlongWeights = kept[1]
    return along.of(*subject.place)


def matrix_names(opened: OpenedModel) -> list[str]:
    """What the run calls its matrices, in the order of the forward pass."""
    names = [name for name, _ in opened.model.named_parameters()]
    if opened.plain is None:
        return names
    own = {theirs: ours for ours, theirs in tensor_names(opened.plain.config).items()}
    return [own[name] for name in names]


def tensor_name(opened: OpenedModel, name: str) -> str:
    """What the model in tensors calls a matrix of the run."""
    return name if opened.plain is None else tensor_names(opened.plain.config)[name]


def choose_weight(matrix: Matrix) -> Subject:
    """The chosen row and column; in a matrix that is new here, those of the largest gradient.

    A row or column that the matrix does not have leaves the weight where it was.
    """
    step = matrix.taken
    lengths = step.before.shape
    chosen_in, names = (matrix.run.name, step.name), ("weight row", "weight column")
    is_new = state.get("weight place of") != chosen_in
    is_from_link = "weight place of" not in state
    if not all(name in state for name in names) or (is_new and not is_from_link):
        largest = int(torch.argmax(step.gradient.abs()))
        state["weight row"], state["weight column"] = divmod(largest, lengths[1])
    if is_new:
        state["weight place"], state["weight place of"] = (0, 0), chosen_in
    typed, before = [state[name] for name in names], state["weight place"]
    row, column = (
        int(number) if number in range(length) else known
        for number, length, known in zip(typed, lengths, before, strict=True)
    )
    state["weight place"] = (row, column)
    parts = {each.name: getattr(matrix, each.name) for each in fields(matrix)}
    return Subject(**parts, weight=WeightId(step.name, row, column))
