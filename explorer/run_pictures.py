"""The live part of the Training page: one run, as far as it has come."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer.charts.training import (
    Curve,
    Mark,
    Trail,
    loss_figure,
    trail_figure,
)
from explorer.charts.training_matrices import histogram_figure, ratio_figure
from explorer.charts.training_words import (
    answers_card,
    describe_event,
    distinct_titles,
    facts,
    film,
    reading,
    sample_card,
    task_words,
)
from explorer.components.plot import PlotEvent, plot
from explorer.reruns import run_whole_page
from explorer.run_pages import show_ways
from explorer.run_records import RunRecords, at_step, runs_now
from explorer.run_steering import show_steering
from explorer.run_watch import (
    baselines_in,
    bits_per_character,
    curve_of,
    find,
    measured,
    records_of,
    view_now,
)
from gpt.corpus.tasks import TASKS
from gpt.runs.library import Listing, Summary
from gpt.runs.text_measure import Baseline

# A slow browser may still tell where it was led a look ago, which is no wish to look back there.
FOLLOWED_LOOKS = 3

state = st.session_state


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
        follow_newest(summary)
        st.slider(
            "Look back at step (or click the curve)",
            0,
            summary.config.training.steps,
            key=f"moment {name}",
            disabled=summary.status.step == 0,
        )
    moment = moment_of(summary)
    with figure_place:
        show_losses(summary, curve, listing, records, moment)
    with beside:
        measured_at = records.series("validation_loss").steps
        last = int(measured_at[-1]) if len(measured_at) else None
        st.html(reading(titles[name], summary.status, last))
        show_ways(summary)
        st.html(facts(summary.status, bits_per_character(summary)))
        show_steering(summary, listing)
    shown = moment, [each.status.state for each in listing.runs]
    if shown != state.get("shown", shown):
        state.shown = shown
        run_whole_page()  # the figures further down look back as well, and the list tells states
    state.shown = shown


def watch_closely(name: str, tick: float | None) -> None:
    """What changes less often: what it writes, the optimiser's pace and the matrices."""
    summary = find(name, tick, runs_now())
    if summary is None:
        return
    records, moment = records_of(summary), moment_of(summary)
    show_samples(summary, records, moment)
    show_trails(summary, records, moment)
    show_matrices(summary, records, moment)


def look_back(event: PlotEvent) -> None:
    state[f"moment {state.run}"] = int(event.x)


def follow_newest(summary: Summary) -> None:
    """Let the handle stand at the newest step, unless somebody has moved it to an earlier one."""
    name, newest = summary.run.name, summary.status.step
    if moment_of(summary) is None:
        state[f"moment {name}"] = newest
    state[f"newest {name}"] = (*state.get(f"newest {name}", ()), newest)[-FOLLOWED_LOOKS:]


def moment_of(summary: Summary) -> int | None:
    """The step that is looked back at; None while the newest is looked at."""
    name = summary.run.name
    chosen: int | None = state.get(f"moment {name}")
    if chosen is None or chosen in state.get(f"newest {name}", ()):
        return None
    return None if chosen >= summary.status.step else chosen


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


def show_samples(summary: Summary, records: RunRecords, moment: int | None) -> None:
    task = TASKS.get(summary.config.corpus.task or "")
    st.header("What it answers" if task else "What it writes", anchor="writes")
    if task:
        st.html(f'<p class="gpt-caption">{escape(task_words(task))}</p>')
    is_document = summary.config.corpus.kind == "documents"
    last = summary.config.training.steps if moment is None else moment
    now_shown = at_step(records.samples, last)
    earlier = film(records.samples, now_shown["step"] if now_shown else 0)
    with st.container(key="training-samples"):
        columns = st.columns(4, gap="medium")
    is_here = "Now" if moment is None else "There"
    if len(earlier) == 3 or summary.status.is_active:  # the newest card keeps its place
        shown = [*earlier, *[None] * (3 - len(earlier)), now_shown]
    else:
        shown = [*earlier, now_shown]
    headings = [*("At first", "Then", "Later")[: len(shown) - 1], is_here]
    for column, card, heading in zip(columns, shown, headings, strict=False):
        with column:
            if task:
                st.html(answers_card(card, task, heading=heading))
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
    with st.container(key="training-matrices"):
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
