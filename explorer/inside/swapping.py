"""Pieces of another text swapped in: which token, at which depth, carries the difference."""

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
from explorer.inside.reading import read, stream_title
from explorer.inside.subject import Subject
from explorer.models import model_at
from gpt.lens.logit_lens import stream_names
from gpt.lens.patching import patch, patch_heads, patch_stream
from gpt.lens.trace import trace
from gpt.runs.run import Run

SWAPS_KEPT = 8
# Multiplications that are made without asking: about a second's.
MOST_WORK = 2 * 10**10

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


def work(subject: Subject) -> int:
    """About how many multiplications all swaps take."""
    config = subject.newest.model.config
    T = len(subject.ids)
    return (config.n_blocks + 1) * T * T * config.parameter_count()


def show_swapping(subject: Subject, choice: Choice) -> None:
    """Another text to take from, and two maps of what its pieces do."""
    st.header("Swap a piece of another text in", anchor="swap")
    st.html(
        '<p class="gpt-caption">Write a text of as many tokens that should end differently. Piece'
        " by piece its residual stream takes the place of this text's, and the maps show how far"
        " the answer goes over: 0 not at all, 1 all the way (Meng et al. 2022).</p>"
    )
    entry, doing = st.columns([8, 4], vertical_alignment="bottom", gap="medium")
    with entry:
        other = st.text_input("Other text", key="inside other", persist_state="session")
    with doing:
        st.button(
            "Change one token",
            icon=":material/swap_horiz:",
            on_click=change_one_token,
            args=(subject, choice),
            width="stretch",
            help="This text with another token at the place that its end looks at most.",
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
            f" {len(others)}."
        )
        return
    if work(subject) > MOST_WORK and not is_wanted(subject, others):
        return
    swaps = swap(subject.run, choice.step, subject.ids, others)
    if swaps is None:
        st.html(
            '<p class="gpt-caption">After both texts the model says the same, so there is nothing'
            " to carry over. Change more of it.</p>"
        )
        return
    show_swaps(subject, choice, others, swaps)


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
        f'<p class="gpt-caption">After this text the model says {chip(own)}, after the other'
        f" {chip(their)}. The logit of {chip(their)} less that of {chip(own)} is"
        f" <b>{format_number(swaps.lead, 4)}</b> here and"
        f" <b>{format_number(swaps.other_lead, 4)}</b> there; with everything swapped before the"
        f" first block it is <b>{format_number(swaps.swapped_lead, 4)}</b>.</p>"
    )
    n_layer = len(swaps.heads)
    names = [stream_title(each, is_halved=False) for each in stream_names(n_layer)]
    texts = [tokenizer.decode([each]) for each in others]
    stream, heads = st.columns([8, 4], gap="large")
    height = 150 + 34 * (n_layer + 1)
    with stream:
        plot(
            patched_stream_figure(swaps.streams, subject.texts, texts, names),
            key="patched stream",
            height=height,
            alt=f"How far the answer goes over from {visible(own)} to {visible(their)} with the"
            " residual stream swapped at one token and depth",
        )
    with heads:
        plot(
            patched_heads_figure(swaps.heads),
            key="patched heads",
            height=height,
            alt=f"How far the answer goes over from {visible(own)} to {visible(their)} with what"
            " one head gathered swapped at all tokens",
        )


def change_one_token(subject: Subject, choice: Choice) -> None:
    """Write the other text: this one, changed where its end looks most."""
    reading = read(subject.run, choice.step, subject.ids)
    tokenizer = subject.newest.tokenizer
    looks = reading.trace.patterns[:, :, -1].sum((0, 1))
    if tokenizer.bos is not None:
        looks[0] = 0  # BOS belongs to no text
    place = int(looks[:-1].argmax()) if len(subject.ids) > 1 else 0
    own = subject.ids[place]
    offered = [i for i in subject.ids if i not in (own, tokenizer.bos)]
    other = max(offered, default=own)
    ids = [other if i == place else each for i, each in enumerate(subject.ids)]
    state["inside other"] = tokenizer.decode([each for each in ids if each != tokenizer.bos])
