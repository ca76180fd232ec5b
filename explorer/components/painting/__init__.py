"""What components that draw share: the page's colours for a canvas, pens, drawings as files, looks.

Each script is text to stand beside a component's own in its one module for the browser, and the
style stands before its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from explorer.components.film import MESSAGE_SCRIPT
from explorer.components.serving import served_component

HERE = Path(__file__).parent

Channels = tuple[int, int, int]

FIGURE_STYLE = (HERE / "figure.css").read_text(encoding="utf-8")
COLOURS_SCRIPT = (HERE / "colours.js").read_text(encoding="utf-8")
PENS_SCRIPT = (HERE / "pens.js").read_text(encoding="utf-8")
SAVING_SCRIPT = "\n".join(
    (HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("saving", "fonts")
)
TOOLS = (HERE / "tools.html").read_text(encoding="utf-8")
"""Where a figure's markup says TOOLS: buttons that save it, and what is only spoken."""


def drawn_figure(name: str, script: str, scales: Mapping[str, Any]) -> Callable[..., Any]:
    """The component of a figure on a canvas, of which its script says what `drawn_figure.js` asks.

    Both scripts find the colours of its cells, in both themes, as SCALES.
    """

    def text(ending: str) -> str:
        return (HERE / f"drawn_figure.{ending}").read_text(encoding="utf-8")

    shared = [text("js"), COLOURS_SCRIPT, PENS_SCRIPT, SAVING_SCRIPT, MESSAGE_SCRIPT]
    return served_component(
        name,
        html=text("html").replace("TOOLS", TOOLS),
        css=FIGURE_STYLE + text("css"),
        js="\n".join([f"const SCALES = {json.dumps(scales)};", script, *shared]),
        isolate_styles=False,
    )


def channels(colour: str) -> Channels:
    """Red, green and blue of ``#RRGGBB``, from 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
