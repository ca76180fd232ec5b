"""Figures that change under the hand, drawn on a canvas within a frame of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer import theme
from explorer.charts.quick_figure import Cells, Mark, Places, QuickFigure, Scale
from explorer.components.film import pack
from explorer.components.painting import Channels, channels, drawn_figure

HERE = Path(__file__).parent


def quick_plot(
    figure: QuickFigure,
    *,
    key: str,
    alt: str,
    height: int,
    filename: str,
    columns: Mapping[str, str],
    on_click: Callable[[int, int], None] | None = None,
) -> None:
    """Draw ``figure``, as wide as its container and ``height`` pixels high, in place under a key.

    ``alt``, ``filename`` and ``columns`` are as those of `plot`, the columns without customdata.
    ``on_click`` is called with the row and the column, from 0, of a cell that is clicked, or
    reached by the arrow keys and chosen by Enter, before the rerun that this causes.
    """

    def clicked() -> None:
        chosen = st.session_state[key].get("click")
        if on_click is not None and chosen is not None:
            on_click(*chosen)

    head: dict[str, Any] = {
        "alt": alt,
        "height": height,
        "filename": filename,
        "columns": dict(columns),
        "is_clickable": on_click is not None,
    }
    _component()(key=key, data=message_of(figure, head), height=height, on_click_change=clicked)


def message_of(figure: QuickFigure, head: Mapping[str, Any]) -> bytes:
    """What the browser draws; the numbers of cells stand behind it."""
    arrays: dict[str, npt.NDArray[Any]] = {}

    def behind(numbers: npt.NDArray[Any]) -> str:
        name = f"{len(arrays)}"
        arrays[name] = numbers
        return name

    def described(mark: Mark) -> dict[str, Any]:
        if not isinstance(mark, Cells):
            return {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in vars(mark).items()
            }
        rows, columns = mark.values.shape
        return {
            **vars(mark),
            "rows": rows,
            "columns": columns,
            "values": behind(mark.values.astype(np.float32)),
            "places": mark.places and [behind(_compact(each)) for each in mark.places],
        }

    drawing = {
        **vars(figure),
        "axes": {name: vars(axis) for name, axis in figure.axes.items()},
        "panels": [
            {**vars(panel), "marks": [described(mark) for mark in panel.marks]}
            for panel in figure.panels
        ],
    }
    return pack({**head, **drawing}, arrays)


def _compact(places: Places) -> npt.NDArray[np.unsignedinteger]:
    """In as few bytes as the largest of them needs."""
    return places.astype(np.min_scalar_type(places.max()))


def scales() -> dict[str, dict[Scale, list[Channels]]]:
    """The colours of cells in either theme, evenly spaced from the lowest number to the highest."""
    return {
        name: {
            "diverging": [channels(colour) for colour in palette.diverging],
            "greys": [channels(colour) for colour in palette.sequential_neutral],
        }
        for name, palette in (("light", theme.LIGHT), ("dark", theme.DARK))
    }


@cache
def _component() -> Callable[..., Any]:
    scripts = [
        (HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("quick_plot", "points")
    ]
    return drawn_figure("gpt_explorer_quick_plot", "\n".join(scripts), scales())
