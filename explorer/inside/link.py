"""The whole view of the Inside page in its address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.address import finite_number, read_address, whole_number, write_address
from explorer.components.logit_lens import SMALLEST_SHARES, Choice, Drawing
from explorer.inside.reading import Reading
from explorer.inside.subject import Subject
from explorer.inside.why import NO_TOKEN
from explorer.run_choice import take_up_text

PAGE = "inside"
VECTORS = "token"  # of the embeddings' tables the one that is shown at first

state = st.session_state


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    state["inside run"] = asked.get("run")
    take_up_text("inside text", asked)
    state["inside other"] = asked.get("other", "")
    state["inside vectors"] = asked.get("vectors", VECTORS)
    state["inside drawing"] = drawing_in(asked)
    state["inside token"] = whole_number(asked.get("token", ""))
    state["inside against"] = whole_number(asked.get("against", ""))
    layer, _, neuron = (whole_number(each) for each in asked.get("neuron", "").partition("."))
    state["inside neuron"] = None if layer is None or neuron is None else (layer, neuron)
    state["inside cell asked"] = [
        whole_number(asked.get(name, "")) for name in ("step", "position", "depth")
    ]


def drawing_in(asked: Mapping[str, str]) -> Drawing:
    """How the grid is to be drawn; each part by itself, so that one mistake spoils no other."""
    share = finite_number(asked.get("shares", ""))
    least, most = SMALLEST_SHARES
    return Drawing(
        ranked="next" if asked.get("rank") == "next" else "last",
        has_ways=asked.get("curves") != "off",
        smallest_share=share if share and least <= share <= most else Drawing().smallest_share,
    )


def asked_choice(subject: Subject, otherwise: Choice) -> Choice:
    """The cell that the address asks for, as far as this run and text have it."""
    step, position, depth = state.pop("inside cell asked", (None, None, None))
    return Choice(
        step if step in subject.steps else otherwise.step,
        position - 1 if position and position <= len(subject.ids) else otherwise.position,
        depth if depth is not None and depth < subject.n_depths else otherwise.depth,
    )


def write_link(subject: Subject, choice: Choice, reading: Reading | None) -> None:
    """Put the view into the address; there is no reading of a model without a stream."""
    view = {
        "run": subject.run.name,
        "text": subject.text,
        "vectors": state["inside vectors"],
    }
    usual: dict[str, str | None] = {"text": None, "vectors": VECTORS}
    if reading is not None:
        drawing, neuron = state["inside drawing"], state["inside neuron"]
        against: int = state["inside against"]
        view |= {
            "step": str(choice.step),
            "position": str(choice.position + 1),
            "depth": str(choice.depth),
            "rank": drawing.ranked,
            "curves": "on" if drawing.has_ways else "off",
            "shares": f"{drawing.smallest_share:g}",
            "token": str(state["inside token"]),
            "against": "" if against == NO_TOKEN else str(against),
            "other": state.get("inside other", ""),
            "neuron": ".".join(map(str, neuron or ())),
        }
        usual |= {
            "rank": Drawing().ranked,
            "curves": "on",
            "shares": f"{Drawing().smallest_share:g}",
            "token": str(reading.said(choice.position, choice.depth)),
        }
    write_address(PAGE, view, usual)
