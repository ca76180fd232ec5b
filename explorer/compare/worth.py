"""What each part of each model is worth: the loss on text held out, without it."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd
import streamlit as st

from explorer.attention.switching import part_name
from explorer.background import outcome
from explorer.charts.comparison import SIDE_NAMES, worth_figure
from explorer.compare.losses import ask_loss
from explorer.compare.subject import Side, Subject
from explorer.components.plot import plot
from explorer.measures import ask_text
from explorer.models import heads_per_layer
from explorer.on_demand import answer, ask
from gpt.lens.ablation import MLP, Head, Losses, Part, compare_losses, parts_of
from gpt.lens.opening import held_out_batches

WINDOWS = 128  # of the text held out, or documents

KEY = "compare worth"


class Measured(NamedTuple):
    """What the parts of one side are worth.

    Attributes:
        parts: that can be switched off.
        losses: of the whole model and without each part.
        n_head: heads in a layer.
        corpus: the name of the text that was held out.
    """

    parts: list[Part]
    losses: Losses
    n_head: int
    corpus: str


def show_worth(subject: Subject) -> None:
    """A button, and what it has found."""
    st.header("What is each part worth?", anchor="worth")
    st.html(
        '<p class="gpt-caption">Every head and MLP switched off by itself, and the loss measured on'
        " text that neither has learnt.</p>"
    )
    name = tuple((side.run.name, side.step) for side in subject.sides)
    reason = why_not(subject)
    if reason:
        st.html(f'<p class="gpt-caption">{reason}</p>')
    label = "Switch each part off, in both"
    ask(label, KEY, name, icon=":material/toggle_off:", is_possible=not reason)
    measured = answer(KEY, name, lambda: measure_both(subject), "Switching off …")
    if measured is None:
        return
    st.html(f'<p class="gpt-caption">{whole_words(measured, subject)}</p>')
    table = table_of(measured)
    plot(
        worth_figure(table["part"].tolist(), *(costs_in(table, side) for side in SIDE_NAMES)),
        key="worth",
        filename=subject.filename("parts"),
        columns={"of": "trace", "without": "text", "loss rises by": "y"},
        height=340,
        alt="What the loss rises by without each head and each MLP, of A and of B",
    )
    numbers = [column for column in table.columns if column != "part"]
    st.dataframe(
        table,
        hide_index=True,
        column_config={each: st.column_config.NumberColumn(format="%.4f") for each in numbers},
        placeholder="–",
    )


def measure_both(subject: Subject) -> list[Measured]:
    """What the parts of A and of B are worth."""
    return [measure(side, title) for side, title in zip(subject.sides, subject.titles, strict=True)]


def why_not(subject: Subject) -> str | None:
    """Why nothing can be measured, as HTML; None if both have a text held out, as far as is known.

    What the verdict has told is not told again.
    """
    told = {ask_loss(side.summary, side.step).reason for side in subject.sides}
    whose: dict[str, list[str]] = {}
    for name, side in zip(SIDE_NAMES, subject.sides, strict=True):
        if reason := reason_of(side):
            whose.setdefault(reason, []).append(name)
    sentences = [
        f"{names[0] + ' has no' if len(names) == 1 else 'Neither has'} text held out"
        + (", as is told under the table on top." if reason in told else f": {escape(reason)}")
        for reason, names in whose.items()
    ]
    return " ".join(sentences) or None


def reason_of(side: Side) -> str | None:
    """Why no text held out is known of one side; None where it is."""
    if side.is_from_outside:
        return "it came from outside, without the text that it has learnt from."
    known = outcome(ask_text(side.summary.config, side.run)), ask_loss(side.summary, side.step)
    return next((each.reason for each in known if each.reason), None)


def measure(side: Side, title: str) -> Measured:
    """The parts of one model, and the losses without each; a bar says how far `title` is.

    Raises ValueError where there is no text, or nothing of it is held out.
    """
    batches = held_out_batches(side.summary.config, side.run.corpus(), windows=WINDOWS)
    parts = parts_of(side.opened.model)
    bar = st.progress(0.0, f"{title} reads …")
    losses = None
    for losses in compare_losses(side.opened.model, batches, [[part] for part in parts]):
        bar.progress(losses.share, f"{title}: {losses.n_targets:,} tokens read")
    bar.empty()
    assert losses is not None
    return Measured(parts, losses, heads_per_layer(side.opened), side.summary.config.corpus.name)


def whole_words(found: list[Measured], subject: Subject) -> str:
    """What is read, and how well with every part in place."""
    is_one_test = subject.has_one_vocabulary and subject.has_one_corpus
    told = [
        f"{name}'s loss is <b>{each.losses.before:.4f}</b>"
        + ("" if is_one_test else f", on {tested_on(each)}")
        for name, each in zip(SIDE_NAMES, found, strict=True)
    ]
    words = f"With every part in place {' and '.join(told)}, in nats per token"
    if is_one_test:
        words += f", both on {tested_on(found[0])}"
    written = [ask_loss(side.summary, side.step) for side in subject.sides]
    if any(
        loss.value is not None and abs(loss.value - each.losses.before) >= 5e-5
        for loss, each in zip(written, found, strict=True)
    ):
        words += (
            ". The validation loss in the table on top is another number for the same: it was"
            " measured on more, or less, of that text"
        )
    if is_one_test:
        return f"{words}."
    return f"{words}. They are not tested on the same tokens: compare parts of one, not A with B."


def tested_on(each: Measured) -> str:
    return f"{each.losses.n_targets:,} tokens of {escape(each.corpus)} that were held out"


def table_of(found: list[Measured]) -> pd.DataFrame:
    """A row for each part that either has: what it costs to be without it, and the loss then."""
    parts = sorted({part for each in found for part in each.parts}, key=place_of)
    n_head = max(each.n_head for each in found)
    columns: dict[str, list[float | None]] = {}
    for side, each in zip(SIDE_NAMES, found, strict=True):
        without = dict(zip(each.parts, each.losses.after, strict=True))
        costs = {part: loss - each.losses.before for part, loss in without.items()}
        columns[f"{side}: it costs"] = [costs.get(part) for part in parts]
        columns[f"{side}: loss without"] = [without.get(part) for part in parts]
    return pd.DataFrame({"part": [part_name(part, n_head) for part in parts], **columns})


def place_of(part: Part) -> tuple[int, bool, int]:
    """Layer by layer the heads, then the MLP."""
    return part.layer, isinstance(part, MLP), part.head if isinstance(part, Head) else 0


def costs_in(table: pd.DataFrame, side: str) -> list[float | None]:
    costs: list[float | None] = table[f"{side}: it costs"].tolist()
    return costs
