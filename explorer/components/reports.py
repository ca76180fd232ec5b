"""What a component reports of its reader, heard once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st


def newly_reported(key: str, name: str, state: Mapping[str, Any] | None) -> Any:
    """What the browser reported under that name, in the first run that hears of it; else None.

    A report carries the time `at` which it was made. It stays in the component's state, where it
    must not overrule what the page decides later.
    """
    report = None if state is None else state.get(name)
    if report is None or report["at"] == last_heard(key, name):
        return None
    st.session_state[_heard(key, name)] = report["at"]
    return report


def last_heard(key: str, name: str) -> int:
    """When the report was made that was last heard, in the browser's milliseconds; 0 if none was.

    An answer carries it back, and the browser sees whether it has asked for something else since.
    """
    at: int = st.session_state.get(_heard(key, name), 0)
    return at


def _heard(key: str, name: str) -> str:
    return f"{key}, {name} last heard at"
