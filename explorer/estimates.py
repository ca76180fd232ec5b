"""How long a run will take: known, measured beside the page, or said why it is not."""

from __future__ import annotations

import streamlit as st

from explorer.background import Outcome, outcome
from explorer.charts.training_estimates import Estimate, estimate_line, estimates_table
from explorer.measures import ask_pace, forget_pace
from explorer.reruns import run_apart, run_whole_page
from explorer.run_records import runs_now
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig
from gpt.runs.data import check_length
from gpt.runs.pace import known_pace
from gpt.runs.presets import PRESETS, Preset, configure

TICK = 1.0  # seconds between two looks at what is being measured

state = st.session_state


def show_estimate(config: RunConfig, corpus: Corpus) -> None:
    """Parameters, memory and time of what would be trained, as soon as they are known."""
    is_awaited = _pace_of(config, corpus).is_awaited
    run_apart(_show_line, config, corpus, is_awaited, every=TICK if is_awaited else None)


def show_all_estimates(corpus: Corpus, chosen: str) -> None:
    """The same of every preset; those never measured here are measured when somebody asks."""
    place = st.expander("What every model takes", key="takes", on_change="rerun")
    if place.open:
        with place:
            is_awaited = any(_is_awaited(each) for _, each in _estimates(corpus))
            tick = TICK if is_awaited else None
            run_apart(_show_table, corpus, chosen, is_awaited, every=tick)


def _show_line(config: RunConfig, corpus: Corpus, is_ticking: bool) -> None:
    found = _pace_of(config, corpus)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(estimate_line(_estimate(config, corpus, found)), width="content")
        if found.reason or (found.value and found.value.was_disturbed):
            st.button("Measure again", type="tertiary", on_click=forget_pace, args=(config,))
    if found.is_awaited != is_ticking:
        run_whole_page()


def _show_table(corpus: Corpus, chosen: str, is_ticking: bool) -> None:
    estimates = _estimates(corpus)
    st.html(estimates_table(estimates, chosen))
    is_awaited = any(_is_awaited(each) for _, each in estimates)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_known = all(isinstance(each, str) or each.pace for _, each in estimates)
        st.button(
            "Measure the others",
            disabled=is_known or is_awaited,
            on_click=_ask_for_all,
        )
        st.html(
            '<p class="gpt-caption">Each takes a few real steps on the chosen text, one model after'
            " another, in some seconds; the large ones give up after half a minute.</p>",
            width="content",
        )
    if is_awaited != is_ticking:
        run_whole_page()


def _ask_for_all() -> None:
    state.measures_all = True


def _estimates(corpus: Corpus) -> list[tuple[Preset, Estimate | str]]:
    """What is known of every preset by now, or why it cannot learn this text."""
    estimates: list[tuple[Preset, Estimate | str]] = []
    for preset in PRESETS.values():
        try:
            config = configure(preset, corpus)
            check_length(config, corpus)
        except ValueError as error:
            estimates.append((preset, str(error)))
            continue
        if state.get("measures_all"):
            found = _pace_of(config, corpus, gives_way=False)
        else:
            pace = known_pace(config)
            found = Outcome(pace, None if pace else "not measured here yet")
        estimates.append((preset, _estimate(config, corpus, found)))
    return estimates


def _estimate(config: RunConfig, corpus: Corpus, found: Outcome) -> Estimate:
    seconds = found.value.seconds_for(config, corpus) if found.value else None
    return Estimate(config, found.value, seconds, found.reason)


def _is_awaited(estimate: Estimate | str) -> bool:
    return not isinstance(estimate, str) and estimate.pace is None and estimate.reason is None


def _pace_of(config: RunConfig, corpus: Corpus, *, gives_way: bool = True) -> Outcome:
    """How fast this machine trains it: known, measured in the background, or not to be had."""
    pace = known_pace(config)
    if pace:
        return Outcome(pace, None)
    if any(each.status.state == "running" for each in runs_now().runs):
        return Outcome(None, "time is measured when nothing trains")
    return outcome(ask_pace(config, corpus, gives_way=gives_way))
