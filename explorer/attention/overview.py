"""Every head in numbers: what each looks at, and how it became what it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from explorer.attention.film import Film
from explorer.attention.reading import Reading, head_name
from explorer.attention.subject import Subject
from explorer.background import Outcome
from explorer.charts.heads import score_figure
from explorer.charts.tokens import mark_words, visible
from explorer.components.attention import Choice
from explorer.components.plot import plot
from explorer.downloads import name_file

TARGETS = ("most at", "second at", "third at")
SCORE_TITLES = {
    "previous_token": "previous token",
    "same_token": "same token",
    "induction": "induction",
    "first_token": "first token",
    "offset_share": "fixed offset",
    "entropy": "mean entropy, nats",
    "mean_distance": "mean distance, tokens",
}

ROW, LABEL = 35, 165  # pixels: how high a row of a table is; how wide a head's label

state = st.session_state


def show_table(subject: Subject, choice: Choice, reading: Reading) -> None:
    """For the token that looks, each head's favourites; and each head's scores."""
    assert choice.pinned is not None
    query = choice.pinned.query
    st.header(f"Where “{visible(subject.texts[query])}” looks, head by head", anchor="table")
    rows = []
    for index, pattern in enumerate(reading.patterns):
        shares = pattern[query, : query + 1]
        best = np.argsort(-shares)[: len(TARGETS)]
        label = reading.labels[index]
        row: dict[str, object] = {"head": head_name(index, reading.n_head), "label": label}
        for number, place in enumerate(best):
            row[TARGETS[number]] = f"{visible(subject.texts[place])}, token {place + 1}"
            row[f"weight {number + 1}"] = float(shares[place])
        row["entropy here, nats"] = float(-(shares * np.log(np.maximum(shares, 1e-30))).sum())
        for name, title in SCORE_TITLES.items():
            if name in reading.scores:
                row[title] = float(reading.scores[name][index])
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [name for name in table.columns if table[name].dtype.kind == "f"]
    st.dataframe(
        table,
        hide_index=True,
        height=min(ROW * (len(table) + 1) + 2, 330),
        column_config={name: st.column_config.NumberColumn(format="%.4f") for name in numbers}
        | {"label": st.column_config.TextColumn(width=LABEL)},
    )
    st.html(
        '<p class="gpt-caption">Weights and entropy here are of this token. A label and its scores'
        " are of the head: means over all tokens of this text, but induction over random strings"
        f" that come twice. {mark_words(subject.texts)}</p>"
    )
    st.download_button(
        "Table as CSV",
        table.to_csv(index=False),
        f"{name_file(subject.run.name, choice.step, 'heads')}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/table:",
    )


def show_becoming(subject: Subject, choice: Choice, reading: Reading, film: Outcome) -> None:
    """A score of every head over the training."""
    st.header("When a head becomes what it is", anchor="becoming")
    if film.value is None:
        said = film.reason or "Every checkpoint is being read …"
        st.html(f'<p class="gpt-caption">{said}</p>')
        return
    made: Film = film.value
    names = [name for name in SCORE_TITLES if name in made.scores]
    label = reading.labels[choice.open] if choice.open < len(reading.labels) else ""
    telling = next((name for name in names if label.startswith(SCORE_TITLES[name])), names[0])
    chosen = st.segmented_control(
        "Score",
        names,
        format_func=SCORE_TITLES.__getitem__,
        default=telling,
        required=True,
        key="attention score",
    )
    name = chosen or telling
    heads = [head_name(index, reading.n_head) for index in range(len(reading.patterns))]
    plot(
        score_figure(
            made.steps, made.scores[name], heads, choice.shown, choice.step, SCORE_TITLES[name]
        ),
        key="score over steps",
        filename=f"{subject.run.name}-heads-{name.replace('_', '-')}",
        columns={"head": "trace", "step": "x", SCORE_TITLES[name]: "y"},
        height=320,
        alt=f"{SCORE_TITLES[name]} of every head over the steps; step {choice.step:,} is marked",
    )
