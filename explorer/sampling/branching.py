"""What could follow the text, and which continuations of it were tried."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.charts.continuations import likely_figure, tried_figure
from explorer.components.plot import PlotEvent, plot
from explorer.controls import show_mistake
from explorer.sampling.near_misses import near_misses
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
MISSES = 2, 6  # at least, and with the continuations that were tried
NEAR = 0.01  # the least probability of what nearly came

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
    if text.has_ended:
        with st.container(height=HEIGHT, border=False):  # as high as the figure
            st.html('<p class="gpt-caption">The text has ended: nothing follows it.</p>')
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
        on_click="ignore" if text.is_over else take_path,
    )
    choice = (
        f"All {subject.length:,} tokens are written;"
        if text.is_over
        else "With the controls as they stand. A click writes that path;"
    )
    st.html(
        f'<p class="gpt-caption gpt-likely">{choice} what is free on the right of a token are all'
        " its other continuations.</p>"
    )


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
    count = max(MISSES[0], MISSES[1] - len(limbs))
    misses = [miss for miss in near_misses(text, branches, count) if miss.probability >= NEAR]
    row = next(limb.row for limb in limbs if limb.branch == branches[current])
    plot(
        tried_figure(limbs, row, misses, text.subject.opened.tokenizer.decode),
        key="tried continuations",
        height=max(HEIGHT, 100 + 34 * (len(limbs) + len(misses))),
        alt=f"{len(limbs)} continuation{'s' if len(limbs) > 1 else ''} of the prompt, each a line"
        " from where it leaves another. Enter on its end takes it up again, on its beginning goes"
        " back to where it left."
        + (" Below them, dotted, what nearly came; Enter takes it." if misses else ""),
        on_click=take_up,
    )
    nearly = (
        "Dotted is what nearly came instead, as likely as it was to the model: a click goes that"
        " way, as does one on a bar or a token above."
        if misses
        else f"Nothing untried came near: each had less than {NEAR}. A click on a bar or a token"
        " above goes another way."
    )
    st.html(
        f'<p class="gpt-caption">{nearly} What you leave for another way stays here, and a click on'
        " its end takes it up again; a control that is moved writes the text anew in its place. An"
        " orange beginning was given, not drawn.</p>"
    )


def take_up(event: PlotEvent) -> None:
    """Go back to a fork, on from the end of a continuation, or where the text nearly went."""
    text: Text | None = state.get("sampling text")
    if text is None or event.customdata is None:
        return
    kind, *where = event.customdata
    if kind == "miss":
        place, token = (int(each) for each in where)
        if place < len(text.taken):
            text.go_back(place)
            text.take_path([token])
        return
    row, is_end = where
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
