"""Training: a GPT learns before the reader's eyes, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from explorer.background import Outcome, outcome
from explorer.charts.glossary import NATS, PERPLEXITY
from explorer.charts.training import UNITS, Curve, loss_figure
from explorer.charts.training_comparison import comparison_table
from explorer.charts.training_words import distinct_titles
from explorer.components.plot import plot
from explorer.controls import (
    choose_corpus,
    choose_origin,
    choose_preset,
    edit_settings,
    provide_corpus,
    show_mistake,
    suggest_settings,
)
from explorer.estimates import show_all_estimates, show_estimate
from explorer.measures import ask_text
from explorer.reruns import (
    begin_page,
    came_back,
    end_page,
    run_apart,
    run_whole_page,
    was_cut_short,
)
from explorer.run_library import (
    show_absent,
    show_library,
    show_list,
    show_outside,
    show_way_to_compare,
)
from explorer.run_pictures import watch, watch_closely
from explorer.run_records import NOTHING, runs_now
from explorer.run_steering import begin, forget_mistakes
from explorer.run_watch import AXES, RESTING_TICK, baselines_in, tick_for, view_now
from explorer.source_code import show_code
from gpt.corpus.baselines import bigram_loss
from gpt.corpus.catalogue import CATALOGUE, load_corpus
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig, RunError
from gpt.runs.data import check_length
from gpt.runs.launch import restart_queued, start_run
from gpt.runs.library import Listing, list_runs
from gpt.runs.presets import DEFAULT_PRESET, PRESETS, configure
from gpt.runs.session import train_run
from gpt.tensor.schedule import learning_rate_at

state = st.session_state


def try_out(corpus_name: str, choices: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the page up and train: some presets, each with a few settings changed."""
    corpus = load_corpus(corpus_name)
    begun = []
    for preset, changes in choices.items():
        begin(configure(PRESETS[preset], corpus, changes), corpus)
        begun.append(state.run)
    state.corpus, state.preset = corpus_name, next(iter(choices))
    suggest_settings(state.preset, choices[state.preset])
    state.run, state.overlays = begun[0], begun[1:]
    state.has_begun = True


@st.cache_resource
def revive() -> None:
    """Once in the life of a server: what waited when the machine went down waits again."""
    with suppress(RunError):
        restart_queued()


def text_of(config: RunConfig | None, corpus: Corpus | None) -> Outcome:
    """What the chosen text asks of a model, as far as it has been counted."""
    if config is None or corpus is None:
        return Outcome(None, "no text is chosen")
    return outcome(ask_text(config, corpus))


def show_empty(config: RunConfig | None, corpus: Corpus | None, is_ticking: bool) -> None:
    """Before anything was trained: what there is to beat, and the button that begins."""
    picture, beside = st.columns([8, 4], gap="large")
    with picture:
        steps = config.training.steps if config else 1
        text = text_of(config, corpus)
        plot(
            loss_figure(
                Curve("nothing yet", *NOTHING, *NOTHING, steps),
                baselines_in(text.value),
                view=view_now(),
            ),
            key="loss",
            height=460,
            alt="No curve yet: only the losses of guessing and of counting, which a GPT must beat",
        )
    with beside:
        st.html(
            """<p class="gpt-lead">Nothing has been trained here yet. The dashed lines are what can
            be had without a GPT: by guessing, by counting letters, by counting pairs. A GPT begins
            near the top, and learns its way below them all.</p>"""
        )
        st.button(
            "Train eight names, over in seconds",
            type="primary",
            wrap=True,
            icon=":material/play_arrow:",
            on_click=try_out,
            args=TO_TRY["Learn eight names by heart"][0],
            key="first",
        )
    # The button belongs to this fragment, which cannot show what it has begun.
    if text.is_awaited != is_ticking or state.pop("has_begun", False) or was_cut_short():
        run_whole_page()


TO_TRY: dict[str, tuple[tuple[str, Mapping[str, Mapping[str, Any]]], str]] = {
    "Learn eight names by heart": (
        ("eight-names", {"eight-names": {}}),
        "Fifty steps: noise, then syllables, then sophia. How low can the loss go?",
    ),
    "Let counting race attention": (
        (
            "names",
            {
                "gpt-small": {"steps": 300, "evaluation_interval": 25},
                "bigram": {"steps": 300, "evaluation_interval": 25},
            },
        ),
        "The bigram sees one letter back, and the line of pairs stops it. The GPT goes below.",
    ),
    "Learn too fast": (
        (
            "names",
            {
                "gpt-small": {
                    "steps": 200,
                    "evaluation_interval": 25,
                    "learning_rate": 0.3,
                    "warmup_steps": 0,
                }
            },
        ),
        "A learning rate of 0.3 flings the weights far off at once; no lower one brings them back.",
    ),
}


def show_things_to_try() -> None:
    for column, (label, (arguments, reason)) in zip(st.columns(3), TO_TRY.items(), strict=True):
        with column:
            st.button(label, on_click=try_out, args=arguments, width="stretch")
            st.html(f'<p class="gpt-caption">{reason}</p>')


def compare(names: tuple[str, ...]) -> None:
    """The chosen runs beside one another, and the list of all."""
    listing = runs_now()
    summaries = {each.run.name: each for each in listing.runs}
    shown = [summaries[name] for name in names if name in summaries]
    st.html(comparison_table(shown, distinct_titles(listing.runs)))
    show_way_to_compare([each.run.name for each in shown])
    show_list(listing)


