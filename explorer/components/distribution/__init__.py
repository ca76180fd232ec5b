"""What comes next: a place's distribution under four sliders, drawn from, and the text it makes.

Dragging, hovering and pointing happen in the browser, with the arithmetic of `gpt.tensor.filters`.
Of a large vocabulary only the likeliest tokens are sent; all others are one number, the tail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer.components.film import MESSAGE_SCRIPT, pack
from explorer.components.painting import COLOURS_SCRIPT
from explorer.components.reports import newly_reported
from explorer.components.serving import served_component

HERE = Path(__file__).parent
# One module for the browser, in the order in which it is read: the entry first.
SCRIPTS = ("distribution", "filters", "sliders", "bars", "needle", "arithmetic", "text")

Act = Literal["controls", "look", "token", "word", "end", "back", "force", "goto"]
Order = Literal["likely", "vocabulary"]
Colouring = Literal["surprisal", "entropy", "rank"]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Controls:
    """The sliders; see `gpt.tensor.filters.SamplingConfig`."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0


@dataclass(frozen=True)
class Look:
    """How it is drawn: in which order the bars, and the text coloured by what."""

    order: Order = "likely"
    colouring: Colouring = "surprisal"


@dataclass(frozen=True)
class Request:
    """What the reader did.

    Attributes:
        act: new controls; another look; go on by a token, a word, or to the end; a step back; force
            a token at a place; go back to a place.
        controls: as they stand now.
        look: likewise.
        token: that is forced.
        place: where, counted from the end of the prompt.
    """

    act: Act
    controls: Controls
    look: Look = Look()
    token: int = 0
    place: int = 0


@dataclass(frozen=True)
class Settled:
    """What the controls as Python has them make of a large vocabulary, place by place.

    Attributes:
        final: what each listed token is drawn with, `(places, K)`.
        starts: where its share begins, all shares laid end to end, `(places, K)`.
        tails: ln Σ exp of the tail and its mean, at temperature 1 and at the controls',
            `(places, 2, 2)`: see `gpt.lens.shortlist`.
        table: the same of the place that is shown, at every hundredth from 0 to 2, `(201, 2)`.
        kept: how many tokens the controls keep.
        entropies: of what is drawn from, in nats.
        drawn: the token at which the needle points, as an index into the picture's tokens.
        spans: from where to where its share goes, `(places, 2)`.
    """

    final: Floats
    starts: Floats
    tails: Floats
    table: Floats
    kept: Sequence[int]
    entropies: Sequence[float]
    drawn: Sequence[int]
    spans: Floats


@dataclass(frozen=True)
class Picture:
    """What the view shows. A place is where a token stands, or will stand, behind the prompt.

    Attributes:
        ids: of the tokens that occur in the picture, all of a small vocabulary.
        texts: what each of them stands for.
        vocabulary: the same as it is to be seen.
        vocab_size: V.
        prompt: the text that was given.
        n_prompt: how many tokens that is.
        taken: the tokens behind it, as indices into `ids`.
        given: for each of those whether it was forced.
        surprisals, ranks, entropies: of each of those, by the model itself.
        listed: the K tokens that each place lists, as indices, `(places, K)`.
        logits: theirs, `(places, K)`.
        uniforms: where the needle points at each place.
        is_over: whether nothing more can follow.
        settled: for a vocabulary of which only the likeliest tokens are listed.
    """

    ids: Sequence[int]
    texts: Sequence[str]
    vocabulary: Sequence[str]
    vocab_size: int
    prompt: str
    n_prompt: int
    taken: Sequence[int]
    given: Sequence[bool]
    surprisals: Sequence[float]
    ranks: Sequence[int]
    entropies: Sequence[float]
    listed: npt.NDArray[np.uint16]
    logits: Floats
    uniforms: Sequence[float]
    is_over: bool
    settled: Settled | None = None


def requested(key: str) -> Request | None:
    """What the reader did in the view of that key, in the first run that hears of it."""
    report = newly_reported(key, "act", st.session_state.get(key))
    if report is None:
        return None
    look = Look(report["order"], report["colouring"])
    is_known = look.order in get_args(Order) and look.colouring in get_args(Colouring)
    if report["act"] not in get_args(Act) or not is_known:
        return None
    controls = Controls(
        float(report["temperature"]),
        int(report["top_k"]),
        float(report["top_p"]),
        float(report["min_p"]),
    )
    return Request(
        report["act"], controls, look, int(report.get("token", 0)), int(report.get("place", 0))
    )


def distribution(
    picture: Picture, controls: Controls, look: Look | None = None, *, key: str
) -> None:
    """Show the picture, at first in that look; ask `requested` what the reader does with it."""
    content = message(picture, controls, look or Look())
    _component()(key=key, data=content, on_act_change=lambda: None)


def message(picture: Picture, controls: Controls, look: Look) -> bytes:
    """The picture as the browser gets it."""
    head: dict[str, Any] = {
        name: value
        for name, value in vars(picture).items()
        if name not in ("listed", "logits", "settled")
    }
    arrays: dict[str, npt.NDArray[Any]] = {"listed": picture.listed, "logits": picture.logits}
    settled = picture.settled
    if settled is not None:
        arrays |= {
            name: getattr(settled, name) for name in ("final", "starts", "tails", "table", "spans")
        }
        head["settled"] = {name: getattr(settled, name) for name in ("kept", "entropies", "drawn")}
    return pack({**head, "controls": vars(controls), "look": vars(look)}, arrays)


@cache
def _component() -> Callable[..., Any]:
    """The view as Streamlit knows it, its parts joined to one script."""
    scripts = [(HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return served_component(
        "gpt_explorer_distribution",
        html=(HERE / "distribution.html").read_text(encoding="utf-8"),
        css=(HERE / "distribution.css").read_text(encoding="utf-8"),
        js="\n".join([*scripts, COLOURS_SCRIPT, MESSAGE_SCRIPT]),
    )
