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
    heard = f"{key}, {name} last heard at"
    if report is None or report["at"] == st.session_state.get(heard):
        return None
    st.session_state[heard] = report["at"]
    return report
