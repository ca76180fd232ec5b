"""The computation graph, drawn and played in the browser.

What is drawn, and every number and sentence in it, comes from Python; pan, zoom, hover, pin and
the steps through the pass need no message to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

if TYPE_CHECKING:
    from explorer.charts.graph_drawing import Drawing

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = ("computation_graph", "drawing", "pass", "view", "pointing", "player", "export")


@dataclass(frozen=True)
class GraphEvent:
    """What the reader did: the node that is pinned, the step at which the pass rests (``None``:
    all of it), and the path of a group to fold or unfold, in the run that this caused."""

    pinned: str | None
    step: int | None
    toggled: str | None


def computation_graph(drawing: Drawing, *, key: str, height: int = 560) -> GraphEvent:
    """Draw ``drawing`` as wide as its container and ``height`` pixels high, player included.

    While only numbers change under a ``key``, they change in place: zoom, pin and step stay. Two
    walks are shown side by side. ``drawing["pinned"]`` and ``drawing["step"]`` take effect when
    they change; until the reader does something, they are also what is returned.
    """
    message = {"name": key, "height": height, "drawing": drawing}
    # As bytes the drawing is neither escaped a second time nor hashed as JSON by Streamlit.
    content = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    state: Mapping[str, Any] = _component()(key=key, data=content)
    return GraphEvent(
        pinned=state.get("pinned", drawing["pinned"]),
        step=state.get("step", drawing["step"]),
        toggled=state.get("toggle"),
    )


@cache
def _component() -> Callable[..., Any]:
    """The component as Streamlit knows it, its parts joined to one script and one style sheet."""

    def text(name: str) -> str:
        return (HERE / name).read_text(encoding="utf-8")

    drawing_css = text("drawing.css")
    scripts = [text(f"{name}.js") for name in SCRIPTS]
    component = st.components.v2.component(
        "gpt_explorer_computation_graph",
        html=text("computation_graph.html"),
        css=drawing_css + text("computation_graph.css"),
        js="\n".join([f"const DRAWING_CSS = {json.dumps(drawing_css)};", *scripts]),
    )
    return cast(Callable[..., Any], component)
