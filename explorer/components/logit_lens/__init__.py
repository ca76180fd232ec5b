"""What a model would say at every depth: a grid under the pointer, and the ways to each cell.

Pointing, playing, pruning and dragging the slider over a run's checkpoints happen in the browser.
What the slider will show, and the shares by which the ways are drawn, are sent behind the first
picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer.components import scrubber
from explorer.components.film import MESSAGE_SCRIPT, pack, send_film
from explorer.components.painting import (
    COLOURS_SCRIPT,
    FIGURE_STYLE,
    PENS_SCRIPT,
    SAVING_SCRIPT,
)
from explorer.components.reports import last_heard, newly_reported
from explorer.components.serving import served_component

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = ("logit_lens", "grid", "reading", "paths")

Words = npt.NDArray[np.uint16]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

SMALLEST_SHARES = (0.02, 0.5)  # from which on the ways may be drawn, as the slider goes


@dataclass(frozen=True)
class Choice:
    """What the reader has chosen: a checkpoint, and a cell of the grid, from 0 each."""

    step: int
    position: int
    depth: int


@dataclass(frozen=True)
class Drawing:
    """How the reader wants it drawn.

    Attributes:
        ranked: whose rank is written: of what is said in the end, or of what does come next.
        has_ways: whether the ways to a cell are drawn.
        smallest_share: of those that are.
    """

    ranked: Literal["last", "next"] = "last"
    has_ways: bool = True
    smallest_share: float = 0.08


@dataclass(frozen=True)
class Said:
    """What is said at every depth, of one checkpoint or, with an axis before the others, of many.

    D depths, T tokens, k tokens said for each.

    Attributes:
        words: what the numbers in `tokens` stand for, as they are to be seen.
        tokens: the likeliest, `(..., D, T, k)`.
        probabilities: how likely they are: exact of one checkpoint, from 0 to 65535 in a film.
        last_ranks: at which place what is said in the end stands, `(..., D, T)`.
        next_ranks: at which place what does follow stands; 65535 where nothing does.
    """

    words: Sequence[str]
    tokens: Words
    probabilities: Floats | Words
    last_ranks: Words
    next_ranks: Words

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "tokens": self.tokens,
            "probabilities": self.probabilities,
            "last_ranks": self.last_ranks,
            "next_ranks": self.next_ranks,
        }


@dataclass(frozen=True)
class Picture:
    """What the grid shows at one checkpoint.

    Attributes:
        run: its name, for what is saved.
        tokens: their texts, as they are to be seen.
        streams: the names of the depths, the first first.
        is_halved: whether there are depths between attention and MLP.
        said: what is said there.
        steps: the checkpoints there are.
        loss_steps, losses: the validation loss over the run, in nats per token.
        film, flow: what film and flow must be called to belong to this picture.
    """

    run: str
    tokens: Sequence[str]
    streams: Sequence[str]
    is_halved: bool
    said: Said
    steps: Sequence[int]
    loss_steps: Sequence[int]
    losses: Sequence[float]
    film: str
    flow: str


def chosen(key: str, otherwise: Choice) -> Choice:
    """What the reader has chosen in the grid of that key, in the first run that hears of it.

    In every other run what the page says.
    """
    report = newly_reported(key, "choice", st.session_state.get(key))
    if report is None:
        return otherwise
    return Choice(int(report["step"]), int(report["position"]), int(report["depth"]))


def chosen_drawing(key: str, otherwise: Drawing) -> Drawing:
    """How the reader wants the grid of that key drawn, likewise."""
    report = newly_reported(key, "drawing", st.session_state.get(key))
    if report is None:
        return otherwise
    share = float(report["smallestShare"])
    return Drawing(report["ranked"], bool(report["hasWays"]), share)


def logit_lens(picture: Picture, choice: Choice, drawing: Drawing, *, key: str) -> None:
    """Show the picture as it was chosen; ask `chosen` what the reader does with it.

    What the reader has done since in the browser counts there, and is reported.
    """
    head = {
        "name": key,
        "run": picture.run,
        "tokens": list(picture.tokens),
        "streams": list(picture.streams),
        "isHalved": picture.is_halved,
        "words": list(picture.said.words),
        "best": picture.said.tokens.shape[-1],
        "steps": list(picture.steps),
        "losses": {"steps": list(picture.loss_steps), "values": list(picture.losses)},
        "film": picture.film,
        "flow": picture.flow,
        "drawing": {
            "ranked": drawing.ranked,
            "hasWays": drawing.has_ways,
            "smallestShare": drawing.smallest_share,
        },
        "heard": last_heard(key, "choice"),
        "drawingHeard": last_heard(key, "drawing"),
        **asdict(choice),
    }
    data = pack(head, picture.said.arrays())
    _component()(key=key, data=data, on_choice_change=lambda: None, on_drawing_change=lambda: None)


def said_film(steps: Sequence[int], said: Said | None, *, view: str, film: str) -> None:
    """What the slider of the view shows: the best token at every depth, `(steps, D, T, 1)`.

    None, in a fragment, while it is being made.
    """
    head = {"name": f"{view} film", "key": film, "steps": list(steps)}
    words = [] if said is None else list(said.words)
    send_film({**head, "words": words}, None if said is None else said.arrays())


def flow_edges(arrays: Mapping[str, npt.NDArray[Any]] | None, *, view: str, flow: str) -> None:
    """The shares by which the ways are drawn, as `explorer.inside.flow` lists them.

    None, in a fragment, while they are being measured.
    """
    send_film({"name": f"{view} flow", "key": flow}, arrays)


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _component() -> Callable[..., Any]:
    """The view as Streamlit knows it, its parts joined to one script."""
    shared = [
        COLOURS_SCRIPT,
        PENS_SCRIPT,
        SAVING_SCRIPT,
        scrubber.SCRIPT,
        MESSAGE_SCRIPT,
    ]
    return served_component(
        "gpt_explorer_logit_lens",
        html=scrubber.with_scrubber(_text("logit_lens.html")),
        css=FIGURE_STYLE + scrubber.STYLE + _text("logit_lens.css"),
        js="\n".join([*(_text(f"{name}.js") for name in SCRIPTS), *shared]),
        isolate_styles=False,
    )
