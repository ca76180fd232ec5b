"""The tour's own run: what has been done with it, read from its folder.

A step of the tour is done when its work is there: a text, a finished training. So it can be left
at any time and taken up again, by whoever opens Home next.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from gpt.corpus.catalogue import load_corpus
from gpt.runs.arrays import write_arrays
from gpt.runs.config import RunConfig
from gpt.runs.journal import Journal, Record, Tail
from gpt.runs.library import Summary, create_run, list_runs, unwritable
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.status import Status
from gpt.runs.training import SAMPLE_SEED

PRESET = PRESETS["first-names"]
TITLE = "My first names"
JOURNAL_NAME = "tour.jsonl"


@dataclass(frozen=True)
class Tour:
    """How far the tour has come.

    Attributes:
        summary: its run; None before there is one.
        before: what the model wrote before any training, a name a line; None if not asked yet.
        after: what it wrote when it had learnt.
        has_looked: whether one of its heads was opened.
    """

    summary: Summary | None = None
    before: str | None = None
    after: str | None = None
    has_looked: bool = False

    @property
    def is_learning(self) -> bool:
        """Whether a process is at work on the run, or about to be."""
        return self.summary is not None and self.summary.status.is_active

    @property
    def has_learnt(self) -> bool:
        return self.summary is not None and self.summary.status.state == "finished"

    @property
    def done(self) -> tuple[bool, bool, bool, bool]:
        """Which of the four steps are: write, train, write again, look inside."""
        return self.before is not None, self.has_learnt, self.after is not None, self.has_looked

    @property
    def next_step(self) -> int:
        """The first that is not done, counted from 0; 4 where all are."""
        return (*self.done, False).index(False)


def find_tour() -> Tour:
    """The newest run of the tour's preset, and what was done with it.

    Raises RunError if the folder of runs cannot be read.
    """
    summary = next((each for each in list_runs().runs if each.config.preset == PRESET.name), None)
    if summary is None:
        return Tour()
    records = Tail(summary.run.path / JOURNAL_NAME).read().records
    texts = {each["step"]: str(each["text"]) for each in records if "text" in each}
    return Tour(
        summary,
        texts.get(0),
        texts.get(summary.config.training.steps),
        any("head" in each for each in records),
    )


def plan(seed: int | None = None) -> RunConfig:
    """The run that a tour begins with. Raises CorpusError where the names are missing."""
    changes = {} if seed is None else {"seed": seed}
    return configure(PRESET, load_corpus(PRESET.corpus), changes, title=TITLE)


def begin(seed: int | None = None) -> Run:
    """A new run that waits for its visitor, with the weights from which its training will begin.

    Imports torch. Raises RunError if the folder cannot be written, CorpusError where the names are
    missing.
    """
    import torch

    from gpt.runs.tensor_training import tensor_configs
    from gpt.tensor.models import build_model
    from gpt.tensor.weights import export_weights

    config = plan(seed)
    model_config, training = tensor_configs(config)
    model = build_model(model_config, torch.Generator().manual_seed(training.seed))
    weights = {name: weight.numpy() for name, weight in export_weights(model).items()}
    run = create_run(config, load_corpus(PRESET.corpus))
    try:
        write_arrays(run.checkpoint_file(0), weights, {"step": "0"})
        # Nobody is on the way to train it: without this it would be taken for one that waits.
        run.write_status(Status("stopped", time.time(), training.steps))
    except OSError as error:
        raise unwritable(run.path, error) from None
    return run


def let_write(run: Run, step: int) -> None:
    """Keeps what the model writes as it was after a step, drawn by the same numbers at every step.

    Imports torch. Raises RunError if there are no such weights, or the folder cannot be written.
    """
    import torch

    from gpt.runs.tensor_samples import write_sample
    from gpt.runs.tensor_training import load_model

    config = run.config()
    drawn = torch.Generator().manual_seed(SAMPLE_SEED)
    text = write_sample(load_model(run, step), config.tokenizer, config.recording, drawn)
    _note(run, {"step": step, "text": text})


def note_head(run: Run, head: int) -> None:
    """Keeps that a head was opened. Raises RunError if the folder cannot be written."""
    _note(run, {"head": head})


def _note(run: Run, record: Record) -> None:
    try:
        with Journal(run.path / JOURNAL_NAME) as journal:
            journal.append(record)
    except OSError as error:
        raise unwritable(run.path, error) from None
