"""What is worked out only when a button asks for it, because it takes a while.

Streamlit ends a run of the page when something else on it is used, and a press would be forgotten
with the work that it began. Here it is kept until it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner_utils.exceptions import ScriptControlException

from explorer.controls import show_mistake

Found = TypeVar("Found")

state = st.session_state


def ask(label: str, key: str, about: object, *, icon: str, is_possible: bool = True) -> None:
    """The button; it asks for what `answer` works out, about the settings as they are."""
    if st.button(label, icon=icon, disabled=not is_possible):
        state[f"{key}, asked"] = about


def answer(key: str, about: object, work: Callable[[], Found], doing: str) -> Found | None:
    """What was found about these settings, worked out now if it was asked for; else None.

    Of what was found about others it is said that it is outdated. A ValueError of `work` is told.
    """
    asked = f"{key}, asked"
    if asked in state:
        is_cut_short = False
        try:
            if state[asked] == about:
                work_out(key, about, work, doing)
        except ScriptControlException:  # something else was used: the next run takes it up again
            is_cut_short = True
            raise
        finally:
            if not is_cut_short:  # also where it failed, or it would fail in every run
                del state[asked]
    kept: tuple[object, Found] | None = state.get(key)
    if kept is not None and kept[0] == about:
        return kept[1]
    show_outdated(kept)
    return None


def work_out(key: str, about: object, work: Callable[[], Found], doing: str) -> None:
    try:
        with st.spinner(doing):
            state[key] = about, work()
    except ValueError as error:
        show_mistake(str(error))


def show_outdated(found: object | None) -> None:
    """In place of what a button brought for other settings, if it did."""
    if found is not None:
        st.html(
            '<p class="gpt-caption">What stood here belonged to other settings: press the button'
            " again.</p>"
        )
