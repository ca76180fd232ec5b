"""Inside: what a model would say at every depth, and which parts made it say so."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.charts.tokens import visible
from explorer.components.logit_lens import (
    Choice,
    Picture,
    chosen,
    flow_edges,
    logit_lens,
    said_film,
)
from explorer.inside.reading import as_said, read, stream_title
from explorer.inside.subject import (
    Subject,
    ask_edges,
    ask_film,
    choose_subject,
    read_link,
    write_link,
)
from explorer.reruns import begin_page, end_page
from explorer.source_code import show_code
from gpt.lens.information_flow import measure_flow
from gpt.lens.logit_lens import read_predictions
from gpt.lens.memory import keep_freed_memory

STYLE = Path(__file__).parents[1] / "explorer" / "inside.css"
VIEW = "inside"
FILM_TICK = 0.4

state = st.session_state


def choice_for(subject: Subject) -> Choice:
    """What is looked at now: what the reader chose, made to fit this run and text."""
    last = len(subject.ids) - 1, subject.n_depths - 1
    before: Choice = state.get("inside choice", Choice(subject.steps[-1], *last))
    now = chosen(VIEW, before)
    step = now.step if now.step in subject.steps else subject.steps[-1]
    if now.step == state.get("inside last step"):
        step = subject.steps[-1]  # whoever looks at the newest goes on looking at the newest
    state["inside last step"] = subject.steps[-1]
    is_there = now.position <= last[0] and now.depth <= last[1]
    place = (now.position, now.depth) if is_there else last
    state["inside choice"] = choice = Choice(step, *place)
    return choice


def show_picture(subject: Subject, choice: Choice) -> None:
    """The grid, and behind it what the slider and the ways need."""
    reading = read(subject.run, choice.step, subject.ids)
    picture = Picture(
        run=subject.run.name,
        tokens=[visible(text) for text in subject.texts],
        streams=[stream_title(each, reading.is_halved) for each in reading.streams],
        is_halved=reading.is_halved,
        said=as_said(reading),
        steps=subject.steps,
        loss_steps=subject.loss_steps,
        losses=subject.losses,
        film=subject.film_name,
        flow=subject.flow_name(choice.step),
    )
    logit_lens(picture, choice, key=VIEW)
    film = ask_film(subject)
    if film.value:
        said_film(film.value.steps, film.value.said, view=VIEW, film=film.value.name)
    edges = ask_edges(subject, choice.step)
    if edges.value:
        flow_edges(edges.value, view=VIEW, flow=subject.flow_name(choice.step))


def show(tick: float | None) -> None:
    """Run, text and picture."""
    subject = choose_subject()
    if subject is None:
        return
    choice = choice_for(subject)
    show_picture(subject, choice)
    write_link(subject, choice)


st.cache_resource(keep_freed_memory)()
if "inside text" not in state:
    read_link()
begin_page()
st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
st.title("Where is the answer decided?")
st.fragment(show, run_every=FILM_TICK)(FILM_TICK)
end_page()
show_code(read_predictions, measure_flow)
