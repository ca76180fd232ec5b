"""Learning at its smallest: two weights on the landscape of their loss, walking downhill."""

from __future__ import annotations

import time

import streamlit as st

from explorer.charts.landscape import descent_map, fit
from explorer.charts.numbers import format_signed
from explorer.components.plot import PlotEvent, plot
from explorer.landscape import EXAMPLES, answers, survey, walk
from explorer.reruns import run_apart, run_whole_page, was_cut_short
from explorer.things_to_try import Suggestion, show_things_to_try

AXIS = [tenth / 10 for tenth in range(-25, 26)]
INPUTS = [tenth / 10 for tenth in range(-30, 31)]
STEPS = 40
TICK = 0.1  # seconds between two steps shown
FIRST_START, FIRST_RATE = (-1.8, 1.2), 0.08

survey = st.cache_data(survey)
state = st.session_state


def begin(v: float, w: float, learning_rate: float) -> None:
    """Walk downhill from here, one step after another before the reader's eyes."""
    state.start = (v, w)
    state.learning_rate = learning_rate
    state.walking_since = time.monotonic()


def begin_where_clicked(event: PlotEvent) -> None:
    begin(event.x, event.y, state.learning_rate)


TO_TRY = [
    Suggestion(
        "Start on the ridge",
        "Up there the ground is flat: hardly a slope, so hardly a step, until it tips over.",
        begin,
        (0.04, -0.03, 0.15),
    ),
    Suggestion(
        "Take giant steps",
        "Each one leaps across the valley and lands on the far slope.",
        begin,
        (2.2, 0.9, 0.95),
    ),
    Suggestion(
        "Reach the other valley",
        "Both weights end with their signs flipped, and the neuron answers the same.",
        begin,
        (1.8, -1.2, 0.08),
    ),
]


def show_descent() -> None:
    """The landscape, the walk across it, and what to try on it."""
    state.setdefault("start", FIRST_START)
    state.setdefault("learning_rate", FIRST_RATE)
    st.header("What is learning?", anchor="learning")
    st.html(
        """<p class="gpt-lead">Numbers go <span class="gpt-forward">forward</span> to make a
        prediction; blame for the error comes <span class="gpt-backward">back</span>, and every
        weight steps downhill. Here are two weights: click anywhere, and learning starts there.</p>
        """
    )
    is_walking = "walking_since" in state
    run_apart(_show_walk, is_walking, every=TICK if is_walking else None)
    show_things_to_try(TO_TRY)


def _steps_shown() -> int:
    """How far the walk has come on the screen: all the way, before anything was set going."""
    if "walking_since" not in state:
        return STEPS
    return min(STEPS, int((time.monotonic() - state.walking_since) / TICK))


def _show_walk(is_ticking: bool) -> None:
    v, w = state.start
    steps = walk(v, w, state.learning_rate, STEPS)[: _steps_shown() + 1]
    first, now = steps[0], steps[-1]
    picture, beside = st.columns([8, 5], gap="large")
    with picture:
        plot(
            descent_map(AXIS, survey(AXIS), [(step.v, step.w, step.loss) for step in steps]),
            key="landscape",
            height=500,
            alt="The loss of one neuron over its weights v and w: two valleys with a ridge between"
            f" them, and {len(steps) - 1} steps of gradient descent from loss {first.loss:.3f}"
            f" down to {now.loss:.3f}. Enter on a point starts there.",
            on_click=begin_where_clicked,
        )
    with beside:
        st.html(
            f"""<div class="gpt-reading">
              <p>loss after <b>{len(steps) - 1:2d}</b> steps
                <b class="gpt-headline gpt-forward">{now.loss:.4f}</b></p>
              <p>weight v <b>{format_signed(now.v)}</b> slope
                <b class="gpt-backward">{format_signed(now.v_gradient)}</b></p>
              <p>weight w <b>{format_signed(now.w)}</b> slope
                <b class="gpt-backward">{format_signed(now.w_gradient)}</b></p>
            </div>"""
        )
        plot(
            fit(
                INPUTS,
                answers(first.v, first.w, INPUTS),
                answers(now.v, now.w, INPUTS),
                EXAMPLES,
            ),
            key="fit",
            height=320,
            alt="What the neuron answers to each input, at the start and now, beside the four"
            " examples it learns",
        )
        st.page_link(
            "../pages/autograd.py",
            label="How does a weight know its slope?",
            icon=":material/arrow_forward:",
        )
    if len(steps) > STEPS:
        state.pop("walking_since", None)
    if is_ticking != ("walking_since" in state) or was_cut_short():
        run_whole_page()
