"""One run: a folder, and what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.text import read_text
from gpt.files import write_whole
from gpt.runs.config import RunConfig, RunError, checked_title
from gpt.runs.status import Status, read_status, write_status

CHECKPOINT_NAME = re.compile(r"(step|best)-(\d{6,12})\.safetensors")

Which = int | Literal["best", "last"]
"""A checkpoint: the one of a step, that with the lowest validation loss, or the newest."""


def parse_which(text: str) -> Which:
    """A checkpoint by what a person calls it. Raises RunError for anything else."""
    if text in ("best", "last"):
        return "best" if text == "best" else "last"
    if not text.isdecimal():
        raise RunError(f"A checkpoint is a step, best or last, not {text!r}.")
    return int(text)


class Checkpoint(NamedTuple):
    """Weights of one moment.

    Attributes:
        step: how many updates the model had had.
        path: the safetensors file.
        is_best: whether its validation loss is the lowest of the run so far.
    """

    step: int
    path: Path
    is_best: bool


@dataclass(frozen=True)
class Run:
    """A run's folder. Every method reads the disk anew; only `write_...` and `rename` write."""

    path: Path

    @property
    def name(self) -> str:
        """What the folder, and so the run, is called by commands."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def corpus_file(self) -> Path:
        return self.path / "corpus.txt"

    @property
    def status_file(self) -> Path:
        return self.path / "status.json"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def samples_file(self) -> Path:
        return self.path / "samples.jsonl"

    @property
    def histograms_file(self) -> Path:
        return self.path / "histograms.jsonl"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def commands_file(self) -> Path:
        return self.path / "commands.jsonl"

    @property
    def checkpoints_folder(self) -> Path:
        return self.path / "checkpoints"

    @property
    def resume_file(self) -> Path:
        return self.path / "resume.safetensors"

    @property
    def log_file(self) -> Path:
        return self.path / "trainer.log"

    @property
    def lock_file(self) -> Path:
        return self.path / ".trainer.lock"

    def config(self) -> RunConfig:
        """Everything needed to do the run again. Raises RunError if it cannot be read."""
        try:
            return RunConfig.from_json(self.config_file.read_bytes())
        except OSError as error:
            raise RunError(
                f"{self.config_file} cannot be read: {error.strerror or error}."
            ) from None

    def rename(self, title: str) -> None:
        """Gives the run another title; the folder keeps its name, for a trainer may be at work.

        Raises RunError for what cannot be a title, or if the folder cannot be written.
        """
        values = self.config()
        renamed = RunConfig(**{**vars(values), "title": checked_title(title)})
        try:
            write_whole(self.config_file, renamed.to_json(), is_durable=True)
        except OSError as error:
            raise RunError(f"{self.name} cannot be renamed: {error.strerror or error}.") from None

    def status(self) -> Status:
        """What the run is doing now. Raises RunError if that cannot be read."""
        try:
            return read_status(self.status_file).seen_now()
        except OSError as error:
            raise RunError(
                f"{self.status_file} cannot be read: {error.strerror or error}."
            ) from None
        except ValueError as error:
            raise RunError(f"{self.status_file} is wrong: {error}") from None

    def write_status(self, status: Status) -> None:
        """Replaces the status. Raises OSError."""
        write_status(self.status_file, status)

    def corpus(self) -> Corpus:
        """The text that the run learns from.

        Raises RunError if it is another than it was, and CorpusError if it is not to be had.
        """
        config = self.config()
        if config.is_from_outside:
            raise RunError(
                f"{config.title} comes from outside, without the text that it has learnt from."
            )
        reference = config.corpus
        if reference.is_own:
            try:
                contents = self.corpus_file.read_bytes()
            except OSError as error:
                raise RunError(
                    f"{self.corpus_file} cannot be read: {error.strerror or error}."
                ) from None
            text = read_text(contents, reference.name, at_least=1)
            corpus = Corpus(reference.name, text, reference.kind)
        else:
            corpus = load_corpus(reference.name)
        if corpus.sha256 != reference.sha256:
            raise RunError(
                f"The text of {reference.name} is not the one that {self.name} learns from: "
                "its SHA-256 is another."
            )
        return corpus

    def checkpoints(self) -> list[Checkpoint]:
        """All that are there, earliest first, one a step."""
        steps: dict[int, Path] = {}
        best: dict[int, Path] = {}
        for path in self.checkpoints_folder.glob("*.safetensors"):
            name = CHECKPOINT_NAME.fullmatch(path.name)
            if name:
                (best if name[1] == "best" else steps)[int(name[2])] = path
        best_step = max(best, default=None)
        paths = best | steps
        return [Checkpoint(step, paths[step], step == best_step) for step in sorted(paths)]

    def checkpoint(self, which: Which = "last") -> Checkpoint:
        """One of them. Raises RunError if there is none such."""
        checkpoints = self.checkpoints()
        if not checkpoints:
            raise RunError(f"{self.name} has no checkpoint yet.")
        if which == "last":
            return checkpoints[-1]
        for checkpoint in checkpoints:
            if checkpoint.is_best if which == "best" else checkpoint.step == which:
                return checkpoint
        if which == "best":
            raise RunError(f"{self.name} has no best checkpoint, for it measures no validation.")
        steps = ", ".join(str(checkpoint.step) for checkpoint in checkpoints)
        raise RunError(f"{self.name} has no checkpoint of step {which}; it has {steps}.")

    def checkpoint_file(self, step: int) -> Path:
        """Where the weights of a step belong."""
        return self.checkpoints_folder / f"step-{step:06}.safetensors"

    def best_file(self, step: int) -> Path:
        """Where the weights belong that were best at a step."""
        return self.checkpoints_folder / f"best-{step:06}.safetensors"


def checkpoint_steps(steps: int, count: int) -> set[int]:
    """After which steps to keep the weights: `count` of them from 0 to the last, dense early.

    Quadratic spacing: most changes come early, yet heads form and settle halfway through.
    """
    return {round(steps * (i / (count - 1)) ** 2) for i in range(count)}
