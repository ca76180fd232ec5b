"""How figures are drawn: by Plotly in the browser, updated in place.

``st.plotly_chart`` builds a new chart at every change of data, which loses zoom and hover; this
component hands each new figure to ``Plotly.react``, which changes the chart that is there. Where
its 40 to 50 ms are too long, for what answers to a hand, there is ``quick_plot``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

# Plotly asks any pandas that it finds loaded; one that another visitor's page is only just loading
# would fail it. So it is loaded whole before the first figure.
import pandas  # noqa: F401
import streamlit as st
from plotly.utils import PlotlyJSONEncoder

from explorer import theme
from explorer.components.painting import FIGURE_STYLE, SAVING_SCRIPT, TOOLS
from explorer.components.serving import STATIC, put, served_component

if TYPE_CHECKING:
    import plotly.graph_objects as go

HERE = Path(__file__).parent
SCRIPT_NAME = f"plotly-{version('plotly')}.min.js"


@dataclass(frozen=True)
class PlotEvent:
    """A point of a figure that was clicked or pointed at.

    ``x``, ``y``, ``z``, ``text`` and ``customdata`` are those of the point, ``None`` where its
    trace has none. ``curve`` counts the figure's traces; ``index`` counts the points of the
    trace, or is ``(row, column)`` in a heatmap.
    """

    kind: Literal["click", "hover"]
    curve: int
    index: int | tuple[int, int]
    x: Any = None
    y: Any = None
    z: float | None = None
    text: str | None = None
    customdata: Any = None


Listener = Literal["ignore", "rerun"] | Callable[[PlotEvent], None]


def plot(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    height: int = 360,
    on_click: Listener = "ignore",
    on_hover: Listener = "ignore",
    filename: str = "",
    columns: Mapping[str, str] | None = None,
) -> PlotEvent | None:
    """Draw ``figure``, as wide as its container and ``height`` pixels high.

    A figure drawn again under the same ``key`` changes in place: zoom, hover and the page's
    layout stay. ``alt`` says in a sentence what the figure shows, for those who do not see it.
    Draw in the colours of ``theme.LIGHT``; where the page is dark they are exchanged, at once
    upon a switch, for those of ``theme.DARK``. The template is set here.

    ``filename``, without its ending, is what the figure is called when it is saved; else ``key``.
    ``columns`` names those of the CSV, each with what it holds of a point: ``x``, ``y``, ``z``,
    ``text``, ``trace`` for the name of its trace, ``customdata`` or, of several, ``customdata.0``.
    Points that lack any of it are then left out.

    ``on_click`` and ``on_hover`` say what a click on a point (or Enter on the point reached by
    the arrow keys) and a pointer resting on it (reported at most ten times a second) do:
    ``"ignore"``, ``"rerun"``, or a function called with the event before the rerun. The event is
    returned in the run that it caused, else ``None``.
    """
    content = figure.to_dict()
    content["layout"].pop("template", None)
    message = {
        "name": filename or key,
        "columns": columns,
        "alt": alt,
        "height": height,
        "clicks": on_click != "ignore",
        "hovers": on_hover != "ignore",
        "figure": content,
    }
    result = _component()(
        key=key,
        # As bytes the figure is neither escaped a second time nor hashed as JSON by Streamlit.
        data=json.dumps(message, cls=PlotlyJSONEncoder, separators=(",", ":")).encode(),
        height=height,
        on_click_change=_callback(on_click, "click", key),
        on_hover_change=_callback(on_hover, "hover", key),
    )
    return _event("click", result) or _event("hover", result)


def _callback(listener: Listener, kind: Literal["click", "hover"], key: str) -> Callable[[], None]:
    """What Streamlit calls before the rerun that an event causes."""

    def call() -> None:
        event = _event(kind, st.session_state[key])
        if callable(listener) and event is not None:
            listener(event)

    return call


def _event(kind: Literal["click", "hover"], state: Any) -> PlotEvent | None:
    """The event of one kind that the browser reported for this run, if it did."""
    point = state.get(kind)
    if point is None:
        return None
    index = point["index"]
    return PlotEvent(
        kind=kind,
        curve=point["curve"],
        index=(index[0], index[1]) if isinstance(index, list) else index,
        **{name: point.get(name) for name in ("x", "y", "z", "text", "customdata")},
    )


@cache
def _component() -> Callable[..., Any]:
    """The component as Streamlit knows it, with what its script needs from Python before it."""
    own = [(HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("plot", "arrays")]
    scripts = [plotly_script(), *own, SAVING_SCRIPT]
    return served_component(
        "gpt_explorer_plot",
        html=(HERE / "plot.html").read_text(encoding="utf-8").replace("TOOLS", TOOLS),
        css=FIGURE_STYLE + (HERE / "plot.css").read_text(encoding="utf-8"),
        js="\n".join(scripts),
        # Plotly writes its own style sheet into the page's head, which a shadow root keeps out.
        isolate_styles=False,
    )


def plotly_script() -> str:
    """What stands before the script of a component that draws with Plotly: its constants first."""
    copy_plotly_script(STATIC)
    constants = {
        "PLOTLY_URL": f"app/static/{SCRIPT_NAME}",
        "GROUND": {"light": theme.LIGHT.ground, "dark": theme.DARK.ground},
        "TEMPLATE": {
            "light": theme.template(theme.LIGHT).to_plotly_json(),
            "dark": theme.template(theme.DARK).to_plotly_json(),
        },
        "DARK_FOR_LIGHT": theme.dark_for_light(),
    }
    lines = [
        f"const {name} = {json.dumps(value, cls=PlotlyJSONEncoder)};"
        for name, value in constants.items()
    ]
    return "\n".join([*lines, (HERE / "plotly.js").read_text(encoding="utf-8")])


def copy_plotly_script(folder: Path) -> Path:
    """Put plotly.py's own plotly.min.js where Streamlit serves it, and return its path."""
    spec = find_spec("plotly")
    assert spec is not None and spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
    return put(folder, SCRIPT_NAME, source.read_bytes())
