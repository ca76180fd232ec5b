"""Sliders that answer while they are dragged, for what Python computes within a few milliseconds.

``st.slider`` tells Python nothing until it is let go; these tell it at most twenty times a second,
and never before the run caused by the last value has ended, so that a slow page is never behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.components.serving import served_component

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Slider:
    """One number to play with: where it starts, how far it goes, and a word about it.

    Raises ``ValueError`` for a range that is empty or does not contain the value.
    """

    name: str
    value: float
    minimum: float
    maximum: float
    step: float = 0.01
    note: str = ""

    def __post_init__(self) -> None:
        numbers = (self.value, self.minimum, self.maximum, self.step)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"The slider {self.name} has a number that is not finite.")
        if not self.minimum <= self.value <= self.maximum or self.minimum == self.maximum:
            raise ValueError(
                f"The slider {self.name} goes from {self.minimum} to {self.maximum};"
                f" its value {self.value} must lie in that range, which must not be empty."
            )
        if self.step <= 0:
            raise ValueError(f"The step of the slider {self.name} must be above 0.")


@dataclass(frozen=True)
class Reading:
    """The number of each slider by name, and whether none is being dragged at the moment."""

    numbers: dict[str, float]
    is_resting: bool


def live_sliders(sliders: Sequence[Slider], *, key: str, generation: int = 0) -> Reading:
    """Show the sliders and read them.

    What the reader chose stays while ``generation`` stays, whatever ``Slider.value`` says: it is
    the start of a slider that is new. Another ``generation`` (a preset was chosen) sets every
    slider to its ``value``. A number typed beyond a slider's range is taken, and widens it until
    another is typed; another range, or step, leaves the number where it is.
    """
    chosen = _chosen(st.session_state.get(key), generation)
    values = {slider.name: chosen.get(slider.name, slider.value) for slider in sliders}
    result = _component()(
        key=key,
        data={
            "generation": generation,
            "sliders": [asdict(slider) for slider in sliders],
            "values": values,
        },
        on_values_change=lambda: None,
    )
    chosen = _chosen(result, generation)
    report = result.get("values") if result is not None else None
    return Reading(
        {slider.name: chosen.get(slider.name, slider.value) for slider in sliders},
        is_resting=report is None or report.get("resting", True),
    )


def _chosen(state: Any, generation: int) -> dict[str, float]:
    """What the browser reported, unless it was before a preset took over."""
    report = state.get("values") if state is not None else None
    if report is None or report["generation"] != generation:
        return {}
    return {name: float(number) for name, number in report["numbers"].items()}


@cache
def _component() -> Callable[..., Any]:
    """The component as Streamlit knows it."""
    return served_component(
        "gpt_explorer_live_sliders",
        html='<div class="sliders"></div>\n',
        css=(HERE / "live_sliders.css").read_text(encoding="utf-8"),
        js=(HERE / "live_sliders.js").read_text(encoding="utf-8"),
    )
