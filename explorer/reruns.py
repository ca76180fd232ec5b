"""Which run of a script this is: of the whole page, or of one of its fragments by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVarTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from explorer.browser_messages import send_now

PAINTING = 0.15  # seconds

state = st.session_state
Arguments = TypeVarTuple("Arguments")


def is_fragment_alone() -> bool:
    """Whether only a fragment is running: its tick, or something in it that was used."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_asked_for_itself() -> bool:
    """Within a fragment: whether it runs because something in it was used, not the page around."""
    context = get_script_run_ctx()
    if context is None or not context.fragment_ids_this_run:
        return False
    return ThreadState.get().fragment_id in context.fragment_ids_this_run


def came_back() -> bool:
    """Whether the reader went back or forward in the browser, to a view that the address tells."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation and bool(st.query_params)


def run_apart(
    show: Callable[[*Arguments], None], *arguments: *Arguments, every: float | None = None
) -> None:
    """Show what also runs by itself: every so many seconds, and when something in it is used.

    It stands in a container of the page, which keeps its place. Where a fragment runs again before
    the page's messages have left, Streamlit drops what the page had sent for it. The browser would
    then close the gap, all below would move up, and the fragment be written over what comes next.
    """
    with st.container():
        st.fragment(show, run_every=every)(*arguments)


def begin_page() -> None:
    """The first line of a page whose fragments may ask for all of it."""
    state.is_page_whole = False


def end_page() -> None:
    """Its last line: all of it has been sent."""
    state.is_page_whole = True


def run_whole_page() -> None:
    """From a fragment that runs by itself: only the whole page can set a fragment's clock.

    While the whole page runs this does nothing, for it would be cut short.
    """
    if is_fragment_alone():
        st.rerun()


def was_cut_short() -> bool:
    """Whether the last run of the whole page ended before its end, as two at once may do.

    What it had not come to is missing on the screen, so a fragment that notices asks for all again.
    """
    return is_fragment_alone() and not state.get("is_page_whole", True)


def let_it_be_painted() -> None:
    """After a page's picture: what follows is sent a moment later.

    The browser shows nothing before it has drawn all that has come. Without this the picture waits
    for the tables and figures below it, which takes two to three times as long. PAINTING is about
    what a page of ours needs from the picture's message to the frame that shows it.
    """
    send_now()
    time.sleep(PAINTING)
