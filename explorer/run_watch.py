"""The live part of the Training page: one run, as far as it has come, and how to steer it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.background import outcome
from explorer.charts.training import (
    UNITS,
    Baseline,
    Curve,
    Mark,
    Trail,
    View,
    in_unit,
    loss_figure,
    trail_figure,
)
from explorer.charts.training_matrices import histogram_figure, ratio_figure
from explorer.charts.training_words import (
    answers_card,
    describe_event,
    distinct_titles,
    film,
    reading,
    sample_card,
)
from explorer.components.plot import PlotEvent, plot
from explorer.measures import TextMeasure, ask_text
from explorer.reruns import run_whole_page, was_cut_short
from explorer.run_records import NOTHING, RunRecords, at_step, runs_now
from gpt.corpus.corpus import Corpus
from gpt.runs.config import Origin, RunConfig, RunError, current_versions, now
from gpt.runs.control import pause_run, set_learning_rate, stop_run
from gpt.runs.launch import resume_run, start_run
from gpt.runs.library import Listing, Summary, create_run
from gpt.runs.run import Run
from gpt.tensor.divergence import gentler

WHO = "page"
TICK = 0.8  # seconds between two looks at a run that trains
RESTING_TICK = 2.0  # at runs that only rest
ANSWER_SECONDS = 5.0  # in which a trainer has surely done what it was told
AXES = ("log step", "log loss")
MOST_RECORDS = 12  # runs whose records a visit keeps at hand: one, ten beside it, and one to spare

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
        state.run = run.name


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
    state.steering_mistake = state.library_mistake = None


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


def look_back(event: PlotEvent) -> None:
    state[f"moment {state.run}"] = int(event.x)


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
    text = measured(summary)
    # How many characters there are to a token has yet to be counted, or cannot be.
    is_unknown = text is None and view_now().unit == "bits per character"
    train, validation = (
        NOTHING if is_unknown else records.series(f"{part}_loss")
        for part in ("train", "validation")
    )
    return Curve(
        title,
        *train,
        *validation,
        summary.config.training.steps,
        text.characters_per_token if text else 1.0,
    )


def measured(summary: Summary) -> TextMeasure | None:
    """What is known of the run's text; None while it is being counted, or where it is missing."""
    text: TextMeasure | None = outcome(ask_text(summary.config, summary.run)).value
    return text


def bits_per_character(summary: Summary) -> float | None:
    """The newest loss in a unit that compares across tokenizers."""
    text, status = measured(summary), summary.status
    loss = status.train_loss if status.validation_loss is None else status.validation_loss
    if text is None or loss is None:
        return None
    return float(in_unit(np.array([loss]), "bits per character", text.characters_per_token)[0])


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


def watch(name: str, tick: float | None) -> None:
    """The losses as they fall, where the run stands, and how to steer it."""
    listing = runs_now()
    summary = find(name, tick, listing)
    if summary is None:
        return
    titles = distinct_titles(listing.runs)
    records, curve = records_of(summary), curve_of(summary, titles[name])
    picture, beside = st.columns([8, 4], gap="large")
    with picture:
        figure_place = st.container()
        steps = summary.config.training.steps
        chosen = st.slider(
            "Look back at step (or click the curve); at the right end, the newest",
            0,
            steps,
            steps,
            key=f"moment {name}",
        )
    moment = moment_of(summary)
    with figure_place:
        show_losses(summary, curve, listing, records, moment)
    with beside:
        measured_at = records.series("validation_loss").steps
        last = int(measured_at[-1]) if len(measured_at) else None
        st.html(reading(titles[name], summary.status, bits_per_character(summary), last))
        show_steering(summary, listing)
    if chosen != state.get("moment_told", chosen):
        state.moment_told = chosen
        run_whole_page()  # the figures further down look back as well
    state.moment_told = chosen


def watch_closely(name: str, tick: float | None) -> None:
    """What changes less often: what it writes, the optimiser's pace and the matrices."""
    summary = find(name, tick, runs_now())
    if summary is None:
        return
    records, moment = records_of(summary), moment_of(summary)
    show_samples(summary, records, moment)
    show_trails(summary, records, moment)
    show_matrices(summary, records, moment)


def moment_of(summary: Summary) -> int | None:
    """The step that is looked back at; None while the newest is looked at."""
    chosen = state.get(f"moment {summary.run.name}")
    return None if chosen is None or chosen >= summary.status.step else int(chosen)


def show_losses(
    summary: Summary,
    curve: Curve,
    listing: Listing,
    records: RunRecords,
    moment: int | None,
) -> None:
    summaries = {each.run.name: each for each in listing.runs}
    titles = distinct_titles(listing.runs)
    overlays = [
        curve_of(summaries[each], titles[each]) for each in state.overlays if each in summaries
    ]
    marks = [Mark(event["step"], describe_event(event)) for event in records.events]
    status = summary.status
    now_at = "" if status.train_loss is None else f", the last batch at {status.train_loss:.3f}"
    plot(
        loss_figure(
            curve,
            baselines_in(measured(summary)),
            view=view_now(moment),
            overlays=overlays,
            marks=marks,
        ),
        key="loss",
        height=460,
        alt=f"Loss of {summary.config.title} over {status.step:,} of {status.steps:,} steps"
        f"{now_at}, beside the losses of guessing and counting. Enter on a point looks back.",
        on_click=look_back,
    )


