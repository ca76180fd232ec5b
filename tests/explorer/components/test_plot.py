"""The Python side of the plot component; what the browser does is tested in tests/browser."""

from __future__ import annotations

import threading
from pathlib import Path

from streamlit.testing.v1 import AppTest

from explorer.components.plot import SCRIPT_NAME, copy_plotly_script


def page() -> None:
    import plotly.graph_objects as go
    import streamlit as st

    from explorer.components.plot import plot

    event = plot(
        go.Figure(go.Heatmap(z=[[1, 2]])),
        key="cells",
        alt="Two cells",
        on_click=lambda point: st.session_state.update(called_with=point),
    )
    st.session_state.returned = event


def test_without_a_click_there_is_no_event() -> None:
    at = AppTest.from_function(page).run()
    assert not at.exception
    assert at.session_state.returned is None
    assert "called_with" not in at.session_state


def test_plotly_script_is_copied_once_and_whole(tmp_path: Path) -> None:
    starters = [
        threading.Thread(target=copy_plotly_script, args=(tmp_path / "static",)) for _ in range(4)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    (copy,) = (tmp_path / "static").iterdir()
    assert copy.name == SCRIPT_NAME
    assert b"plotly.js v" in copy.read_bytes()[:200]
    written = copy.stat().st_mtime_ns
    assert copy_plotly_script(tmp_path / "static") == copy
    assert copy.stat().st_mtime_ns == written
