"""The runs that belong to the rungs of the ladder: finding them, and training a rung."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

import streamlit as st

from explorer.controls import show_mistake
from explorer.reruns import run_whole_page, was_cut_short
from explorer.run_steering import begin
from explorer.run_watch import TICK
from gpt.corpus.corpus import Corpus
from gpt.runs.library import Summary, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.tensor.config import RUNG_NAMES, RungName

START_SECONDS = 2.0  # after a run was asked for, it is sure to be in the list

state = st.session_state


def runs_of_rungs(corpus: Corpus) -> dict[RungName, Summary]:
    """By rung, the newest run of its preset on this text; of those that never began, none."""
    begun = [
        each
        for each in list_runs().runs
        if each.config.corpus.sha256 == corpus.sha256
        and (each.status.is_active or each.status.step > 0)
    ]
    newest: dict[RungName, Summary] = {}
    for rung in RUNG_NAMES:
        found = next((each for each in begun if each.config.preset == rung), None)
        if found:
            newest[rung] = found
    return newest


def train_rungs(rungs: Iterable[RungName], corpus: Corpus, share: float = 1.0) -> None:
    """Start a run for each, the others waiting for the first; `share` of the lecture's steps."""
    for rung in rungs:
        training = PRESETS[rung].training
        steps = max(10, round(share * training.steps))
        changes = {
            "steps": steps,
            "evaluation_interval": max(1, round(share * training.evaluation_interval)),
        }
        begin(configure(PRESETS[rung], corpus, changes), corpus)
    state.rungs_asked_at = time.monotonic()


def tick_of(runs: Iterable[Summary]) -> float | None:
    """How often to look at these runs: not at all when none is at work."""
    was_asked = time.monotonic() - state.get("rungs_asked_at", -START_SECONDS) < START_SECONDS
    return TICK if was_asked or any(each.status.is_active for each in runs) else None


def follow(runs: Iterable[Summary], tick: float | None) -> None:
    """From a fragment that looks every `tick` seconds: see to it that it goes on looking, or not.

    Where only the whole page can set the clock, it runs again.
    """
    if tick_of(runs) != tick or was_cut_short():
        run_whole_page()


def show_start_mistake() -> None:
    """Why the last run could not be started, if so."""
    if mistake := state.pop("mistake", None):
        show_mistake(mistake)


def standing(summary: Summary | None) -> str:
    """In a few words where a run is, as HTML."""
    if summary is None:
        return '<span class="gpt-muted">not trained yet</span>'
    status = summary.status
    if status.state == "running":
        return f"learning, step <b>{status.step:,}</b> of {status.steps:,}"
    if status.state == "queued":
        ahead = next((each for each in list_runs().runs if each.status.state == "running"), None)
        whom = f", while <b>{escape(ahead.config.title)}</b> learns" if ahead else ""
        return f"waiting for its turn{whom}"
    loss = status.best_validation_loss
    best = (
        ""
        if loss is None
        else f", best validation loss <b>{loss:.4f}</b> at step {status.best_step:,}"
    )
    return f"{escape(status.state)} after <b>{status.step:,}</b> steps{best}"


def show_standing(summary: Summary | None, rung: RungName, corpus: Corpus) -> None:
    """Where the run of a rung is, and the button that trains it."""
    st.html(f'<p class="gpt-caption">{PRESETS[rung].title}: {standing(summary)}</p>')
    is_active = summary is not None and summary.status.is_active
    st.button(
        "Train it" if summary is None else "Train it anew",
        key=f"train {rung}",
        type="primary" if summary is None else "secondary",
        icon=":material/play_arrow:",
        disabled=is_active,
        on_click=train_rungs,
        args=([rung], corpus),
    )
