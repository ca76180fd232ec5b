"""The losses of both over their steps, the chosen checkpoints marked."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.background import outcome
from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.loss_comparison import losses_figure
from explorer.charts.training import UNIT_TITLES, Curve
from explorer.compare.losses import unit_of
from explorer.compare.subject import Side, Subject
from explorer.components.plot import plot
from explorer.measures import ask_text, characters_per_token
from explorer.run_watch import baselines_in, curve_of, measured


def is_text_awaited(subject: Subject) -> bool:
    """Whether the texts that the curves are set beside are still being counted."""
    return any(
        outcome(ask_text(side.summary.config, side.run)).is_awaited
        for side in trained_sides(subject).values()
    )


def trained_sides(subject: Subject) -> dict[str, Side]:
    """The sides whose training is known, by their names; one run is a single one."""
    sides = dict(zip(SIDE_NAMES, subject.sides, strict=True))
    if subject.is_one_run:
        del sides["B"]
    return {name: side for name, side in sides.items() if not side.is_from_outside}


def show_losses(subject: Subject) -> None:
    st.header("How did they get there?", anchor="losses")
    unit = unit_of(subject)
    known, words = {}, []
    for name, side in zip(SIDE_NAMES, subject.sides, strict=True):
        if side.is_from_outside:
            words.append(f"Of {name} no training is known: it came from outside as it is.")
    for name, side in trained_sides(subject).items():
        characters = characters_per_token(side.summary.config, side.run)
        if unit == "bits per character" and characters.value is None:
            words.append(f"How many characters there are to a token of {name}'s is not known.")
        else:
            known[name] = side
    baselines = []
    if known:
        first = next(iter(known.values()))
        has_one_measure = len(known) == 1 or (subject.has_one_corpus and subject.has_one_vocabulary)
        baselines = baselines_in(measured(first.summary)) if has_one_measure else []
        if baselines:
            whose = "the text of both" if len(known) == 2 else f"the text of {first.title}"
            words.append(f"Dashed: what can be had without a GPT on {whose}.")
    if words:
        st.html(f'<p class="gpt-caption">{" ".join(words)}</p>')
    if not known:
        return
    steps = {
        name: side.step
        for name, side in zip(SIDE_NAMES, subject.sides, strict=True)
        if not side.is_from_outside and (subject.is_one_run or name in known)
    }
    curves = {name: curve_for(name, side, subject) for name, side in known.items()}
    titles = " and ".join(curve.title for curve in curves.values())
    plot(
        losses_figure(curves, steps, baselines, unit),
        key="compared losses",
        filename=subject.filename("losses"),
        columns={"curve": "trace", "step": "x", UNIT_TITLES[unit]: "y"},
        height=400,
        alt=f"Losses over the steps of {titles}, the chosen checkpoints"
        f" {' and '.join(f'{name} {step:,}' for name, step in steps.items())} marked",
    )


def curve_for(name: str, side: Side, subject: Subject) -> Curve:
    curve = curve_of(side.summary, side.title)
    return curve if subject.is_one_run else replace(curve, title=f"{name}: {side.title}")
