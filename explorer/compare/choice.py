"""Choosing what the Compare page holds against each other: by its controls, or by a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from explorer.address import (
    LARGEST,
    quoted,
    read_address,
    show_refusals,
    whole_number,
    write_address,
)
from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.numbers import format_typed
from explorer.charts.training_words import distinct_titles
from explorer.compare.subject import Side, Subject
from explorer.controls import show_mistake
from explorer.models import model_at
from explorer.reruns import came_back
from explorer.run_choice import choose_run, first_text, has_weights, openable_runs
from gpt.runs.config import RunError
from gpt.runs.library import Summary

MOST_TOKENS = 64  # of the text: patterns of more are pictures nobody can read
EARLY = 10  # the first look holds what a run was after so much of its steps against its end
PAGE = "compare"
FIRST_SEED = 1337

state = st.session_state


def choose_subject() -> Subject | None:
    """Two runs, two checkpoints, a text and a seed; None, and a sentence, where there is none."""
    runs = openable_runs(has_weights)
    if not runs:
        return None
    columns = st.columns([4, 2, 4, 2], vertical_alignment="bottom", gap="medium")
    titles = distinct_titles([*runs.values()])
    chosen: list[tuple[Summary, int]] = []
    gone = forget_missing(runs)
    for index, name in enumerate(SIDE_NAMES):
        if state.get(f"compare run {name}") is None and chosen:
            state[f"compare run {name}"] = chosen[0][0].run.name
        with columns[2 * index]:
            summary = choose_run(runs, f"compare run {name}", f"{name}: run")
        with columns[2 * index + 1]:
            chosen.append((summary, choose_step(summary, name)))
    for name in gone:
        show_mistake(f"{quoted(name)} is not here any more; another run is shown.")
    summaries = [summary for summary, _ in chosen]
    entry, seed_place = st.columns([8, 2], gap="medium")
    suggest_text(summaries)
    with entry:
        text = st.text_area(
            "Text that both read",
            key="compare text",
            persist_state="session",
            height=68,
            placeholder="A few words for both models to read.",
        )
    with seed_place:
        # As its default, not through the session: what is set there the browser hears of once, and
        # may miss when the page is run again at once.
        # Without limits of its own: what is beyond them it would keep to itself, in red.
        # Nor of whole numbers: it would cut 12.7.
        typed: float = st.number_input(
            "Seed of what they write",
            value=float(state.get("compare first seed", FIRST_SEED)),
            step=1.0,
            format="%.15g",
            key="compare seed",
            persist_state="session",
        )
        if typed == int(typed) and 0 <= typed <= LARGEST:
            state["compare seed taken"] = int(typed)
        seed: int = state.get("compare seed taken", FIRST_SEED)
        if typed != seed:
            show_mistake(
                f"There is no seed {format_typed(typed)}: seeds are whole numbers from 0 to"
                f" {LARGEST:,}. Taken is {seed:,}."
            )
    room = min(MOST_TOKENS, *(summary.config.model.block_size for summary in summaries))
    try:
        opened = [model_at(summary.run, step) for summary, step in chosen]
    except RunError as error:
        show_mistake(str(error))
        write_link(chosen, text, seed)
        show_refusals(PAGE)
        return None
    sides, unread = [], None
    for name, (summary, step), model in zip(SIDE_NAMES, chosen, opened, strict=True):
        side = Side(summary, titles[summary.run.name], step, model, (), ())
        try:
            side = read_text(side, text, room)
        except ValueError as error:
            unread = unread or f"{name}, {side.title}, cannot read this text. {error}"
        sides.append(side)
    first, second = sides
    show_reading(first, second, unread)
    return Subject(first, second, tuple(runs.values()), text, seed, unread)


def forget_missing(runs: Mapping[str, Summary]) -> list[str]:
    """Lets what is not here be chosen anew; returns it, but for what a link asks for.

    Of a link, all that could not be had is told in one place.
    """
    gone = []
    for name in SIDE_NAMES:
        asked = state.get(f"compare run {name}")
        if asked is not None and asked not in runs:
            gone.append(asked)
            state[f"compare run {name}"] = None
    return [] if f"{PAGE} asked" in state else gone


def show_reading(first: Side, second: Side, unread: str | None) -> None:
    """What cannot be read, with a text that can; how much is read; what had to give way."""
    summaries = [first.summary, second.summary]
    if unread:
        show_mistake(unread)
        typed = state["compare text"]
        readable = readable_part(typed, summaries)
        with st.container(horizontal=True):
            if readable.strip():
                st.button(
                    "Leave out what cannot be read",
                    on_click=stand_in,
                    args=(readable,),
                    key="compare leave out",
                )
            if text := shared_text(summaries):
                st.button(
                    "Take a text that both can read",
                    on_click=stand_in,
                    args=(text,),
                    key="compare take",
                )
        return
    if words := cropped_words(first, second):
        st.html(f'<p class="gpt-caption">{words}</p>')
    replaced = state.get("compare replaced")
    if replaced and not is_typed(state["compare text"]):
        is_readable = all(can_read(each, replaced) for each in summaries)
        why = "stood here before" if is_readable else "cannot be read by both of these"
        st.html(
            f'<p class="gpt-caption">“{escape(replaced)}” {why}: another text has taken its'
            " place.</p>"
        )
        st.button("Give it back", on_click=give_back, key="compare give back")


def cropped_words(first: Side, second: Side) -> str:
    """How much of the text is read, where that is not all."""
    if not first.n_cropped and not second.n_cropped:
        return ""
    is_room_enough = max(len(side.ids) for side in (first, second)) == MOST_TOKENS
    why = (
        "of more, the patterns would be too small to see"
        if is_room_enough
        else "more do not fit the shorter block"
    )
    counts = [(len(side.ids), len(side.ids) + side.n_cropped) for side in (first, second)]
    if counts[0] == counts[1]:
        read, of = counts[0]
        return f"Of the {of} tokens of this text both read the last {read}: {why}."
    parts = [
        f"by {name} the last {read} of {of}" if read < of else f"by {name} all {of}"
        for name, (read, of) in zip(SIDE_NAMES, counts, strict=True)
    ]
    return f"Of the tokens of this text {parts[0]} are read, {parts[1]}: {why}."


def stand_in(text: str) -> None:
    """Another text in the place of what was typed, which is kept to be given back."""
    typed = state.get("compare text") or ""
    if is_typed(typed):
        state["compare replaced"] = typed
    state["compare text"] = state["compare suggested"] = text


def give_back() -> None:
    """What was typed, where another text stands in for it."""
    state["compare text"] = state["compare replaced"]
    state["compare replaced"] = None


def is_typed(text: str) -> bool:
    """Whether a text is somebody's own, rather than put there by the page."""
    return bool(text) and text != state.get("compare suggested")


