"""By which controls a section's texts were written, and that the controls have moved since."""

from __future__ import annotations

import streamlit as st

from explorer.components.distribution import Controls

OFF = Controls()
NAMES = {"temperature": "temperature", "top_k": "top-k", "top_p": "top-p", "min_p": "min-p"}
RESULTS = ("sampling film", "sampling past", "sampling costs")
"""Where the sections below keep what they wrote by the controls as these stood."""

state = st.session_state


def in_words(controls: Controls) -> str:
    """The temperature, and those of the others that are not off."""
    return ", ".join(
        f"{title} {getattr(controls, name):g}"
        for name, title in NAMES.items()
        if name == "temperature" or getattr(controls, name) != getattr(OFF, name)
    )


def show_written_by(controls: Controls, what: str = "Written") -> None:
    """One line, always there, so that nothing moves when it has more to say."""
    moved = (
        ""
        if controls == state["sampling controls"]
        else ' <b class="gpt-backward">The controls have moved since: press the button to follow'
        " them.</b>"
    )
    st.html(f'<p class="gpt-caption" role="status">{what} at {in_words(controls)}.{moved}</p>')


def is_anything_written() -> bool:
    """Whether a section below shows something that other controls may make outdated."""
    return any(state.get(name) is not None for name in RESULTS)
