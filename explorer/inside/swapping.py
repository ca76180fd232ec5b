"""Pieces of another text swapped in: which token, at which depth, carries the difference.

Asked is what comes after the token that is pinned; whatever stands behind it has no part in that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st
from torch import Tensor

from explorer.charts.numbers import format_number
from explorer.charts.patching import patched_heads_figure, patched_stream_figure
from explorer.charts.tokens import chip, visible
from explorer.components.logit_lens import Choice
from explorer.components.plot import plot
from explorer.controls import show_mistake
from explorer.downloads import name_file
from explorer.inside.reading import Reading, stream_title
from explorer.inside.subject import Subject
from explorer.models import model_at
from explorer.run_choice import is_readable
from gpt.lens.logit_lens import stream_names
from gpt.lens.patching import lead_over, patch, patch_heads, patch_stream
from gpt.lens.trace import trace
from gpt.runs.run import Run

SWAPS_KEPT = 8
# Multiplications that are made without asking: about a second's.
MOST_WORK = 2 * 10**10
PLACES_TRIED = 3  # of another token, where the pinned one looks most
MOST_OF_VOCABULARY = 256  # tokens: of single characters all, of merged bytes the bytes

state = st.session_state


class Swaps(NamedTuple):
    """What becomes of the lead of one answer over another. Leads are in logits.

    Attributes:
        answers: what is said in the end of the text, and of the other.
        lead, other_lead: of the other's answer over the text's own, for either text.
        swapped_lead: with everything before the first block swapped.
        streams: how far the lead goes over, from 0 to 1: `(n_layer + 1, T)`.
        heads: the same with one head swapped everywhere: `(n_layer, H)`.
    """

    answers: tuple[int, int]
    lead: float
    other_lead: float
    swapped_lead: float
    streams: npt.NDArray[np.float32]
    heads: npt.NDArray[np.float32]


@lru_cache(SWAPS_KEPT)
def swap(run: Run, step: int, ids: tuple[int, ...], others: tuple[int, ...]) -> Swaps | None:
    """Every swap, one after another; None where both texts are answered alike."""
    model = model_at(run, step).model
    logits, other = trace(model, ids).logits[-1], trace(model, others)
    own, their = int(logits.argmax()), int(other.logits[-1].argmax())
    if own == their:
        return None

    def lead(logits: Tensor) -> Tensor:
        return (logits[..., their] - logits[..., own]).double()

    lead_here, lead_there = float(lead(logits)), float(lead(other.logits[-1]))
    everything = trace(model, ids, ablate=patch(other, ["embeddings"])).logits[-1]

    def share(logits: Tensor) -> npt.NDArray[np.float32]:
        found = (lead(logits) - lead_here) / (lead_there - lead_here)
        return np.asarray(found, dtype=np.float32)

    return Swaps(
        (own, their),
        lead_here,
        lead_there,
        float(lead(everything)),
        share(patch_stream(model, ids, others)),
        share(patch_heads(model, ids, others)),
    )


def work(subject: Subject, n_tokens: int) -> int:
    """About how many multiplications all swaps take."""
    config, T = subject.newest.model.config, n_tokens
    return (config.n_blocks + 1) * T * T * config.parameter_count()


def show_swapping(subject: Subject, choice: Choice, reading: Reading) -> None:
    """Another text to take from, and two maps of what its pieces do."""
    st.header("Swap a piece of another text in", anchor="swap")
    pinned = f"{chip(subject.texts[choice.position])}, token {choice.position + 1}"
    st.html(
        '<p class="gpt-caption">Write a text of as many tokens in which something else should come'
        f" after the pinned {pinned}. Piece by piece its residual stream takes the place of this"
        " text's, and the maps show how far the answer goes over: 0 not at all, 1 all the way to"
        " the other text's, below 0 away from it (Meng et al. 2022).</p>"
    )
    leave_what_cannot_be_read(subject)
    entry, doing = st.columns([8, 4], vertical_alignment="bottom", gap="medium")
    with entry:
        other = st.text_area("Other text", key="inside other", persist_state="session", height=68)
    with doing:
        st.button(
            "Change one token",
            icon=":material/swap_horiz:",
            on_click=change_one_token,
            args=(subject, choice, reading),
            width="stretch",
            disabled=not changeable_places(subject),
            help="This text with another token where the pinned one looks most, so that something"
            " else comes after it. Press again for the next.",
        )
    if not other:
        return
    try:
        others = tuple(subject.newest.encode(other).tokens)
    except ValueError as error:
        show_mistake(str(error))
        return
    if len(others) != len(subject.ids):
        show_mistake(
            f"The other text must have as many tokens: this has {len(subject.ids)}, that"
            f" {len(others)}. “Change one token” makes one that has."
        )
        return
    read_so_far = slice(choice.position + 1)
    ids, others = subject.ids[read_so_far], others[read_so_far]
    if work(subject, len(ids)) > MOST_WORK and not is_wanted(subject, others):
        return
    swaps = None if ids == others else swap(subject.run, choice.step, ids, others)
    if swaps is None:
        st.html(f'<p class="gpt-caption">{alike_words(ids == others, pinned)}</p>')
        return
    show_swaps(subject, choice, others, swaps)


def leave_what_cannot_be_read(subject: Subject) -> None:
    """An other text of another run gives way where this model does not know all of it."""
    before, state["inside other of"] = state.get("inside other of"), subject.run.name
    other = state.get("inside other")
    is_of_another = before not in (None, subject.run.name)
    if is_of_another and other and not is_readable(other, subject.newest):
        state["inside other"] = ""


def alike_words(are_same: bool, pinned: str) -> str:
    """Why there is nothing to carry over."""
    if are_same:
        return (
            f"Up to the pinned {pinned}, both texts are the same: change a token at or before it,"
            " or pin a later one."
        )
    return (
        f"After {pinned}, the model says the same in both texts, so there is nothing to carry over."
        " Change more of it."
    )


def is_wanted(subject: Subject, others: tuple[int, ...]) -> bool:
    """Whether somebody has asked for what takes long."""
    what = (subject.run.name, subject.ids, others)
    if st.button("Swap every piece", help="On a model of this size it takes a while."):
        state["inside swap wanted"] = what
    return bool(state.get("inside swap wanted") == what)


def show_swaps(subject: Subject, choice: Choice, others: tuple[int, ...], swaps: Swaps) -> None:
    """Both maps, and the numbers between which they run."""
    tokenizer = subject.newest.tokenizer
    own, their = (tokenizer.decode([each]) for each in swaps.answers)
    st.html(
        f'<p class="gpt-caption">In this text the model says {chip(own)} there, in the other'
        f" {chip(their)}. The logit of {chip(their)} less that of {chip(own)} is"
        f" <b>{format_number(swaps.lead, 4)}</b> here and"
        f" <b>{format_number(swaps.other_lead, 4)}</b> there; with everything swapped before the"
        f" first block it is <b>{format_number(swaps.swapped_lead, 4)}</b>.</p>"
    )
    n_layer = len(swaps.heads)
    names = [stream_title(each, is_halved=False) for each in stream_names(n_layer)]
    texts = [tokenizer.decode([each]) for each in others]
    with st.container(key="inside-swaps"):
        stream, heads = st.columns([8, 4], gap="large")
    height = 150 + 34 * (n_layer + 1)
    with stream:
        plot(
            patched_stream_figure(swaps.streams, subject.texts[: len(texts)], texts, names),
            key="patched stream",
            height=height,
            alt=f"How far the answer goes over from {visible(own)} to {visible(their)} with the"
            " residual stream swapped at one token and depth",
            filename=name_file(subject.run.name, choice.step, "stream swapped"),
            columns={"position": "x", "token": "customdata", "depth": "y", "of the way": "z"},
        )
    with heads:
        plot(
            patched_heads_figure(swaps.heads),
            key="patched heads",
            height=height,
            alt=f"How far the answer goes over from {visible(own)} to {visible(their)} with what"
            " one head gathered swapped at all tokens",
            filename=name_file(subject.run.name, choice.step, "heads swapped"),
            columns={"layer": "y", "head": "x", "of the way": "z"},
        )


def changeable_places(subject: Subject) -> list[int]:
    """Where tokens stand that can be written: all but the mark of the beginning."""
    return [i for i, token in enumerate(subject.ids) if token != subject.newest.tokenizer.bos]


def change_one_token(subject: Subject, choice: Choice, reading: Reading) -> None:
    """Write the other text: this one with another token, where the pinned one looks most.

    Of the places and tokens that are tried, one after which something else is said, the surest
    first; what stands there by now is not written again.
    """
    tokenizer, end = subject.newest.tokenizer, choice.position + 1
    places = changeable_places(subject)
    looks = reading.trace.patterns[:, :, choice.position].sum((0, 1))
    seen = [i for i in places if i < choice.position] or places[:1]
    seen.sort(key=lambda i: -float(looks[i]))
    model = reading.opened.model
    passes = max(1, MOST_WORK // (end * model.config.parameter_count()))
    texts = [
        [*subject.ids[:place], token, *subject.ids[place + 1 :]]
        for place in seen[:PLACES_TRIED]
        for token in tokens_to_try(subject)
        if token != subject.ids[place]
    ][:passes]
    leads = lead_over(model, subject.ids[:end], [text[:end] for text in texts])
    now = state.get("inside other")
    for i in leads.argsort(descending=True, stable=True).tolist():
        other = tokenizer.decode([texts[i][place] for place in places])
        # Merged bytes may be cut otherwise when they are read again.
        if other != now and subject.newest.encode(other).tokens == texts[i]:
            state["inside other"] = other
            return


def tokens_to_try(subject: Subject) -> list[int]:
    """Those of the text, and the first of the vocabulary."""
    tokenizer = subject.newest.tokenizer
    known = range(min(tokenizer.vocab_size, MOST_OF_VOCABULARY))
    return [token for token in dict.fromkeys([*subject.ids, *known]) if token != tokenizer.bos]
