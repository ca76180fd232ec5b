"""From the Training page on: the pages that look into a run, and what leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from explorer.run_choice import has_heads, has_weights
from gpt.runs.library import Summary

state = st.session_state


class Way(NamedTuple):
    """A page that opens the model of a run.

    Attributes:
        page: the name of its file.
        label: in a word or two.
        question: what is to be seen there.
        fits: whether the page can show a run: it has kept weights, and such as the page needs.
        parameter: what its address calls the run.
    """

    page: str
    label: str
    question: str
    fits: Callable[[Summary], bool] = has_weights
    parameter: str = "run"

    @property
    def key(self) -> str:
        """Where the page keeps the name of the run while a visit lasts."""
        return f"{self.page} run A" if self.parameter == "a" else f"{self.page} run"


def _is_trained_here(summary: Summary) -> bool:
    return has_weights(summary) and not summary.config.is_from_outside


WAYS = (
    Way("sampling", "Let it write", "What it writes"),
    Way("attention", "Its heads", "Where its heads look", has_heads),
    Way("inside", "Inside", "What it knows at which depth", has_heads),
    Way("weight", "One weight", "What a step does to one weight", _is_trained_here),
    Way("compare", "Then and now", "Its beginning beside its end", _is_trained_here, "a"),
)


def show_ways(summary: Summary) -> None:
    """A quiet row of what there is to see of this run; it waits for the first weights."""
    with st.container(horizontal=True, gap="small", key="ways on"):
        for way in WAYS:
            if st.button(
                way.label,
                type="tertiary",
                key=f"way {way.page}",
                help=way.question if way.fits(summary) else why_closed(summary),
                disabled=not way.fits(summary),
            ):
                go(way, summary)


def why_closed(summary: Summary) -> str:
    if has_weights(summary):
        return "It has no heads: nothing in it looks back"
    return "Opens with the first weights that the run keeps"


def show_questions(summary: Summary) -> None:
    """The same in full, as buttons: what there is to see of a run that nobody here has trained."""
    with st.container(horizontal=True):
        for way in WAYS:
            if way.fits(summary) and st.button(way.question, icon=":material/arrow_forward:"):
                go(way, summary)


def go(way: Way, summary: Summary) -> None:
    """Open the page on this run. Leaves the page that calls it: nothing after the call is run.

    A page reads its address once in a visit; where it has done so, it is told through the session.
    """
    link = {way.parameter: summary.run.name}
    if way.page == "compare":
        link["a_step"] = str(summary.run.checkpoints()[0].step)
    if way.key in state:
        state[way.key] = summary.run.name
        state.pop(f"{way.key}, missing", None)
        if way.page == "compare":  # with itself, at its end
            state["compare run B"] = state["compare step B"] = None
            state["compare step A"] = int(link["a_step"])
    st.switch_page(f"../pages/{way.page}.py", query_params=link)