def choose() -> tuple[RunConfig | None, Corpus | None]:
    """Text, model and every setting; the configuration is None where it cannot be."""
    text, model, start = st.columns([4, 5, 2], vertical_alignment="bottom", gap="medium")
    with text:
        corpus_name = choose_corpus()
    with model:
        preset = PRESETS[choose_preset()]
    corpus = provide_corpus(corpus_name)
    config = origin = None
    if corpus is not None:
        try:
            config = configure(preset, corpus)
            with st.expander("Every setting"):
                title = st.text_input("Title", placeholder=config.title, key="title", max_chars=80)
                chosen_origin = choose_origin(preset.kind)
                changes = edit_settings(preset.name, corpus)
                if chosen_origin:
                    origin = chosen_origin.checkpoint.path
                config = configure(
                    preset,
                    corpus,
                    changes,
                    title=title or None,
                    origin=chosen_origin.as_argument() if chosen_origin else None,
                )
            check_length(config, corpus)
        except ValueError as error:
            config = None
            show_mistake(str(error))
    with start:
        st.button(
            "Train",
            type="primary",
            width="stretch",
            icon=":material/play_arrow:",
            disabled=config is None,
            on_click=begin,
            args=(config, corpus, origin),
        )
    if mistake := state.get("mistake"):
        show_mistake(mistake)
    if corpus is not None:
        show_all_estimates(corpus, preset.name)
    return config, corpus


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    query = st.query_params
    corpus, preset, unit = query.get("corpus"), query.get("preset"), query.get("unit")
    state.corpus = corpus if corpus in CATALOGUE else "names"
    state.preset = preset if preset in PRESETS else DEFAULT_PRESET
    state.unit = unit if unit in UNITS else UNITS[0]
    state.axes = [axis for axis in AXES if axis in query.get("axes", "").split("~")]
    state.overlays = list(filter(None, query.get("with", "").split("~")))
    state.run = state.asked_run = query.get("run")


def write_link() -> None:
    """Put the view into the address, so that it can be shared and found again."""
    link = {"corpus": state.corpus, "preset": state.preset}
    if state.run:
        link["run"] = state.run
    view = view_now()
    if view.unit != UNITS[0]:
        link["unit"] = view.unit
    if axes := [axis for axis in AXES if axis in (state.get("axes") or ())]:
        link["axes"] = "~".join(axes)
    if state.overlays:
        link["with"] = "~".join(state.overlays)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def choose_view(listing: Listing) -> None:
    """Which run is looked at, beside which others, in which unit and on which axes."""
    titles = distinct_titles(listing.runs)
    trained = [each.run.name for each in listing.runs if not each.config.is_from_outside]
    others = [name for name in trained if name != state.run]
    state.overlays = [name for name in state.overlays if name in others]
    if state.get("titles chosen from") != titles:
        # The browser knows a choice by its title, and would not find one that was renamed.
        state["titles chosen from"], state.run = titles, state.run
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(
            "Run",
            list(titles),
            format_func=titles.get,
            key="run",
            width=280,
            on_change=forget_mistakes,
        )
        st.multiselect(
            "Beside it",
            others,
            format_func=titles.get,
            key="overlays",
            placeholder="any other runs",
            max_selections=10,
            width=300,
        )
        st.segmented_control(
            "Loss in",
            UNITS,
            key="unit",
            required=True,
            persist_state="session",
            help=f"{NATS} {PERPLEXITY}",
        )
        st.pills("Axes", AXES, selection_mode="multi", key="axes", persist_state="session")


begin_page()
if "corpus" not in state or came_back():
    read_link()
revive()
st.title("How does a GPT learn?")
config, corpus = choose()
try:
    listing = list_runs()
except RunError as error:
    show_mistake(str(error))
    listing = Listing([], {})
summaries = {each.run.name: each for each in listing.runs}
if config and corpus:
    show_estimate(config, corpus)
if (asked := state.pop("asked_run", None)) and asked not in summaries:
    state.absent_run = asked
if absent := state.get("absent_run"):
    show_absent(absent)
if summaries:
    state.run = state.pop("adopted_run", None) or state.get("run")
    if state.run not in summaries:
        state.run = next(iter(summaries))
    choose_view(listing)
    tick = tick_for(listing)
    slowly = RESTING_TICK if tick else None
    is_from_outside = summaries[state.run].config.is_from_outside
    if is_from_outside:
        show_outside(summaries[state.run])
    else:
        run_apart(watch, state.run, tick, every=tick)
    show_things_to_try()
    if not is_from_outside:
        run_apart(watch_closely, state.run, tick, every=slowly)
    st.header("Every run", anchor="runs")
    run_apart(compare, (state.run, *state.overlays), every=slowly)
else:
    is_awaited = text_of(config, corpus).is_awaited
    run_apart(show_empty, config, corpus, is_awaited, every=0.5 if is_awaited else None)
    show_things_to_try()
    st.header("Every run", anchor="runs")
show_library(listing, summaries.get(state.run or ""))
write_link()
end_page()
show_code(start_run, train_run, learning_rate_at, bigram_loss)
