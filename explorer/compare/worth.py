"""What each part of each model is worth: the loss on text held out, without it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.attention.switching import part_name
from explorer.charts.comparison import SIDE_NAMES, worth_figure
from explorer.compare.subject import Side, Subject
from explorer.components.plot import plot
from explorer.controls import show_mistake
from explorer.models import heads_per_layer
from gpt.lens.ablation import Losses, compare_losses, parts_of
from gpt.lens.opening import held_out_batches

WINDOWS = 128  # of the text held out, or documents

state = st.session_state


def show_worth(subject: Subject) -> None:
    """A button, and what it has found."""
    st.header("What is each part worth?", anchor="worth")
    st.html(
        '<p class="gpt-caption">Every head and MLP switched off by itself, and the loss measured on'
        " text that neither has learnt.</p>"
    )
    name = tuple((side.run.name, side.step) for side in subject.sides)
    if st.button("Switch each part off, in both", icon=":material/toggle_off:"):
        try:
            state["compare worth"] = name, [measure(side) for side in subject.sides]
        except ValueError as error:
            show_mistake(str(error))
            return
    found = state.get("compare worth")
    if found is None or found[0] != name:
        return
    table = table_of(found[1])
    plot(
        worth_figure(table["part"].tolist(), *(costs_in(table, side) for side in SIDE_NAMES)),
        key="worth",
        filename=subject.filename("parts"),
        columns={"of": "trace", "without": "text", "loss rises by": "y"},
        height=320,
        alt="What the loss rises by without each head and each MLP, of A and of B",
    )
    numbers = [column for column in table.columns if column != "part"]
    st.dataframe(
        table,
        hide_index=True,
        height=min(36 * len(table) + 38, 330),
        column_config={each: st.column_config.NumberColumn(format="%.4f") for each in numbers},
    )


def measure(side: Side) -> tuple[list[str], Losses]:
    """The parts of one model, and the losses without each; a bar says how far it is.

    Raises ValueError where there is no text, or nothing of it is held out.
    """
    batches = held_out_batches(side.summary.config, side.run.corpus(), windows=WINDOWS)
    parts = parts_of(side.opened.model)
    bar = st.progress(0.0, f"{side.title} reads …")
    losses = None
    for losses in compare_losses(side.opened.model, batches, [[part] for part in parts]):
        bar.progress(losses.share, f"{side.title}: {losses.n_targets:,} tokens read")
    bar.empty()
    assert losses is not None
    return [part_name(part, heads_per_layer(side.opened)) for part in parts], losses


def table_of(found: list[tuple[list[str], Losses]]) -> pd.DataFrame:
    """A row for each part that either has: what it costs to be without it, and the loss then."""
    parts = list(dict.fromkeys(part for names, _ in found for part in names))
    columns: dict[str, list[float | None]] = {}
    for side, (names, losses) in zip(SIDE_NAMES, found, strict=True):
        without = dict(zip(names, losses.after, strict=True))
        costs = {part: loss - losses.before for part, loss in without.items()}
        columns[f"{side}: it costs"] = [costs.get(part) for part in parts]
        columns[f"{side}: loss without"] = [without.get(part) for part in parts]
    return pd.DataFrame({"part": parts, **columns})


def costs_in(table: pd.DataFrame, side: str) -> list[float | None]:
    costs: list[float | None] = table[f"{side}: it costs"].tolist()
    return costs
