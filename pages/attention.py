"""Attention: every head, per token, at every moment of a run's training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer.address import forget_view_left, show_refusals
from explorer.attention.film import Film
from explorer.attention.overview import show_becoming, show_table
from explorer.attention.reading import (
    Reading,
    SwitchedOff,
    head_name,
    opened_name,
    read,
    strongest_key,
)
from explorer.attention.subject import (
    PAGE,
    Subject,
    ask_film,
    choose_subject,
    read_link,
    write_link,
)
from explorer.attention.switching import show_switching, switched_off
from explorer.attention.unfolding import show_unfolded
from explorer.attention_link import set_attention
from explorer.charts.attention import (
    in_16_bits,
    in_hundredths,
    lower_triangle,
    thumbnail_size,
    thumbnails,
)
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
from explorer.reruns import (
    begin_page,
    end_page,
    let_it_be_painted,
    run_whole_page,
    was_cut_short,
)
from explorer.run_choice import follow_training, has_heads, openable_runs
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.lens.ablation import switch_off
from gpt.lens.contributions import measure_push
from gpt.lens.heads import label_heads
from gpt.lens.memory import keep_freed_memory
from gpt.lens.summary import SUMMARIES
from gpt.lens.trace import trace
from gpt.runs.library import Summary
from gpt.tensor.layers import MultiHeadAttention, attend

state = st.session_state


def choice_for(subject: Subject) -> Choice:
    """What is looked at now: what the reader chose, made to fit this run and text."""
    before: Choice = state.get("attention choice", Choice(subject.steps[-1], 0, (0,)))
    now = chosen(PAGE, before)
    step = now.step if now.step in subject.steps else subject.steps[-1]
    if now.step == state.get("attention last step"):
        step = subject.steps[-1]  # whoever looks at the newest goes on looking at the newest
    state["attention last step"] = subject.steps[-1]
    heads = range(subject.n_heads)
    openable = range(subject.n_heads + len(SUMMARIES))
    opened = now.open if now.open in openable else 0
    shown = tuple(each for each in now.shown if each in openable) or (opened,)
    if opened not in shown:
        shown = (opened, *shown)
    pinned = now.pinned
    if pinned and max(pinned.query, pinned.key) >= len(subject.ids):
        pinned = None
    off = tuple(each for each in now.off if each in heads)
    mlps = state.get("attention mlps", ())
    state["attention mlps"] = [layer for layer in mlps if layer < subject.n_layer]
    state["attention choice"] = choice = Choice(step, opened, shown, off, pinned)
    return choice


def show_picture(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """All heads, the open one and its words."""
    names = [head_name(index, reading.n_head) for index in range(len(reading.patterns))]
    shown = [in_16_bits(lower_triangle(reading.opened_pattern(each))) for each in choice.shown]
    picture = Picture(
        tokens=[visible(text) for text in subject.texts],
        prompt=subject.n_prompt,
        layers=reading.n_layer,
        heads=names,
        labels=reading.labels,
        run=subject.run.name,
        title=opened_name(choice.open, reading).capitalize() + (", with parts off" if off else ""),
        thumbnails=thumbnails(reading.patterns),
        size=thumbnail_size(len(subject.ids)),
        shown=np.stack(shown),
        scores=scores_of(choice.open, reading),
        steps=subject.steps,
        loss_steps=subject.loss_steps,
        losses=subject.losses,
        film=subject.film_name(off),
    )
    attention(picture, choice, key=PAGE)


def scores_of(opened: int, reading: Reading) -> npt.NDArray[np.int16]:
    """What the softmax of the open head was given; of a summary there is no such thing."""
    if opened >= len(reading.patterns):
        return np.zeros(0, dtype=np.int16)
    layer, head = divmod(opened, reading.n_head)
    scores = reading.trace[f"blocks.{layer}.attn.scores"][head].float().numpy()
    return in_hundredths(lower_triangle(scores))


def show_summaries(subject: Subject, choice: Choice) -> None:
    """Instead of one head, all of them as one."""
    place = choice.open - subject.n_heads
    state["attention summary"] = list(SUMMARIES)[place] if place >= 0 else None
    st.pills(
        "Or all heads as one",
        list(SUMMARIES),
        key="attention summary",
        on_change=open_summary,
        args=(subject.n_heads,),
        help="average: the mean over all heads. strongest: for each pair, the head that looks most."
        " rollout: how much of each token has reached each place by the last layer, if a token"
        " keeps half of itself in every layer and takes the rest from where its heads look"
        " (Abnar and Zuidema 2020).",
    )


def open_summary(n_heads: int) -> None:
    name = state["attention summary"]
    before: Choice = state["attention choice"]
    if before.open < n_heads:
        state["attention head before"] = before.open
    opened = (
        n_heads + list(SUMMARIES).index(name) if name else state.get("attention head before", 0)
    )
    state["attention choice"] = replace(before, open=opened, shown=(opened,))


def show_film(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """From the film, how each head came about; and behind it, what the slider will show."""
    film = ask_film(subject, off)
    show_becoming(subject, choice, reading, film)
    name = subject.film_name(off)
    if film.value:
        made: Film = film.value
        thumbnail_film(made.steps, made.thumbnails, made.labels, view=PAGE, film=name)
        weights = made.triangles[:, choice.open]
        open_film(made.steps, weights, choice.open, view=PAGE, film=name)
    elif film.is_awaited:
        thumbnail_film((), None, (), view=PAGE, film=name)


COPIED = "srti=euhwqkpm=euhwqkpm"
THINGS_TO_TRY = [
    Suggestion(
        "Watch a head learn to copy",
        "Press ▶ under the title: around step 200 the second layer finds what came next last time.",
        set_attention,
        ("copy", COPIED, Choice(0, 2, (2,), pinned=Pinned(17, 9))),
    ),
    Suggestion(
        "Take a copying head away",
        "Hardly anything changes: one is enough. Press × on the other head of layer 1 as well, and"
        " the model can only guess.",
        set_attention,
        ("copy", COPIED, Choice(1000, 3, (3,), off=(2,), pinned=Pinned(17, 9))),
    ),
    Suggestion(
        "Who does a name look back to?",
        "In Shakespeare's plays, a GPT grown here: point at a token on the right to see who looks.",
        set_attention,
        ("shakespeare", "ROMEO:\nO, Romeo, wherefore", Choice(2000, 0, (0,))),
    ),
]


def show(runs: Mapping[str, Summary]) -> None:
    """The picture, and everything about the pair that is pinned."""
    subject = choose_subject(runs)
    if state["attention run"] != state.get("attention page of") or was_cut_short():
        run_whole_page()  # another run may be one that trains, which the page then follows
    if subject is None:
        return
    refusals = st.container()  # of what the address asks for: known when all has been shown
    choice = choice_for(subject)
    off = switched_off(choice)
    reading = read(subject.run, choice.step, subject.ids, off)
    if choice.pinned is None:
        query = len(subject.ids) - 1
        key = strongest_key(reading.opened_pattern(choice.open), query)
        choice = replace(choice, pinned=Pinned(query, key))
    show_picture(subject, choice, off, reading)
    let_it_be_painted()
    show_summaries(subject, choice)
    show_things_to_try(THINGS_TO_TRY)
    with st.container(key="attention-below"):
        if choice.open < subject.n_heads:
            show_unfolded(subject, choice, off, reading)
        show_switching(subject, choice, off, reading)
        show_table(subject, choice, reading)
        st.fragment(show_film)(subject, choice, off, reading)
    write_link(subject, choice, off)
    with refusals:
        show_refusals(PAGE)


st.cache_resource(keep_freed_memory)()
forget_view_left(PAGE)
if "attention text" not in state:
    read_link()
begin_page()
st.title("Where does each head look?")
st.html(
    '<p class="gpt-caption">To say what comes next, each token gathers from the tokens before it; a'
    " head is one way of choosing from which. A row is a token that looks, a column one that is"
    " looked at: the bluer, the more. Click a cell or a token to see below how its number came to"
    " be; shift-click a small head to compare it, press × in its corner to switch it off.</p>"
)
runs = openable_runs(has_heads)
if runs:
    st.fragment(show)(runs)
    state["attention page of"] = state["attention run"]
    follow_training(runs[state["attention run"]])
end_page()
show_code(trace, attend, MultiHeadAttention, label_heads, switch_off, measure_push)
