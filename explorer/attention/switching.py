"""Parts switched off: what it does to the next token, to this text and to text never learnt."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import streamlit as st
import torch

from explorer.attention.reading import NOTHING_OFF, Reading, SwitchedOff, head_name, read
from explorer.attention.subject import Subject
from explorer.charts.heads import before_after_figure
from explorer.charts.tokens import visible
from explorer.components.attention import Choice
from explorer.components.plot import plot
from explorer.controls import show_mistake
from explorer.downloads import name_file
from gpt.lens.ablation import MLP, Head, Part, Replacement, compare_losses, parts_of
from gpt.lens.opening import held_out_batches

WINDOWS = 128  # of the text held out, or documents
REPLACEMENTS: dict[Replacement, str] = {"zero": "nothing", "mean": "their mean"}

state = st.session_state


def switched_off(choice: Choice) -> SwitchedOff:
    """Heads as they were clicked in the picture, MLPs as they were chosen below it."""
    mlps = tuple(sorted(state.get("attention mlps", ())))
    replacement = state.get("attention replacement", "zero")
    return SwitchedOff(choice.off, mlps, replacement if choice.off or mlps else "zero")


def show_switching(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """The next token's probabilities before and after, and what the losses say."""
    assert choice.pinned is not None
    query = choice.pinned.query
    st.header("Switch it off and see", anchor="off")
    picture, beside = st.columns([7, 5], gap="large")
    whole = read(subject.run, choice.step, subject.ids, NOTHING_OFF)
    tokenizer = reading.opened.tokenizer
    tokens = [tokenizer.decode([each]) for each in range(tokenizer.vocab_size)]
    before = whole.trace.probabilities[query].float().numpy()
    after = reading.trace.probabilities[query].float().numpy() if off else None
    with picture:
        plot(
            before_after_figure(before, after, tokens),
            key="before and after",
            filename=name_file(subject.run.name, choice.step, "next token"),
            columns={"model": "trace", "token": "text", "probability": "y"},
            height=300,
            alt=f"The most likely tokens after {visible(subject.texts[query])}"
            + (", with and without the parts that are switched off" if off else ""),
        )
    with beside:
        st.html(
            '<p class="gpt-caption">Point at a small head and press × in its corner.'
            f" Shown: what comes after <b>{visible(subject.texts[query])}</b>,"
            f" token {query + 1}.</p>"
        )
        st.pills(
            "MLPs switched off",
            list(range(reading.n_layer)),
            format_func=lambda layer: f"layer {layer}",
            selection_mode="multi",
            key="attention mlps",
        )
        state.setdefault("attention replacement", "zero")
        st.segmented_control(
            "In their place",
            list(get_args(Replacement)),
            format_func=lambda each: REPLACEMENTS[each],
            required=True,
            key="attention replacement",
            help="nothing: zeros. their mean: what the part writes on average over this text, so"
            " that only what it says about the single token is lost.",
        )
        if losses := text_losses(subject, whole, reading, off):
            st.html(losses)
    show_worth(subject, choice, off, reading)


def text_loss(subject: Subject, reading: Reading) -> float | None:
    """The loss on the text itself, in nats per token; None where nothing is to be predicted.

    Of a task only the answer counts.
    """
    if subject.answer_start >= len(subject.ids):
        return None
    start = subject.answer_start
    logits = reading.trace.logits[start - 1 : -1].float()
    targets = torch.tensor(subject.ids[start:])
    return torch.nn.functional.cross_entropy(logits, targets).item()


def text_losses(subject: Subject, whole: Reading, reading: Reading, off: SwitchedOff) -> str:
    before = text_loss(subject, whole)
    if before is None:
        return ""
    after = text_loss(subject, reading) if off else None
    what = "the answer in this text" if subject.answer_start > 1 else "this text"
    change = (
        ""
        if after is None
        else f"""<p>without those parts
        <b class="gpt-headline gpt-backward">{after:.4f}</b></p>"""
    )
    return f"""<div class="gpt-reading"><p>loss on {what}, nats per token
      <b class="gpt-headline gpt-forward">{before:.4f}</b></p>{change}</div>"""


def show_worth(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """Losses on text held out: without the parts that are off, or without each part in turn."""
    chosen, each = st.columns(2)
    parts = off.parts(reading.n_head)
    with chosen:
        is_asked = st.button(
            "Measure on text held out",
            disabled=not parts,
            width="stretch",
            help="The loss without what is switched off, on text never learnt."
            if parts
            else "Switch something off first: a head by the × in its corner, or an MLP above.",
        )
    with each:
        is_each_asked = st.button(
            "What is every part worth?",
            width="stretch",
            help="Each head and MLP switched off by itself, on text never learnt.",
        )
    sets: list[list[Part]] = []
    if is_asked:
        sets = [parts]
    elif is_each_asked:
        sets = [[part] for part in parts_of(reading.opened.model)]
    if sets:
        state["attention worth"] = measure(subject, choice, off, sets, reading)
    found = state.get("attention worth")
    if found is None or found[0] != (subject.run.name, choice.step, off):
        return
    table = found[1]
    st.dataframe(
        table,
        hide_index=True,
        height=min(36 * len(table) + 38, 330),
        column_config={
            name: st.column_config.NumberColumn(format="%.4f")
            for name in ("loss without", "it costs")
        },
    )
    st.html(f'<p class="gpt-caption">{found[2]}</p>')


def measure(
    subject: Subject, choice: Choice, off: SwitchedOff, sets: list[list[Part]], reading: Reading
) -> tuple[tuple[str, int, SwitchedOff], pd.DataFrame, str] | None:
    """The losses, worked out while a bar says how far it is."""
    try:
        config = subject.summary.config
        batches = held_out_batches(config, subject.run.corpus(), windows=WINDOWS)
    except ValueError as error:
        show_mistake(str(error))
        return None
    if not batches:
        show_mistake("Nothing is held out of this text, so there is nothing to measure on.")
        return None
    bar = st.progress(0.0, "Reading text that was never learnt …")
    losses = None
    for losses in compare_losses(reading.opened.model, batches, sets, off.replacement):
        bar.progress(losses.share, f"{losses.n_targets:,} tokens read")
    bar.empty()
    assert losses is not None
    table = pd.DataFrame(
        {
            "without": [" + ".join(part_name(part, reading.n_head) for part in s) for s in sets],
            "loss without": losses.after,
            "it costs": np.array(losses.after) - losses.before,
        }
    ).sort_values("it costs", ascending=False)
    words = (
        f"On <b>{losses.n_targets:,}</b> tokens held out the whole model's loss is"
        f" <b>{losses.before:.4f}</b> nats per token; in the place of each part stands"
        f" {REPLACEMENTS[off.replacement]}."
    )
    return (subject.run.name, choice.step, off), table, words


def part_name(part: Part, n_head: int) -> str:
    if isinstance(part, Head):
        return head_name(part.layer * n_head + part.head, n_head)
    assert isinstance(part, MLP)
    return f"layer {part.layer}, MLP"