def suggest_text(summaries: list[Summary]) -> None:
    """Where other runs are chosen, a text that both can read, unless the one there is such.

    What was typed and had to give way comes back as soon as both can read it.
    """
    names = tuple(each.run.name for each in summaries)
    if state.get("compare text of") == names:
        return
    state["compare text of"] = names
    text, replaced = state.get("compare text") or "", state.get("compare replaced")
    if replaced and not is_typed(text) and all(can_read(each, replaced) for each in summaries):
        give_back()
        return
    if text and all(can_read(each, text) for each in summaries):
        return
    if suggested := shared_text(summaries):
        stand_in(suggested)
        state["compare replaced"] = state.get("compare replaced") or text


def shared_text(summaries: list[Summary]) -> str:
    """What one of them wrote last, as far as both know its letters; empty if they share none."""
    texts = [first_text(each) for each in reversed(summaries)]
    for text in texts:
        if text and all(can_read(each, text) for each in summaries):
            return text
    return max((readable_part(text, summaries) for text in texts), key=len)


def readable_part(text: str, summaries: list[Summary]) -> str:
    """The text without the characters that one of them does not know."""
    known = {c for c in set(text) if all(can_read(each, c) for each in summaries)}
    return "".join(character for character in text if character in known)


def can_read(summary: Summary, text: str) -> bool:
    """Whether the run's tokenizer knows all of the text."""
    try:
        summary.config.tokenizer.encode(text)
    except ValueError:
        return False
    return True


def choose_step(summary: Summary, name: str) -> int:
    """One of the run's checkpoints; at first an early one for A, the last for B."""
    key = f"compare step {name}"
    steps = [each.step for each in summary.run.checkpoints()]
    if state.get(key) not in steps:
        early = min(steps, key=lambda step: abs(step - steps[-1] / EARLY))
        # Two runs are held against each other at their ends, one run against its beginning.
        is_first_look = name == SIDE_NAMES[0] and state.get("compare run B") in (
            None,
            summary.run.name,
        )
        state[key] = early if is_first_look else steps[-1]
    is_adopted = summary.config.is_from_outside
    return st.selectbox(
        "weights" if is_adopted else "after step",
        steps,
        format_func=(lambda step: "adopted") if is_adopted else "{:,}".format,
        key=key,
        persist_state="session",
    )


def read_text(side: Side, text: str, room: int) -> Side:
    """The side when it has read the text, of which the last `room` tokens fit.

    Raises ValueError if the model does not know the text's characters.
    """
    prompt = side.opened.encode(text)
    ids = tuple(prompt.tokens[-room:])
    decode = side.opened.tokenizer.decode
    return replace(
        side,
        ids=ids,
        texts=tuple(decode([each]) for each in ids),
        n_cropped=prompt.n_cropped + len(prompt.tokens) - len(ids),
    )


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    for name in SIDE_NAMES:
        state[f"compare run {name}"] = asked.get(name.lower())
        state[f"compare step {name}"] = whole_number(asked.get(f"{name.lower()}_step", ""))
    state["compare text"] = asked.get("text", "")
    if asked.get("text") == "":  # it is meant
        state["compare text of"] = asked.get("a"), asked.get("b")
    seed = whole_number(asked.get("seed", ""))
    if seed is not None:
        state["compare first seed"] = seed
    if came_back():  # the browser holds another, which outdoes a default
        state["compare seed"] = state.get("compare first seed", FIRST_SEED)
    first, _, second = (whole_number(each) for each in asked.get("pair", "").partition("~"))
    if first is not None and second is not None:
        state["compare pair"] = (first, second)


def write_link(chosen: Sequence[tuple[Summary, int]], text: str, seed: int) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    pair = state.get("compare pair") or ()
    view = {"text": text, "seed": str(seed), "pair": "~".join(map(str, pair))}
    for name, (summary, step) in zip(SIDE_NAMES, chosen, strict=True):
        view[name.lower()] = summary.run.name
        view[f"{name.lower()}_step"] = str(step)
    write_address(PAGE, view, {"text": None})
