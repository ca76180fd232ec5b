"""The map of all matrices, and the matrix out of which a weight is picked."""

from __future__ import annotations

from functools import partial
from typing import get_args

import streamlit as st

from explorer.charts.numbers import format_typed
from explorer.charts.tokens import chip
from explorer.charts.weight import (
    MATRIX_COLUMNS,
    MOST_CELLS,
    Pooled,
    matrix_figure,
    neighbourhood,
    pool,
)
from explorer.charts.weight_map import MAP_COLUMNS, lay_out, map_figure
from explorer.components.plot import PlotEvent, plot
from explorer.components.quick_plot import quick_plot
from explorer.controls import show_mistake
from explorer.weight.subject import WHAT, Matrix, Subject, What, matrix_names, tensor_name

PLURALS: dict[What, str] = {"weight": "weights", "gradient": "gradients", "update": "updates"}
state = st.session_state


def show_map(matrix: Matrix) -> None:
    """Every matrix of the model, to be clicked."""
    names = matrix_names(matrix.opened)
    places = {name: place_of(tensor_name(matrix.opened, name)) for name in names}
    lines = list(dict.fromkeys(line for line, _ in places.values()))
    weights = matrix.next_step.weights
    matrices = {name: weights[name].reshape(-1, weights[name].shape[-1]) for name in names}
    plot(
        map_figure(lay_out(matrices, places), lines, matrix.taken.name),
        key="weight map",
        height=72 + 74 * len(lines),
        alt=f"The weights of all {len(names)} matrices of the model, layer by layer, blue above"
        f" zero and orange below; {matrix.taken.name} is chosen. Enter on one chooses it.",
        on_click=lambda event: pick_matrix(names, event),
        filename=matrix.filename("matrices"),
        columns=MAP_COLUMNS,
    )


def pick_matrix(names: list[str], event: PlotEvent) -> None:
    if event.text in names:
        state["weight matrix"] = event.text


def place_of(name: str) -> tuple[str, str]:
    """From blocks.0.attn.query.weight to layer 0, query."""
    *parents, last = name.removesuffix(".weight").removesuffix(".share").split(".")
    parts = parents if last == "bias" else [*parents, last]
    called = parts[-1]
    if called == "projection" and len(parts) > 1:  # both parts of a layer end in one
        called = f"{parts[-2].replace('mlp', 'MLP')} proj"  # in full it is wider than its tile
    if last == "bias":
        called += " bias"
    match parts[0]:
        case "blocks":
            return f"layer {parts[1]}", called
        case "embeddings" | "token_table":
            return "embeddings", called.replace("_", " ")
        case "ln_f" | "lm_head":
            return "last layer", called
        case _:
            return "layer 0", called  # of the rungs before there were blocks


def show_matrix(subject: Subject) -> None:
    """The matrix, its weights to be clicked."""
    state.setdefault("weight what", WHAT)
    st.segmented_control(
        "Show its",
        get_args(What),
        format_func=PLURALS.__getitem__,
        required=True,
        key="weight what",
        label_visibility="collapsed",
        persist_state="session",
    )
    what: What = state["weight what"]
    numbers = subject.numbers(what)
    rows, columns = numbers.shape
    pooled = pool(numbers)
    is_pooled = max(rows, columns) > MOST_CELLS
    file = f"{subject.weight.matrix} {PLURALS[what]}"
    draw(
        subject,
        pooled,
        what,
        "weight matrix cells",
        "The matrix",
        380 if rows > 1 else 150,
        f"{file}, largest of each block" if is_pooled else file,
    )
    if is_pooled:
        st.html(
            f'<p class="gpt-caption">{rows:,} × {columns:,} are too many to draw: each cell shows'
            " the largest of its block. Around the chosen one:</p>"
        )
        around = neighbourhood(numbers, *subject.place)
        draw(
            subject,
            around,
            what,
            "weight neighbours",
            "The weights around the chosen one",
            260 if rows > 1 else 150,
            f"{file} around row {subject.weight.row}, column {subject.weight.column}",
        )


def name_place(subject: Subject) -> None:
    """Row and column to be typed; what the matrix does not have is answered beside them."""
    lengths = subject.taken.before.shape
    for column, name, length, shown in zip(
        st.columns(2), ("row", "column"), lengths, subject.place, strict=True
    ):
        typed: float | None = state[f"weight {name}"]
        with column:
            # Without limits of its own: what is beyond them it would keep to itself, in red. Not of
            # whole numbers, and with nothing in it at first: it would cut 12.7 and fill in a 0.
            st.number_input(
                name.capitalize(),
                value=None,
                step=1.0,
                format="%.15g",
                key=f"weight {name}",
                persist_state="session",
                disabled=length == 1 and typed == shown,
                help=f"From 0 to {length - 1}.",
            )
            if typed != shown:
                there = f"{name}s are 0 to {length - 1}. Shown is {name} {shown}."
                if typed is None:
                    show_mistake(f"No {name} is given; this matrix's {there}")
                else:
                    show_mistake(f"This matrix has no {name} {format_typed(typed)}: its {there}")
    st.html(f'<p class="gpt-caption">{place_words(subject)}</p>')


def place_words(subject: Subject) -> str:
    """What the chosen row and column stand for, and from where it is counted."""
    row, column = subject.place
    name = subject.tensor_name

    def token(number: int) -> str:
        return chip(subject.opened.tokenizer.decode([number]))

    if name.startswith("embeddings.token"):
        words = f"Row {row} is the token {token(row)}; the weight is its channel {column}."
    elif name.startswith("embeddings.position"):
        words = f"Row {row} is position {row + 1} of a text; the weight is its channel {column}."
    elif name.startswith("token_table"):
        words = f"The weight is the logit of {token(column)} after {token(row)}."
    elif name == "lm_head.weight":
        words = f"The weight is how channel {column} counts for the logit of {token(row)}."
    elif len(subject.taken.before) == 1:
        words = f"The weight is that of channel {column}."
    else:
        words = f"The weight is how input {column} counts for output {row}."
    return f"{words} Rows, columns and channels count from 0, positions and examples from 1."


def draw(
    subject: Subject, pooled: Pooled, what: What, key: str, called: str, height: int, file: str
) -> None:
    rows, columns = subject.taken.before.shape
    quick_plot(
        matrix_figure(pooled, subject.place, what),
        key=key,
        height=height,
        alt=f"{called}: {PLURALS[what]} of {subject.weight.matrix}, {rows} rows by {columns}"
        f" columns, blue above zero and orange below; row {subject.weight.row}, column"
        f" {subject.weight.column} is framed. Enter on a cell chooses its weight.",
        on_click=partial(choose_cell, pooled),
        filename=subject.filename(file),
        columns={**MATRIX_COLUMNS, what: "z"},
    )


def choose_cell(pooled: Pooled, row: int, column: int) -> None:
    state["weight row"] = int(pooled.rows[row, column])
    state["weight column"] = int(pooled.columns[row, column])
