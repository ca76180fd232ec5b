"""The whole view of the page about one weight in its address."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from explorer.address import finite_number, read_address, whole_number, write_address
from explorer.run_choice import first_text, take_up_text
from explorer.weight.moving import FARTHEST, REACH, REACHES, Suggested, suggest
from explorer.weight.subject import WHAT, Subject, What
from explorer.weight.uses import ALL
from gpt.lens.weight_step import WeightId

PAGE = "weight"

state = st.session_state


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    for name in ("run", "matrix"):
        if name in asked:
            state[f"weight {name}"] = asked[name]
    take_up_text("weight text", asked)
    for name in ("step", "row", "column"):
        number = whole_number(asked.get(name, ""))
        if number is not None:
            state[f"weight {name}"] = number
    if asked.get("show") in get_args(What):
        state["weight what"] = asked["show"]
    if asked.get("reach") in REACHES:
        state["weight reach"] = asked["reach"]
    state["weight use role"] = asked.get("use", ALL)
    example, _, position = (whole_number(each) for each in asked.get("pinned", "").partition("."))
    if example and position:
        state["weight pinned"] = (None, (example - 1, position - 1))
    hand = finite_number(asked.get("hand", ""))
    row, column = (whole_number(asked.get(name, "")) for name in ("row", "column"))
    if hand is None or abs(hand) > FARTHEST or row is None or column is None:
        suggest(None)
    else:
        suggest(Suggested(WeightId(asked.get("matrix", ""), row, column), hand))


def write_link(subject: Subject) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    first = first_text(subject.summary)
    by_hand: float | None = state.get("weight hand")
    of, place = state.get("weight pinned") or (None, (0, 0))
    view = {
        "run": subject.run.name,
        "step": str(subject.checkpoint),
        "matrix": subject.weight.matrix,
        "row": str(subject.weight.row),
        "column": str(subject.weight.column),
        "show": state["weight what"],
        "use": state.get("weight use role", ALL),
        "pinned": f"{place[0] + 1}.{place[1] + 1}" if of == subject.moment else "",
        "reach": state["weight reach"],
        "hand": "" if by_hand is None else str(by_hand),
        "text": state["weight text"] if "weight text of" in state else first,
    }
    usual = {"show": WHAT, "use": ALL, "reach": REACH, "text": first}
    write_address(PAGE, view, usual)


def write_run() -> None:
    """Of a run whose step cannot be taken here: which one, and which step."""
    asked = {name: str(state.get(f"weight {name}", "")) for name in ("run", "step")}
    write_address(PAGE, asked, {})
