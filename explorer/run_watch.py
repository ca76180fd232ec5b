"""Looking at runs while they train: how often, and what is known of them by now."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.background import outcome
from explorer.charts.training import (
    UNITS,
    Curve,
    View,
    in_unit,
)
from explorer.charts.training_words import newest_loss
from explorer.measures import ask_text, characters_per_token
from explorer.reruns import run_whole_page, was_cut_short
from explorer.run_records import NOTHING, RunRecords
from gpt.runs.library import Listing, Summary
from gpt.runs.text_measure import Baseline, TextMeasure

TICK = 0.8  # seconds between two looks at a run that trains
RESTING_TICK = 2.0  # at runs that only rest
ANSWER_SECONDS = 5.0  # in which a trainer has surely done what it was told
AXES = ("log step", "log loss")
MOST_RECORDS = 12  # runs whose records a visit keeps at hand: one, ten beside it, and one to spare

state = st.session_state


def tick_for(listing: Listing) -> float | None:
    """How often to look at the runs: not at all when no process is at work on any."""
    states = {summary.status.state for summary in listing.runs}
    was_steered = time.monotonic() - state.get("steered_at", -ANSWER_SECONDS) < ANSWER_SECONDS
    is_counting = any(
        each.run.name == state.get("run") and outcome(ask_text(each.config, each.run)).is_awaited
        for each in listing.runs
    )
    if states & {"running", "queued"} or was_steered or is_counting:
        return TICK
    return RESTING_TICK if "paused" in states else None


def records_of(summary: Summary) -> RunRecords:
    """What the run has written up to now; this session goes on reading where it left off."""
    kept: dict[Path, RunRecords] = state.setdefault("records", {})
    records = kept.pop(summary.run.path, None) or RunRecords(summary.run)
    kept[summary.run.path] = records
    while len(kept) > MOST_RECORDS:
        del kept[next(iter(kept))]
    with suppress(OSError):  # what cannot be read now may be the next time
        records.read()
    return records


def curve_of(summary: Summary, title: str) -> Curve:
    records = records_of(summary)
    characters: float | None = characters_per_token(summary.config, summary.run).value
    # How many characters there are to a token has yet to be counted, or cannot be.
    is_unknown = characters is None and view_now().unit == "bits per character"
    train, validation = (
        NOTHING if is_unknown else records.series(f"{part}_loss")
        for part in ("train", "validation")
    )
    return Curve(
        title,
        *train,
        *validation,
        summary.config.training.steps,
        characters or 1.0,
    )


def measured(summary: Summary) -> TextMeasure | None:
    """What is known of the run's text; None while it is being counted, or where it is missing."""
    text: TextMeasure | None = outcome(ask_text(summary.config, summary.run)).value
    return text


def bits_per_character(summary: Summary) -> float | None:
    """The newest loss in a unit that compares across tokenizers."""
    characters = characters_per_token(summary.config, summary.run).value
    loss = newest_loss(summary.status)
    if characters is None or loss is None:
        return None
    return float(in_unit(np.array([loss]), "bits per character", characters)[0])


def baselines_in(text: TextMeasure | None) -> list[Baseline]:
    """The losses to beat or to reach, from the plainest."""
    return [*text.baselines] if text else []


def view_now(moment: int | None = None) -> View:
    # A page that was cut short as it was first built leaves its controls without a value.
    unit, axes = state.get("unit") or UNITS[0], state.get("axes") or ()
    return View(unit, AXES[0] in axes, AXES[1] in axes, moment)


def find(name: str, tick: float | None, listing: Listing) -> Summary | None:
    """The run that is looked at, for a fragment that looks every `tick` seconds."""
    summary = next((each for each in listing.runs if each.run.name == name), None)
    if summary is None or tick_for(listing) != tick or was_cut_short():
        run_whole_page()
    return summary