def show_steering(summary: Summary, listing: Listing) -> None:
    run, status = summary.run, summary.status
    with st.container(horizontal=True):
        if status.state in ("running", "queued"):
            st.button("Pause", icon=":material/pause:", on_click=steer, args=(pause_run, run))
        elif status.state != "finished":
            st.button(
                "Resume", icon=":material/play_arrow:", on_click=steer, args=(resume_run, run)
            )
        if status.is_active:
            st.button("Stop", icon=":material/stop:", on_click=steer, args=(stop_run, run))
        if status.state == "failed":
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
    if status.state != "finished":
        key = f"rate {run.name}"
        rate_now = status.learning_rate or summary.config.training.learning_rate
        # Fixed at the first look: a default that moved would empty what is being typed.
        first = state.setdefault("first_rates", {}).setdefault(key, f"{rate_now:.3g}")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input("Learning rate", first, key=key, width=124)
            st.button("Set", on_click=set_rate, args=(run, key))
            st.button(
                "Schedule",
                on_click=steer,
                args=(set_learning_rate, run, None),
                help="Back to the learning rate that was planned for each step.",
            )
    # What went wrong stays until something is done about it: a live page is drawn every second.
    for message in (status.message, state.get("steering_mistake")):
        if message:
            st.html(f'<p class="gpt-message">{escape(message)}</p>')
    queue = [each.run.name for each in reversed(listing.runs) if each.status.state == "queued"]
    if queue:
        titles = distinct_titles(listing.runs)
        names = ", ".join(titles[each] for each in queue)
        st.html(f'<p class="gpt-caption">One trains at a time. Waiting: <b>{escape(names)}</b></p>')


def set_rate(run: Run, key: str) -> None:
    """The learning rate that was typed, from the next step on."""
    try:
        rate = float(state[key])
    except ValueError:
        state.steering_mistake = f"A learning rate is a number such as 0.001, not {state[key]!r}."
    else:
        steer(set_learning_rate, run, rate)


def show_samples(summary: Summary, records: RunRecords, moment: int | None) -> None:
    is_task = summary.config.corpus.task is not None
    st.header("What it answers" if is_task else "What it writes", anchor="writes")
    is_document = summary.config.corpus.kind == "documents"
    last = summary.config.training.steps if moment is None else moment
    now_shown = at_step(records.samples, last)
    earlier = film(records.samples, now_shown["step"] if now_shown else 0)
    columns = st.columns(4, gap="medium")
    is_here = "Now" if moment is None else "There"
    if len(earlier) == 3 or summary.status.is_active:  # the newest card keeps its place
        shown = [*earlier, *[None] * (3 - len(earlier)), now_shown]
    else:
        shown = [*earlier, now_shown]
    headings = [*("At first", "Then", "Later")[: len(shown) - 1], is_here]
    for column, card, heading in zip(columns, shown, headings, strict=False):
        with column:
            if is_task:
                st.html(answers_card(card, heading=heading))
            else:
                st.html(sample_card(card, is_document=is_document, heading=heading))


def show_trails(summary: Summary, records: RunRecords, moment: int | None) -> None:
    st.header("How far each step goes", anchor="steps")
    left, right = st.columns(2, gap="large")
    last_step = summary.config.training.steps
    clip = getattr(summary.config.training, "gradient_clip", None)
    limit = None if clip is None else Baseline("clipped to", clip)
    for column, name, title, line in (
        (left, "learning_rate", "learning rate", None),
        (right, "gradient_norm", "gradient norm", limit),
    ):
        with column:
            series = records.series(name)
            plot(
                trail_figure(
                    Trail(title, *series, last_step, limit=line),
                    is_log_x=view_now().is_log_x,
                    moment=moment,
                ),
                key=name,
                height=260,
                alt=f"The {title} of every step",
            )


def show_matrices(summary: Summary, records: RunRecords, moment: int | None) -> None:
    st.header("Inside the matrices", anchor="matrices")
    shown = at_step(records.histograms, summary.config.training.steps if moment is None else moment)
    if shown is None:
        st.html('<p class="gpt-caption">Nothing has been looked at yet.</p>')
        return
    names = list(records.histograms[0]["matrices"])
    left, right = st.columns([7, 5], gap="large")
    with left:
        chosen = st.selectbox("Matrix", names, key="matrix", persist_state="session")
        plot(
            histogram_figure(shown["matrices"][chosen], records.histograms[0]["matrices"][chosen]),
            key="histograms",
            height=260,
            alt=f"Histograms of the weights, gradients and updates of {chosen} at step"
            f" {shown['step']:,}, beside those of step {records.histograms[0]['step']:,}",
        )
        st.html(
            f'<p class="gpt-caption">At step <b>{shown["step"]:,}</b>; the dotted outline is step'
            f" {records.histograms[0]['step']:,}.</p>"
        )
    with right:
        prefix = "update_ratios/"
        plot(
            ratio_figure(
                {name.removeprefix(prefix): records.series(name) for name in records.names(prefix)},
                chosen,
                summary.config.training.steps,
            ),
            key="ratios",
            height=330,
            alt="How long the update of each matrix is beside the matrix itself",
        )
