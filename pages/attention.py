"""Attention: every head, per token, at every moment of a run's training."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.attention.film import Film
from explorer.attention.overview import show_becoming, show_table
from explorer.attention.reading import (
    Reading,
    SwitchedOff,
    head_name,
    read,
    strongest_key,
)
from explorer.attention.subject import Subject, ask_film, choose_subject, read_link, write_link
from explorer.attention.switching import show_switching, switched_off
from explorer.attention.unfolding import show_unfolded
from explorer.charts.attention import in_16_bits, lower_triangle, thumbnails
from explorer.charts.tokens import visible
from explorer.components.attention import (
    Choice,
    Picture,
    Pinned,
    attention,
    chosen,
    open_film,
    thumbnail_film,
)
from explorer.run_watch import RESTING_TICK, run_whole_page
from explorer.source_code import show_code
from gpt.lens.ablation import switch_off
from gpt.lens.contributions import measure_push
from gpt.lens.heads import label_heads
from gpt.lens.trace import trace
from gpt.tensor.layers import MultiHeadAttention, attend

STYLE = Path(__file__).parents[1] / "explorer" / "attention.css"
VIEW = "attention"
FILM_TICK = 0.4

state = st.session_state


def choice_for(subject: Subject) -> Choice:
    """What is looked at now: what the reader chose, made to fit this run and text."""
    before: Choice = state.get("attention choice", Choice(subject.steps[-1], 0, (0,)))
    now = chosen(VIEW, before)
    step = now.step if now.step in subject.steps else subject.steps[-1]
    if state.get("attention follows", True) and now.step == state.get("attention last step"):
        step = subject.steps[-1]  # whoever looks at the newest goes on looking at the newest
    state["attention last step"] = subject.steps[-1]
    heads = range(subject.n_heads)
    opened = now.open if now.open in heads else 0
    shown = tuple(each for each in now.shown if each in heads) or (opened,)
    if opened not in shown:
        shown = (opened, *shown)
    pinned = now.pinned
    if pinned and max(pinned.query, pinned.key) >= len(subject.ids):
        pinned = None
    off = tuple(each for each in now.off if each in heads)
    return Choice(step, opened, shown, off, pinned)


def show_picture(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """All heads, the open one and its words."""
    names = [head_name(index, reading.n_head) for index in range(len(reading.patterns))]
    others = [each for each in choice.shown if each != choice.open]
    picture = Picture(
        tokens=[visible(text) for text in subject.texts],
        prompt=subject.n_prompt,
        layers=reading.n_layer,
        heads=names,
        labels=reading.labels,
        title=names[choice.open].capitalize(),
        thumbnails=thumbnails(reading.patterns),
        open=lower_triangle(reading.patterns[choice.open]),
        others=in_16_bits(lower_triangle(reading.patterns[others])),
        steps=subject.steps,
        loss_steps=subject.loss_steps,
        losses=subject.losses,
        film=subject.film_name(off),
    )
    attention(picture, choice, key=VIEW)


def show_film(film: Film, choice: Choice) -> None:
    """Behind the picture, what the slider will show."""
    thumbnail_film(film.steps, film.thumbnails, film.labels, view=VIEW, film=film.name)
    open_film(film.steps, film.triangles[:, choice.open], choice.open, view=VIEW, film=film.name)


def show(subject: Subject, tick: float | None) -> None:
    """The picture, and everything about the pair that is pinned."""
    choice = choice_for(subject)
    state["attention choice"] = choice
    off = switched_off(choice)
    reading = read(subject.run, choice.step, subject.ids, off)
    if choice.pinned is None:
        query = len(subject.ids) - 1
        key = strongest_key(reading.patterns[choice.open], query)
        choice = Choice(choice.step, choice.open, choice.shown, choice.off, Pinned(query, key))
    show_picture(subject, choice, off, reading)
    film = ask_film(subject, off)
    if film.value:
        show_film(film.value, choice)
    show_unfolded(subject, choice, reading)
    show_switching(subject, choice, off, reading)
    show_becoming(choice, reading, film.value)
    show_table(subject, choice, reading)
    if tick_for(subject, film.is_awaited) != tick:
        run_whole_page()


def tick_for(subject: Subject, is_awaited: bool) -> float | None:
    if is_awaited:
        return FILM_TICK
    return RESTING_TICK if subject.is_training else None


if "attention text" not in state:
    read_link()
state.is_whole_run = True
st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
st.title("Where does each head look?")
subject = choose_subject()
if subject is not None:
    awaited = ask_film(subject, switched_off(choice_for(subject))).is_awaited
    tick = tick_for(subject, awaited)
    st.fragment(show, run_every=tick)(subject, tick)
    write_link(subject)
state.is_whole_run = False
show_code(trace, attend, MultiHeadAttention, label_heads, switch_off, measure_push)
