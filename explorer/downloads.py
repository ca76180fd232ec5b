"""Files made when somebody asks for them; where that fails, a sentence beside the button."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from mimetypes import guess_type

import streamlit as st

from explorer.controls import show_mistake
from explorer.reruns import run_apart, run_whole_page

TICK = 0.5  # seconds between two looks at a file that is being made
START_SECONDS = 2.0  # in which the browser has surely asked for the file after a click

Contents = str | bytes


def name_file(run: str, step: int, what: str) -> str:
    """What a file about a checkpoint is called, without its ending: copy-step-298-neurons."""
    return f"{run}-step-{step}-{what.replace(' ', '-')}"


class Download:
    """One file to save.

    Streamlit makes it beside the page, in a thread that cannot write to it: what went wrong there
    is kept here until the page looks.

    Attributes:
        mistake: why it could not be made the last time, in a sentence; None if it could.
    """

    def __init__(
        self,
        label: str,
        filename: str,
        make: Callable[[], Contents],
        *,
        icon: str,
        help: str | None = None,
    ) -> None:
        self.label = label
        self.filename = filename
        self.icon = icon
        self.help = help
        self.mistake: str | None = None
        self._make = make
        self._is_being_made = False
        self._asked_at = -START_SECONDS

    def contents(self) -> Contents:
        """Raises whatever stands in the way, after keeping a sentence about it."""
        self._is_being_made, self.mistake = True, None
        try:
            return self._make()
        except Exception as error:
            self.mistake = _sentence_for(error, self.filename)
            raise
        finally:
            self._is_being_made = False

    def ask(self) -> None:
        """Somebody has clicked."""
        self._asked_at = time.monotonic()

    @property
    def is_awaited(self) -> bool:
        return self._is_being_made or time.monotonic() - self._asked_at < START_SECONDS


def show_downloads(downloads: Sequence[Download]) -> None:
    """A button for each, and below them what could not be made."""
    is_awaited = any(each.is_awaited for each in downloads)
    run_apart(_show, downloads, is_awaited, every=TICK if is_awaited else None)


def _show(downloads: Sequence[Download], is_ticking: bool) -> None:
    with st.container(horizontal=True):
        for each in downloads:
            st.download_button(
                each.label,
                each.contents,
                each.filename,
                guess_type(each.filename)[0],
                help=each.help,
                icon=each.icon,
                on_click=each.ask,
                key=f"download {each.filename}",
            )
    for each in downloads:
        if each.mistake:
            show_mistake(each.mistake)
    if any(each.is_awaited for each in downloads) != is_ticking:
        run_whole_page()


def _sentence_for(error: Exception, filename: str) -> str:
    if isinstance(error, ValueError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
    return f"{filename} cannot be made: {reason}."
