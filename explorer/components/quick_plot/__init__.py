"""Figures that change under the hand, drawn on a canvas within a frame of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer import theme
from explorer.charts.quick_figure import Cells, Mark, Places, QuickFigure, Scale
from explorer.components.film import pack, send_film
from explorer.components.painting import Channels, channels, drawn_figure

HERE = Path(__file__).parent


class Film(NamedTuple):
    """What will be drawn in a figure's place: its name, and a key that no other has had."""

    name: str
    key: str


def quick_plot(
    figure: QuickFigure,
    *,
    key: str,
    alt: str,
    height: int,
    filename: str,
    columns: Mapping[str, str],
    on_click: Callable[[int, int], None] | None = None,
    until: Film | None = None,
) -> None:
    """Draw ``figure``, as wide as its container and ``height`` pixels high, in place under a key.

    ``alt``, ``filename`` and ``columns`` are as those of `plot`, the columns without customdata.
    ``on_click`` is called with the row and the column, from 0, of a cell that is clicked, or
    reached by the arrow keys and chosen by Enter, before the rerun that this causes. ``until``
    names the `draw_later` of the same run that will put another figure in its place.
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
        "until": until,
    }
    message = pack(*parts_of(figure, head))
    _component()(key=key, data=message, height=height, on_click_change=clicked)


def draw_later(film: Film, figure: QuickFigure | None) -> None:
    """Put a figure in the place of the one that was drawn until this film; with None, nothing.

    All but what is drawn stays. It shows nothing itself, but takes a row of the page's layout.
    """
    head = {"name": film.name, "key": film.key}
    if figure is None:
        send_film(head, {})
    else:
        send_film(*parts_of(figure, head))


def parts_of(
    figure: QuickFigure, head: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """What the browser draws, and the numbers of cells, which stand behind it."""
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
    return {**head, **drawing}, arrays


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
