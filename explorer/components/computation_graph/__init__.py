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
from typing import TYPE_CHECKING, Any

from explorer.components.reports import newly_reported
from explorer.components.serving import served_component

if TYPE_CHECKING:
    from explorer.charts.graph_drawing import Drawing

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = (
    "computation_graph",
    "drawing",
    "curve",
    "pass",
    "paint",
    "view",
    "pointing",
    "player",
    "export",
)


@dataclass(frozen=True)
class GraphEvent:
    """The node that is pinned, the step at which the pass rests (``None``: all of it is shown),
    and the path of a group that is to be folded or unfolded, in the run that this caused."""

    pinned: str | None
    step: int | None
    toggled: str | None


def computation_graph(drawing: Drawing, *, key: str, height: int = 560) -> GraphEvent:
    """Draw ``drawing`` as wide as its container and ``height`` pixels high, player included.

    While only numbers change under a ``key``, they change in place: zoom, pin and step stay. Two
    walks are compared: side by side, or one below the other where they are larger that way, which
    takes more than ``height``.

    The page keeps what is pinned and the step, and says so in ``drawing``. They are returned as
    they are there, unless the reader has changed them; so remember what comes back.
    """
    message = {"name": key, "height": height, "drawing": drawing}
    # As bytes the drawing is neither escaped a second time nor hashed as JSON by Streamlit.
    content = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    state: Mapping[str, Any] = _component()(key=key, data=content)
    return GraphEvent(
        pinned=_latest("pinned", drawing["pinned"], state, key),
        step=_latest("step", drawing["step"], state, key),
        toggled=state.get("toggle"),
    )


def _latest(name: str, said: Any, state: Mapping[str, Any], key: str) -> Any:
    """What the reader chose, in the first run that hears of it; else what the page says.

    The browser reports ``{"value": …, "at": milliseconds}``; a preset may pin nothing after it.
    """
    report = newly_reported(key, name, state)
    return said if report is None else report["value"]


@cache
def _component() -> Callable[..., Any]:
    """The component as Streamlit knows it, its parts joined to one script and one style sheet."""

    def text(name: str) -> str:
        return (HERE / name).read_text(encoding="utf-8")

    drawing_css = text("drawing.css")
    scripts = [text(f"{name}.js") for name in SCRIPTS]
    return served_component(
        "gpt_explorer_computation_graph",
        html=text("computation_graph.html"),
        css=drawing_css + text("computation_graph.css") + text("player.css"),
        js="\n".join([f"const DRAWING_CSS = {json.dumps(drawing_css)};", *scripts]),
    )
