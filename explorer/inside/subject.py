"""What the Inside page looks at: a run, its checkpoints, and a text for it to read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from explorer.background import Background, Outcome, outcome
from explorer.controls import show_mistake
from explorer.inside.film import make_film
from explorer.inside.flow import list_edges
from explorer.inside.reading import streams_of
from explorer.models import model_at
from explorer.run_choice import choose_run, readable_text, suit_text
from explorer.run_watch import records_of
from gpt.lens.opening import OpenedModel
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.runs.run import Run

state = st.session_state
_background = Background()


@dataclass(frozen=True)
class Subject:
    """A run and a text that it reads.

    Attributes:
        summary: the run.
        text: that is read.
        newest: its model as it is by now.
        steps: of its checkpoints.
        ids, texts: of the tokens that are read.
        loss_steps, losses: the validation loss over the run.
    """

    summary: Summary
    text: str
    newest: OpenedModel
    steps: tuple[int, ...]
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    loss_steps: list[int]
    losses: list[float]

    @property
    def run(self) -> Run:
        return self.summary.run

    @property
    def n_depths(self) -> int:
        return len(streams_of(self.newest.model.config, len(self.ids)))

    @property
    def film_name(self) -> str:
        """One name for everything that a film depends on."""
        return _digest(str(self.run.path), self.steps, self.ids)

    def flow_name(self, step: int) -> str:
        """One name for everything that the ways at a checkpoint depend on."""
        return _digest(str(self.run.path), step, self.ids)


def _digest(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def ask_film(subject: Subject) -> Outcome:
    """The text as every checkpoint reads it, made behind the first picture."""
    if len(subject.steps) < 2:
        return Outcome(None, "a single checkpoint makes no film")
    name, run, steps, ids = subject.film_name, subject.run, subject.steps, subject.ids
    return outcome(_background.ask(name, lambda: make_film(run, steps, ids), only_newest_of="film"))


def ask_edges(subject: Subject, step: int) -> Outcome:
    """The ways through the model at a checkpoint, measured behind the first picture."""
    name, run, ids = subject.flow_name(step), subject.run, subject.ids
    return outcome(_background.ask(name, lambda: list_edges(run, step, ids), only_newest_of="flow"))


def choose_subject(runs: Mapping[str, Summary]) -> Subject | None:
    """Run and text, chosen; None, and a sentence, where there is nothing to look at."""
    pick, entry = st.columns([4, 8], gap="medium")
    with pick:
        summary = choose_run(runs, "inside run")
    steps = tuple(each.step for each in summary.run.checkpoints())
    try:
        opened = model_at(summary.run, steps[-1])
    except RunError as error:
        show_mistake(str(error))
        return None
    suit_text("inside text", summary, opened)
    with entry:
        text = st.text_area(
            "Text to read",
            key="inside text",
            persist_state="session",
            height=68,
            placeholder="A few words for the model to read.",
        )
    text = readable_text("inside text", summary, opened, text)
    prompt = opened.encode(text)
    if prompt.n_cropped:
        length = opened.model.config.block_size
        st.html(
            f'<p class="gpt-caption">The model reads {length} tokens at a time, so the first'
            f" {prompt.n_cropped:,} are left out.</p>"
        )
    losses = records_of(summary).series("validation_loss")
    return Subject(
        summary,
        text,
        opened,
        steps,
        tuple(prompt.tokens),
        tuple(opened.tokenizer.decode([each]) for each in prompt.tokens),
        losses.steps.tolist(),
        losses.values.tolist(),
    )
