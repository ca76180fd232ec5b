"""The view of the Autograd page as an address: everything needed to see the same again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from gpt.scalar.expression import MAXIMUM_MAGNITUDE

TINY_GPT = "The loss of a tiny GPT"


@dataclass(frozen=True)
class View:
    """What is looked at, and how.

    Attributes:
        text: the expression; None while the tiny GPT is looked at.
        name: what the tiny GPT is to predict.
        numbers: of the leaves that were set.
        is_naive: whether the naive order is shown beside the right one.
        is_primitive: whether everything is written out in primitive operations.
        unfolded: the paths of unfolded groups.
        pinned: the key of the node that is pinned.
        step: where the walk rests; None for all of it.
    """

    text: str | None
    name: str = "ava"
    numbers: Mapping[str, float] = field(default_factory=dict)
    is_naive: bool = False
    is_primitive: bool = False
    unfolded: frozenset[str] = frozenset()
    pinned: str | None = None
    step: int | None = None


def read_address(query: Mapping[str, str]) -> View | None:
    """The view that an address speaks of; None if of none. What cannot be read is passed over."""
    if "text" not in query and query.get("example") != TINY_GPT:
        return None
    numbers = {}
    for pair in filter(None, query.get("at", "").split("~")):
        leaf, _, number = pair.rpartition(":")
        with suppress(ValueError):
            if abs(float(number)) <= MAXIMUM_MAGNITUDE:
                numbers[leaf] = float(number)
    step = query.get("step", "")
    return View(
        text=query.get("text"),
        name=query.get("name", View.name),
        numbers=numbers,
        is_naive=query.get("order") == "naive",
        is_primitive=query.get("in") == "primitives",
        unfolded=frozenset(filter(None, query.get("open", "").split("~"))),
        pinned=query.get("pin"),
        step=int(step) if step.isdecimal() and len(step) < 6 else None,
    )


def write_address(view: View) -> dict[str, str]:
    """The query of an address that `read_address` reads as this view."""
    tiny_gpt = {"example": TINY_GPT, "name": view.name}
    query = tiny_gpt if view.text is None else {"text": view.text}
    query["at"] = "~".join(f"{leaf}:{number:.7g}" for leaf, number in view.numbers.items())
    parts = {
        "order": "naive" if view.is_naive else "",
        "in": "primitives" if view.is_primitive else "",
        "open": "~".join(sorted(view.unfolded)),
        "pin": view.pinned or "",
        "step": "" if view.step is None else str(view.step),
    }
    return query | {name: part for name, part in parts.items() if part}
