"""What comes next: a place's distribution under four sliders, drawn from, and the text it makes.

Dragging, hovering and pointing happen in the browser, with the arithmetic of `gpt.tensor.filters`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer.components.film import MESSAGE_SCRIPT, pack

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = ("distribution", "filters", "sliders", "bars", "text")

Act = Literal["controls", "token", "word", "end", "back", "force", "goto"]


@dataclass(frozen=True)
class Controls:
    """The sliders; see `gpt.tensor.filters.SamplingConfig`."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0


@dataclass(frozen=True)
class Request:
    """What the reader did.

    Attributes:
        act: new controls; go on by a token, a word, or to the end; a step back; force a token at a
            place; go back to a place.
        controls: as they stand now.
        token: that is forced.
        place: where, counted from the end of the prompt.
    """

    act: Act
    controls: Controls
    token: int = 0
    place: int = 0


@dataclass(frozen=True)
class Picture:
    """What the view shows.

    Attributes:
        texts: what each token of the vocabulary stands for.
        vocabulary: the same as it is to be seen.
        prompt: the tokens that were given.
        taken: the tokens behind it.
        given: for each of those whether it was forced.
        logits: of every place, and of the next: `(taken + 1, V)`.
        uniforms: where the needle points at each of them, `(taken + 1,)`.
        is_over: whether nothing more can follow.
    """

    texts: Sequence[str]
    vocabulary: Sequence[str]
    prompt: Sequence[int]
    taken: Sequence[int]
    given: Sequence[bool]
    logits: npt.NDArray[np.float32]
    uniforms: Sequence[float]
    is_over: bool


def requested(key: str) -> Request | None:
    """What the reader did in the view of that key, in the first run that hears of it."""
    state: Mapping[str, Any] | None = st.session_state.get(key)
    report = None if state is None else state.get("act")
    heard = f"{key}, act last heard at"
    if report is None or report["at"] == st.session_state.get(heard):
        return None
    st.session_state[heard] = report["at"]
    if report["act"] not in get_args(Act):
        return None
    controls = Controls(
        float(report["temperature"]),
        int(report["top_k"]),
        float(report["top_p"]),
        float(report["min_p"]),
    )
    return Request(
        report["act"], controls, int(report.get("token", 0)), int(report.get("place", 0))
    )


def distribution(picture: Picture, controls: Controls, *, key: str) -> None:
    """Show the picture; ask `requested` what the reader does with it."""
    head = {
        "texts": list(picture.texts),
        "vocabulary": list(picture.vocabulary),
        "prompt": list(picture.prompt),
        "taken": list(picture.taken),
        "given": list(picture.given),
        "controls": vars(controls),
        "uniforms": list(picture.uniforms),
        "is_over": picture.is_over,
    }
    data = pack(head, {"logits": picture.logits})
    _component()(key=key, data=data, on_act_change=lambda: None)


@cache
def _component() -> Callable[..., Any]:
    """The view as Streamlit knows it, its parts joined to one script."""
    scripts = [(HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    component = st.components.v2.component(
        "gpt_explorer_distribution",
        html=(HERE / "distribution.html").read_text(encoding="utf-8"),
        css=(HERE / "distribution.css").read_text(encoding="utf-8"),
        js="\n".join([*scripts, MESSAGE_SCRIPT]),
    )
    return cast(Callable[..., Any], component)
