"""Every head of one model against every head of the other, and any pair of them in full."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
import torch

from explorer.attention.reading import NOTHING_OFF, Reading, head_name, read
from explorer.charts.comparison import PATTERNS, SIDE_NAMES, head_distance_figure
from explorer.charts.glossary import SHORT_HEAD_NAMES, explain_labels
from explorer.charts.tokens import BOS_SIGN
from explorer.compare.subject import Side, Subject
from explorer.components.head_pair import HeadPair, head_pair
from explorer.components.quick_plot import quick_plot
from explorer.reruns import let_it_be_painted
from gpt.lens.comparison import head_distances
from gpt.lens.heads import LABEL_THRESHOLD

PAIR_HEIGHT = 440
BETWEEN = 16  # pixels, from one figure to the next

state = st.session_state


def show_heads(subject: Subject) -> None:
    """How far apart heads look, and the chosen pair."""
    st.header("Do the same heads look at the same?", anchor="heads")
    reason = why_not(subject)
    if reason:
        if not all(side.has_heads for side in subject.sides):
            state["compare heads height"] = "content"
        # Where only a text is awaited, what stands below stays in its place.
        with st.container(height=state.get("compare heads height", "content"), border=False):
            st.html(f'<p class="gpt-caption">{reason}</p>')
        return
    readings = [reading_of(side) for side in subject.sides]
    names = [names_of(reading) for reading in readings]
    patterns = [torch.from_numpy(reading.patterns) for reading in readings]
    distances = head_distances(*patterns).numpy()
    pair = pair_in(distances)
    grid_height = max(320, min(640, 120 + 34 * len(names[0])))
    state["compare heads height"] = grid_height + BETWEEN + PAIR_HEIGHT
    grid, beside = st.columns([7, 5], gap="large")
    with grid:
        quick_plot(
            head_distance_figure(
                distances, names[0], names[1], pair, (readings[0].labels, readings[1].labels)
            ),
            key="head distances",
            filename=subject.filename("heads"),
            columns={"pair": "text", "apart by": "z"},
            height=grid_height,
            alt="How far apart the attention of every head of A and every head of B is on this"
            f" text. Chosen: {names[0][pair[0]]} of A and {names[1][pair[1]]} of B,"
            f" {distances[pair]:.2f} apart. Enter on a cell opens that pair.",
            on_click=open_pair,
        )
    row, column = pair
    titles = (f"A: {names[0][row]}", f"B: {names[1][column]}")
    head_pair(
        HeadPair(
            subject.first.texts,
            readings[0].patterns[row],
            readings[1].patterns[column],
            PATTERNS,
            (*titles, f"{PATTERNS[-1]}: who looks more"),
        ),
        key="pair of heads",
        filename=subject.filename("pair of heads"),
        height=PAIR_HEIGHT,
        alt=f"Where {titles[0]} and {titles[1]} look on this text, and where the second looks more."
        " Arrow keys walk through the cells.",
    )
    let_it_be_painted()
    with beside:
        st.html(words(distances, names, pair, readings))
        st.download_button(
            "Distances as CSV",
            lambda: pd.DataFrame(distances, index=names[0], columns=names[1]).to_csv(),
            f"{subject.filename('heads')}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table:",
        )


def why_not(subject: Subject) -> str | None:
    """What stands against comparing heads; None if nothing does."""
    for name, side in zip(SIDE_NAMES, subject.sides, strict=True):
        if not side.has_heads:
            return f"{name} has no attention at all: there is nothing to compare."
    if subject.unread:
        return "Heads are held against each other on a text that both can read."
    if not subject.has_one_text:
        return apart(subject)
    if not subject.text:
        return "Heads look at a text: type one above."
    if len(subject.first.ids) < 2:
        return "Heads differ from the second token on: let them read a longer text."
    return None


def apart(subject: Subject) -> str:
    """Why the places of one are not those of the other."""
    first, second = subject.sides
    texts = [side.texts[side.has_begin :] for side in subject.sides]
    if texts[0] == texts[1] and first.has_begin != second.has_begin:
        name = "A" if first.has_begin else "B"
        return (
            f"Both cut this text alike, but {name} alone reads the mark of the beginning,"
            f" {BOS_SIGN}, before it: its places are one further on, and its heads can look there."
            " Heads are compared where both read the same."
        )
    return (
        "The two cut this text into different tokens, so the place of one is not the place of"
        " the other: heads are compared where both read the same."
    )


def reading_of(side: Side) -> Reading:
    return read(side.run, side.step, side.ids, NOTHING_OFF)


def names_of(reading: Reading) -> list[str]:
    return [head_name(index, reading.n_head) for index in range(len(reading.patterns))]


def pair_in(distances: np.ndarray) -> tuple[int, int]:
    """The pair that is looked at; at first the two heads of one place that are furthest apart."""
    pair: tuple[int, int] | None = state.get("compare pair")
    rows, columns = distances.shape
    if pair is None or pair[0] >= rows or pair[1] >= columns:
        state["compare pair"] = None
        furthest = int(np.argmax(np.diagonal(distances)))
        return furthest, furthest
    return pair


def open_pair(row: int, column: int) -> None:
    state["compare pair"] = (row, column)


def words(
    distances: np.ndarray,
    names: list[list[str]],
    pair: tuple[int, int],
    readings: list[Reading],
) -> str:
    """What the grid says, in sentences."""
    nearest = distances.argmin(1)
    count = min(distances.shape)
    at_home = int((nearest[:count] == np.arange(count)).sum())
    looks = (
        "looks most like the head of B at its" if at_home == 1 else "look most like those at their"
    )
    row, column = pair
    labels = [reading.labels[index] for reading, index in zip(readings, pair, strict=True)]
    kinds = [label or "no label" for label in labels]
    return f"""<div class="gpt-reading"><p>the pair that is framed, apart by
      <b class="gpt-headline">{distances[pair]:.4f}</b></p></div>
      <p class="gpt-caption">A, {names[0][row]}: {kinds[0]}.<br>B, {names[1][column]}:
      {kinds[1]}.<br>{explain_labels(labels, LABEL_THRESHOLD)}</p>
      <p class="gpt-caption">0: both look alike; 1: never at the same token. It is
      the share of a query's attention that would have to move, the mean over the text. Of A's
      {len(names[0])} heads, {at_home} {looks} own place, and A's
      {names[0][row]} most like B's {names[1][int(nearest[row])]}. Click a cell to open a
      pair. {SHORT_HEAD_NAMES}</p>"""
