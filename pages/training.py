"""Training: a GPT learns before the reader's eyes, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from explorer.background import Background
from explorer.charts.training import (
    UNITS,
    Baseline,
    Curve,
    Mark,
    Trail,
    View,
    loss_figure,
    trail_figure,
)
from explorer.charts.training_words import (
    describe_event,
    film,
    reading,
    sample_card,
)
from explorer.components.plot import PlotEvent, plot
from explorer.controls import choose_corpus, choose_preset, provide_corpus, show_mistake
from explorer.run_records import RunRecords, at_step
from explorer.source_code import show_code
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig, RunError
from gpt.runs.control import pause_run, set_learning_rate, stop_run
from gpt.runs.launch import resume_run, start_run
from gpt.runs.library import Listing, Summary, create_run, list_runs
from gpt.runs.presets import PRESETS, configure

WHO = "page"
TICK = 0.8  # seconds between two looks at a run that trains
RESTING_TICK = 2.0  # at runs that only rest

state = st.session_state


def train(config: RunConfig, corpus: Corpus) -> None:
    """Make the run's folder, start its process, and look at it."""
    try:
        run = create_run(config, corpus)
        start_run(run)
    except RunError as error:
        state.mistake = str(error)
    else:
        state.run = run.name
        state.moment = None


def tick_for(listing: Listing) -> float | None:
    """How often to look at the runs: not at all when no process is at work on any."""
    states = {summary.status.state for summary in listing.runs}
    if states & {"running", "queued"}:
        return TICK
    return RESTING_TICK if "paused" in states else None


def records_of(summary: Summary) -> RunRecords:
    """What the run has written up to now; this session goes on reading where it left off."""
    kept = state.setdefault("records", {})
    records = kept.setdefault(summary.run.name, RunRecords(summary.run))
    with suppress(OSError):  # what cannot be read now may be the next time
        records.read()
    return records


def curve_of(summary: Summary, records: RunRecords) -> Curve:
    train_loss, validation = records.series("train_loss"), records.series("validation_loss")
    return Curve(
        summary.config.title,
        train_loss.steps,
        train_loss.values,
        validation.steps,
        validation.values,
        summary.config.training.steps,
    )


def watch(name: str, tick: float | None) -> None:
    """The part of the page that is alive."""
    listing = list_runs()
    summary = next((each for each in listing.runs if each.run.name == name), None)
    if summary is None or tick_for(listing) != tick:
        st.rerun()
    records = records_of(summary)
    curve = curve_of(summary, records)
    picture, beside = st.columns([8, 4], gap="large")
    with picture:
        plot(
            loss_figure(curve, view=View()),
            key="loss",
            height=480,
            alt=f"Training and validation loss of {summary.config.title}",
        )
    with beside:
        st.html(reading(summary.config.title, summary.status, best_loss_in_characters=None))
        if records.samples:
            st.html(
                sample_card(
                    records.samples[-1],
                    is_document=summary.config.corpus.kind == "documents",
                    heading="It writes",
                )
            )


st.html(f"<style>{(Path(__file__).parent.parent / 'explorer/training.css').read_text()}</style>")
st.title("How does a GPT learn?")
text, model, start = st.columns([4, 5, 2], vertical_alignment="bottom", gap="medium")
with text:
    corpus_name = choose_corpus()
with model:
    preset_name = choose_preset()
corpus = provide_corpus(corpus_name)
config = None
if corpus is not None:
    try:
        config = configure(PRESETS[preset_name], corpus)
    except ValueError as error:
        show_mistake(str(error))
with start:
    st.button(
        "Train",
        type="primary",
        width="stretch",
        disabled=config is None,
        on_click=train,
        args=(config, corpus),
    )
listing = list_runs()
if listing.runs:
    names = [summary.run.name for summary in listing.runs]
    if state.get("run") not in names:
        state.run = names[0]
    tick = tick_for(listing)
    st.fragment(watch, run_every=tick)(state.run, tick)
show_code(train)
