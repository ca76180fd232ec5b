"""Beginning a run, and telling its trainer what to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.charts.training_words import (
    distinct_titles,
)
from explorer.run_watch import records_of
from gpt.corpus.corpus import Corpus
from gpt.runs.config import Origin, RunConfig, RunError, current_versions, now
from gpt.runs.control import pause_run, set_learning_rate, stop_run
from gpt.runs.data import check_length
from gpt.runs.launch import resume_run, start_run
from gpt.runs.library import Listing, Summary, create_run
from gpt.runs.run import Run
from gpt.tensor.divergence import gentler

WHO = "page"

state = st.session_state


def begin(config: RunConfig, corpus: Corpus, origin: Path | None = None) -> None:
    """Make the run's folder, start its process, and look at it."""
    state.mistake = None
    try:
        run = create_run(config, corpus, origin=origin)
        start_run(run)
    except RunError as error:
        state.mistake = str(error)
    else:
        state.run, state.absent_run = run.name, None


def steer(command: Callable[..., None], *arguments: Any) -> None:
    """Tell a trainer something; what speaks against it is said beside the buttons."""
    try:
        command(*arguments, WHO)
        state.steered_at = time.monotonic()
        state.steering_mistake = None
    except RunError as error:
        state.steering_mistake = str(error)


def forget_mistakes() -> None:
    """Another run is looked at: what was said of the last one does not concern it."""
    state.steering_mistake = state.library_mistake = state.absent_run = None


def try_gently(summary: Summary) -> None:
    """The same run again, with a learning rate at which it is more likely to learn."""
    training = summary.config.training
    rate = gentler(training.learning_rate)
    changes: dict[str, Any] = {"learning_rate": rate}
    if hasattr(training, "minimum_learning_rate"):
        changes["minimum_learning_rate"] = min(training.minimum_learning_rate, rate / 10)
    title = f"{summary.config.title[:60]}, at {rate:.2g}"
    try:
        corpus = summary.run.corpus()
    except ValueError as error:
        state.steering_mistake = str(error)
        return
    begin(
        replace(summary.config, title=title, created=now(), training=replace(training, **changes)),
        corpus,
        summary.run.checkpoint_file(0) if summary.config.origin else None,
    )


def train_on(summary: Summary) -> None:
    """Another run from the last weights of this one, with the same settings."""
    run, config = summary.run, summary.config
    try:
        last = run.checkpoint()
        corpus = run.corpus()
    except ValueError as error:
        state.steering_mistake = str(error)
        return
    further = replace(
        config,
        title=f"{config.title[:70]}, further",
        origin=Origin(run.name, last.step),
        created=now(),
        versions=current_versions(config.kind),
    )
    begin(further, corpus, last.path)


def show_steering(summary: Summary, listing: Listing) -> None:
    run, status = summary.run, summary.status
    with st.container(horizontal=True):
        if status.state in ("running", "queued"):
            st.button("Pause", icon=":material/pause:", on_click=steer, args=(pause_run, run))
        elif status.state != "finished" and may_go_on(summary):
            st.button(
                "Resume", icon=":material/play_arrow:", on_click=steer, args=(resume_run, run)
            )
        if status.is_active:
            st.button("Stop", icon=":material/stop:", on_click=steer, args=(stop_run, run))
        if status.has_diverged:
            gentle_rate = gentler(summary.config.training.learning_rate)
            st.button(
                f"Try at a learning rate of {gentle_rate:.2g}", on_click=try_gently, args=(summary,)
            )
        if status.state == "finished":
            st.button(
                "Train on, as a new run",
                icon=":material/play_arrow:",
                on_click=train_on,
                args=(summary,),
                help=f"Another {status.steps:,} steps from these weights. The learning rate begins"
                " its schedule anew, for this one has come to its end, and the optimiser its"
                " memory.",
            )
    if status.state != "finished" and may_go_on(summary):
        show_rate(summary)
    # What went wrong stays until something is done about it: a live page is drawn every second.
    for message in (status.message, state.get("steering_mistake")):
        if message:
            st.html(f'<p class="gpt-message">{escape(message)}</p>')
    queue = [each.run.name for each in reversed(listing.runs) if each.status.state == "queued"]
    if queue:
        titles = distinct_titles(listing.runs)
        names = ", ".join(titles[each] for each in queue)
        st.html(f'<p class="gpt-caption">One trains at a time. Waiting: <b>{escape(names)}</b></p>')


def may_go_on(summary: Summary) -> bool:
    """Whether there is any use in resuming the run as it is."""
    if summary.status.state != "failed":
        return True
    try:
        corpus = summary.run.corpus()
    except ValueError:
        return True  # as soon as its text is back
    try:
        check_length(summary.config, corpus)
    except RunError:
        return False
    return True


def show_rate(summary: Summary) -> None:
    """The learning rate as it is now, and another that is typed over it."""
    key = f"rate {summary.run.name}"
    rate_now = records_of(summary).last("learning_rate")
    if rate_now is None:
        rate_now = summary.config.training.learning_rate
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        # Not as its value: one that moved would empty what is being typed.
        st.text_input("Learning rate", placeholder=f"{rate_now:.3g}", key=key, width=124)
        st.button("Set", on_click=set_rate, args=(summary.run, key))
        st.button(
            "Schedule",
            on_click=follow_schedule,
            args=(summary.run, key),
            help="Back to the learning rate that was planned for each step.",
        )


def follow_schedule(run: Run, key: str) -> None:
    """No rate of one's own any more."""
    state[key] = ""
    steer(set_learning_rate, run, None)


def set_rate(run: Run, key: str) -> None:
    """The learning rate that was typed, from the next step on."""
    try:
        rate = float(state[key])
    except ValueError:
        state.steering_mistake = f"A learning rate is a number such as 0.001, not {state[key]!r}."
    else:
        steer(set_learning_rate, run, rate)
