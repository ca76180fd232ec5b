"""The three buttons under a page's picture, each of which sets the page up for something to see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st


class Suggestion(NamedTuple):
    """Something to try.

    Attributes:
        label: what the button says.
        reason: what there is to see, in a sentence.
        action: called with `arguments` before the page runs again.
    """

    label: str
    reason: str
    action: Callable[..., None]
    arguments: tuple[Any, ...] = ()


def show_things_to_try(suggestions: Sequence[Suggestion]) -> None:
    """A button for each, with its reason beneath."""
    for column, each in zip(st.columns(len(suggestions)), suggestions, strict=True):
        with column:
            st.button(each.label, on_click=each.action, args=each.arguments, width="stretch")
            st.html(f'<p class="gpt-caption">{each.reason}</p>')
