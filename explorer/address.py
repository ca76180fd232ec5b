"""A page's view in its address: so much of a link as can be had is shown, of the rest it is said.

A page takes up what its address says where it stands, and shows something usual for what is
missing or makes no sense. When it has been shown, its view is compared with what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

import streamlit as st

from explorer.controls import show_mistake
from explorer.reruns import came_back

LARGEST = 2**31 - 1  # of whole numbers
LONGEST_SHOWN = 40  # characters of something that makes no sense

state = st.session_state


def forget_view_left(page: str) -> None:
    """Where the reader went back or forward: the page is as in the first run of a visit.

    What makes up its view has its name and a blank before it; what was typed for other runs, and
    what was worked out, has not, and is kept.
    """
    if came_back():
        for key in [key for key in state if str(key).startswith(f"{page} ")]:
            del state[key]


def read_address(page: str) -> dict[str, str]:
    """What the address says, in the first run of a visit, and when the reader came back."""
    asked = st.query_params.to_dict()
    state[f"{page} asked"] = asked
    return asked


def leave_out_told(page: str, part: str) -> None:
    """What is shown instead of a part of the address has been said where it is shown."""
    state.get(f"{page} asked", {}).pop(part, None)


def whole_number(text: str) -> int | None:
    """None for anything else, and for what no view has."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) and int(text) <= LARGEST else None


def finite_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def write_address(
    page: str,
    view: Mapping[str, str],
    usual: Mapping[str, str | None],
    reasons: Mapping[str, str] | None = None,
) -> None:
    """Put the view into the address, so that it can be shared and found again.

    Args:
        page: whose address it is.
        view: everything that a link may ask for.
        usual: what is as usual, or nothing, is left out; as None it is always told.
        reasons: why something else may be shown of a part, as half a sentence.
    """
    link = {name: text for name, text in view.items() if text != usual.get(name, "")}
    asked = state.pop(f"{page} asked", None)
    if asked:
        known = {name: text for name, text in usual.items() if text is not None}
        state[f"{page} refused"] = (link, refusals(asked, {**known, **view}, reasons or {}))
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def show_refusals(page: str) -> None:
    """What the link asked for in vain, until the view is another."""
    link, sentences = state.get(f"{page} refused", ({}, []))
    if sentences and st.query_params.to_dict() == link:
        show_mistake(" ".join(sentences))


def refusals(
    asked: Mapping[str, str], view: Mapping[str, str], reasons: Mapping[str, str]
) -> list[str]:
    """A sentence for each part of a link of which something else is shown.

    If that is the run, all the rest was about another one, and the page speaks of the run itself.
    """
    if asked.get("run", view.get("run")) != view.get("run"):
        return []
    sentences = []
    for name, text in asked.items():
        if name not in view:
            sentences.append(no_use_for(name))
        elif not _means(text, view[name]):
            shown = f"Shown is {quoted(view[name])}." if view[name] else "It is left out."
            why = f"; {reasons[name]}" if name in reasons else ", which is not here"
            sentences.append(f"In the link, {name} is {quoted(text)}{why}. {shown}")
    return sentences


def _means(one: str, other: str) -> bool:
    """Whether both say the same, the same number also if it is written otherwise."""
    if one == other:
        return True
    numbers = finite_number(one), finite_number(other)
    return None not in numbers and numbers[0] == numbers[1]


def no_use_for(name: str) -> str:
    return f"The link says {quoted(name)}, which this page has no use for."


def quoted(text: str) -> str:
    """Something from an address, which is not markup."""
    short = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    # Of ASCII only: before anything else Markdown would show the backslash.
    return "“" + re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", short) + "”"
