"""What is alike to a model: its embeddings, its places and what it says, in two dimensions."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from explorer.charts.embeddings import projection_figure
from explorer.charts.tokens import visible
from explorer.components.logit_lens import Choice
from explorer.components.plot import plot
from explorer.downloads import name_file
from explorer.inside.subject import Subject
from explorer.models import model_at
from gpt.lens.embeddings import Projection, project, vector_tables
from gpt.runs.run import Run

PROJECTIONS_KEPT = 64
MOST_POINTS = 400  # of a vocabulary; its tokens in the text are always among them
TITLES = {
    "token": "tokens, as they are read",
    "prediction": "tokens, as they are said",
    "position": "places in the text",
}

state = st.session_state


@lru_cache(PROJECTIONS_KEPT)
def projected(run: Run, step: int, kind: str) -> Projection:
    """One of the tables of a model; of a large vocabulary that takes seconds."""
    return project(vector_tables(model_at(run, step).model)[kind].float())


def show_embeddings(subject: Subject, choice: Choice) -> None:
    """One of the model's tables, by its two principal components."""
    st.header("What is alike to it", anchor="alike")
    tables = vector_tables(model_at(subject.run, choice.step).model)
    if state.get("inside vectors") not in tables:
        state["inside vectors"] = next(iter(tables))
    st.segmented_control(
        "Vectors of",
        list(tables),
        format_func=TITLES.__getitem__,
        required=True,
        key="inside vectors",
        persist_state="session",
    )
    kind: str = state["inside vectors"]
    coordinates, shares = projected(subject.run, choice.step, kind)
    if kind == "position":
        shown = list(range(len(coordinates)))
        names = [str(place + 1) for place in shown]
        marked = {choice.position}
    else:
        in_text = list(dict.fromkeys(subject.ids))
        rest = (i for i in range(len(coordinates)) if i not in set(in_text))
        shown = [*in_text, *(i for i, _ in zip(rest, range(MOST_POINTS), strict=False))]
        names = [visible(subject.newest.tokenizer.decode([token])) for token in shown]
        marked = set(range(len(in_text)))
    what = (
        "the place that is pinned; dots: places whose numbers have no room"
        if kind == "position"
        else "those in this text"
    )
    st.html(
        '<p class="gpt-caption">In the two directions in which they differ most; orange:'
        f" {what}.</p>"
    )
    plot(
        projection_figure(
            coordinates[shown].numpy(), shares.tolist(), names, marked, is_path=kind == "position"
        ),
        key="embeddings",
        height=460,
        alt=f"Vectors of {TITLES[kind]} at step {choice.step:,}, by their two principal"
        f" components, which hold {float(shares.sum()):.0%} of the variance",
        filename=name_file(subject.run.name, choice.step, f"{kind} vectors"),
        columns={kind: "customdata", "first direction": "x", "second direction": "y"},
    )
