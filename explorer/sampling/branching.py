"""What could follow the text, and which continuations of it were tried."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.charts.continuations import likely_figure, tried_figure
from explorer.components.plot import PlotEvent, plot
from explorer.controls import show_mistake
from explorer.sampling.subject import config_of
from explorer.sampling.text import Text
from explorer.sampling.tries import Branch, grow, with_branch
from gpt.tensor.tree import likeliest_continuations

AT_ONCE = 5_000_000
"""Parameters of a model that is asked for its tree whenever the text changes; larger ones wait."""

# The least, the most, and the usual.
BRANCHES = 2, 6, 4
AHEAD = 1, 6, 4
HEIGHT = 400

state = st.session_state


def show_branching(text: Text) -> None:
    """Both trees; a click on either changes the text."""
    could, were = st.columns([5, 6], gap="large")
    with could:
        st.header("What could follow", anchor="likely")
        show_likely(text)
    with were:
        st.header("What was tried", anchor="tried")
        show_tried(text)


def show_likely(text: Text) -> None:
    """The likeliest continuations from here, with their probabilities."""
    first, second = st.columns(2, gap="medium")
    with first:
        breadth = choose("Branches", "sampling branches", BRANCHES)
    with second:
        depth = choose("Tokens ahead", "sampling ahead", AHEAD)
    subject = text.subject
    if text.is_over:
        st.html(f'<p class="gpt-caption">{why_over(text)}</p>')
        return
    is_large = subject.opened.model.config.parameter_count() > AT_ONCE
    if is_large and not st.toggle("Ask this large model at every change", key="sampling ask"):
        return
    try:
        nodes = likeliest_continuations(
            subject.opened.model,
            text.whole,
            config_of(text.controls),
            breadth=breadth,
            depth=depth,
            past_block=subject.past_block,
            end=subject.end,
        )
    except ValueError as error:
        show_mistake(str(error))
        return
    decode = subject.opened.tokenizer.decode
    best = max(nodes, key=lambda node: (len(node.tokens), node.path_probability))
    plot(
        likely_figure(nodes, depth, decode),
        key="likely continuations",
        height=HEIGHT,
        alt=f"The {breadth} likeliest tokens after the text, and after each of those, {depth} deep,"
        f" as high as they are likely; the likeliest path is {decode(best.tokens)!r} with"
        f" {best.path_probability:.4f}. Enter takes a path.",
        on_click=take_path,
    )
    st.html(
        '<p class="gpt-caption">With the controls as they stand. A click writes that path;'
        " what is free on the right of a token are all its other continuations.</p>"
    )


def why_over(text: Text) -> str:
    if text.taken[-1] == text.subject.end:
        return "The text has ended: nothing follows it."
    return f"That was the last of the {text.subject.length:,} tokens; allow more to go on."


def choose(label: str, key: str, numbers: tuple[int, int, int]) -> int:
    """A slider that stands where the link, or the reader, has put it."""
    least, most, usual = numbers
    state.setdefault(key, usual)
    return st.slider(label, least, most, key=key, persist_state="session")


def take_path(event: PlotEvent) -> None:
    """Write what was clicked."""
    text: Text | None = state.get("sampling text")
    if text is not None and event.customdata is not None:
        text.tries = with_branch(text.tries, text.branch)
        text.take_path([int(token) for token in event.customdata])


def show_tried(text: Text) -> None:
    """Every continuation that was tried from this prompt."""
    branches = with_branch(text.tries, text.branch)
    current = _standing(branches, text)
    limbs = grow(branches)
    if not limbs:
        st.html('<p class="gpt-caption">Nothing has been written yet.</p>')
        return
    row = next(limb.row for limb in limbs if limb.branch == branches[current])
    plot(
        tried_figure(limbs, row, text.subject.opened.tokenizer.decode),
        key="tried continuations",
        height=max(HEIGHT, 100 + 34 * len(limbs)),
        alt=f"{len(limbs)} continuations of the prompt, each a line from where it leaves another."
        " Enter on its end takes it up again, on its beginning goes back to where it left.",
        on_click=take_up,
    )
    st.html(
        '<p class="gpt-caption">Click a bar above, or a token of the text, to go another way: what'
        " you leave by that stays here; other controls write the text anew. A click on an end"
        " takes it up again; an orange beginning was"
        " given, not drawn.</p>"
    )


def take_up(event: PlotEvent) -> None:
    """Go back to a fork, or on from the end of a continuation."""
    text: Text | None = state.get("sampling text")
    if text is None or event.customdata is None:
        return
    row, is_end = event.customdata
    limbs = grow(with_branch(text.tries, text.branch))
    if row < len(limbs):
        limb = limbs[row]
        text.return_to(limb.branch)
        state["sampling controls"] = text.controls
        if not is_end:
            text.go_back(limb.start)


def _standing(branches: Sequence[Branch], text: Text) -> int:
    """Which of the branches the text as it stands belongs to."""
    taken = tuple(text.taken)
    return next(
        (i for i, each in enumerate(branches) if each.tokens[: len(taken)] == taken),
        0,
    )
