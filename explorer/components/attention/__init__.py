"""Attention under the pointer: all heads of a model, one of them in full, and its words.

Pointing, playing and dragging the slider over a run's checkpoints happen in the browser. What the
slider will show is sent behind the first picture, as a film.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer import theme
from explorer.components import scrubber
from explorer.components.film import MESSAGE_SCRIPT, pack, send_film
from explorer.components.painting import COLOURS_SCRIPT, FIGURE_STYLE, SAVING_SCRIPT
from explorer.components.plot import plotly_script
from explorer.components.reports import last_heard, newly_reported
from explorer.components.serving import served_component

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = ("attention", "thumbnails", "heatmap", "words")

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Pinned:
    """A pair of places in the text: the one that looks, and the one looked at."""

    query: int
    key: int


@dataclass(frozen=True)
class Choice:
    """What the reader has chosen.

    Attributes:
        step: the checkpoint that is looked at.
        open: the head that is shown in full, counted layer by layer.
        shown: the heads whose lines are drawn; `open` is one of them.
        off: the heads that are switched off.
        pinned: the pair that is pinned, if one is.
    """

    step: int
    open: int
    shown: tuple[int, ...]
    off: tuple[int, ...] = ()
    pinned: Pinned | None = None


@dataclass(frozen=True)
class Picture:
    """What the view shows at one checkpoint.

    Attributes:
        tokens: their texts, as they are to be seen.
        prompt: how many of them were given; the model has written the rest.
        layers: how many there are; the heads are spread evenly over them.
        heads: the name of each head, layer by layer.
        labels: for each head what kind it is, or "".
        run: its name, for what is saved.
        title: of what is open.
        thumbnails: `(heads, S (S + 1) / 2)`, weights of all heads from 0 to 255, row by row.
        size: S.
        shown: `(heads shown, T (T + 1) / 2)`, the open one first, from 0 to 65535: enough for four
            digits and half the bytes of a float.
        scores: `(T (T + 1) / 2,)`, those of what is open before the softmax, in hundredths; none
            where it is no head.
        steps: the checkpoints there are.
        loss_steps, losses: the validation loss over the run, in nats per token.
        film: what the film must be called to belong to this picture.
    """

    tokens: Sequence[str]
    prompt: int
    layers: int
    heads: Sequence[str]
    labels: Sequence[str]
    run: str
    title: str
    thumbnails: Bytes
    size: int
    shown: Words
    scores: npt.NDArray[np.int16]
    steps: Sequence[int]
    loss_steps: Sequence[int]
    losses: Sequence[float]
    film: str


def chosen(key: str, otherwise: Choice) -> Choice:
    """What the reader has chosen in the view of that key, in the first run that hears of it.

    In every other run what the page says.
    """
    report = newly_reported(key, "choice", st.session_state.get(key))
    if report is None:
        return otherwise
    pinned = report["pinned"]
    return Choice(
        step=int(report["step"]),
        open=int(report["open"]),
        shown=tuple(int(each) for each in report["shown"]),
        off=tuple(int(each) for each in report["off"]),
        pinned=None if pinned is None else Pinned(int(pinned["query"]), int(pinned["key"])),
    )


def attention(picture: Picture, choice: Choice, *, key: str) -> None:
    """Show the picture as it was chosen; ask `chosen` what the reader does with it."""
    head = {
        "name": key,
        "tokens": list(picture.tokens),
        "prompt": picture.prompt,
        "layers": picture.layers,
        "heads": list(picture.heads),
        "labels": list(picture.labels),
        "run": picture.run,
        "title": picture.title,
        "size": picture.size,
        "heard": last_heard(key, "choice"),
        "steps": list(picture.steps),
        "losses": {"steps": list(picture.loss_steps), "values": list(picture.losses)},
        "film": picture.film,
        **asdict(choice),
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "thumbnails": picture.thumbnails,
        "weights": picture.shown,
        "scores": picture.scores,
    }
    _component()(key=key, data=pack(head, arrays), on_choice_change=lambda: None)


def thumbnail_film(
    steps: Sequence[int],
    thumbnails: Bytes | None,
    labels: Sequence[Sequence[str]],
    *,
    view: str,
    film: str,
) -> None:
    """What the slider of the view shows in the thumbnails: `(steps, heads, S (S + 1) / 2)`."""
    head = {
        "name": f"{view} thumbnails",
        "key": film,
        "open": None,
        "steps": list(steps),
        "labels": [list(each) for each in labels],
    }
    send_film(head, None if thumbnails is None else {"thumbnails": thumbnails})


def open_film(steps: Sequence[int], weights: Words, opened: int, *, view: str, film: str) -> None:
    """What the slider shows of the head that is open: `(steps, T (T + 1) / 2)`, up to 65535."""
    head = {"name": f"{view} open", "key": film, "open": opened, "steps": list(steps)}
    send_film(head, {"open": weights})


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _component() -> Callable[..., Any]:
    """The view as Streamlit knows it, its parts joined to one script."""
    constants = f"const CATEGORICAL = {json.dumps(theme.CATEGORICAL)};"
    shared = [COLOURS_SCRIPT, SAVING_SCRIPT, scrubber.SCRIPT, MESSAGE_SCRIPT]
    scripts = [*(_text(f"{name}.js") for name in SCRIPTS), *shared]
    return served_component(
        "gpt_explorer_attention",
        html=scrubber.with_scrubber(_text("attention.html")),
        css=FIGURE_STYLE + scrubber.STYLE + _text("attention.css"),
        js="\n".join([plotly_script(), constants, *scripts]),
        # Plotly writes its own style sheet into the page's head, which a shadow root keeps out.
        isolate_styles=False,
    )
