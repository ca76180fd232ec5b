"""From another page to the Attention page, set up for a text of a run."""

from __future__ import annotations

import streamlit as st

from explorer.components.attention import Choice
from gpt.corpus.outside_tokenizer import NO_TEXT

CUT = "The model went on with bytes that are no character; they are left out."

state = st.session_state


def set_attention(run: str, text: str, choice: Choice, *, written: str = "") -> None:
    """What the Attention page shows next: a text, and what the model wrote behind it.

    What was written is read as far as it is characters: others would be read as other tokens.
    """
    state["attention run"] = state["attention text of"] = run
    state["attention text"] = text
    state["attention written"], is_cut, _ = written.partition(NO_TEXT)
    if is_cut:
        state["attention written none"] = CUT
    state["attention choice"] = choice
    state["attention mlps"], state["attention replacement"] = [], "zero"


def look_at_attention(run: str, text: str, choice: Choice, *, written: str = "") -> None:
    """Open the Attention page on a text, and on what the model wrote behind it.

    Leaves the page that calls it: nothing after the call is run.
    """
    set_attention(run, text, choice, written=written)
    st.switch_page("../pages/attention.py")
