"""The whole view of the Sampling page in its address: taken up at first, written ever after.

A text is not spelled out: by its seed, and by what was forced, it is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from explorer.address import read_address, whole_number, write_address
from explorer.components.distribution import Colouring, Controls, Look, Order
from explorer.sampling.branching import AHEAD, BRANCHES
from explorer.sampling.subject import (
    LENGTH,
    MOST_SEED,
    MOST_TOKENS,
    NEWEST,
    SEED,
    Subject,
    config_of,
)
from explorer.sampling.text import FIRST_TOKENS, Text
from explorer.sampling.told import (
    NUMBERS,
    Told,
    draw_again,
    fitting,
    given_in,
    read_told,
    reason_against,
    values_of,
)
from explorer.sampling.tries import Branch, with_branch
from gpt.lens.writing import ways_to_go_on

PAGE = "sampling"
WHOLE_NUMBERS = {
    "seed": (0, MOST_SEED, SEED),
    "length": (1, MOST_TOKENS, LENGTH),
    "branches": BRANCHES,
    "ahead": AHEAD,
}
LONGEST_PROMPT = 2000  # characters of it in a link: browsers and messengers cut long addresses

state = st.session_state


def read_link() -> Controls:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    reasons: dict[str, str] = {}
    if "run" in asked:
        state["sampling run"] = asked["run"]
    if "prompt" in asked:
        state["sampling prompt"] = asked["prompt"][-LONGEST_PROMPT:]
        state["sampling prompt of"] = asked.get("run")  # also an empty one is meant
        if len(asked["prompt"]) > LONGEST_PROMPT:
            reasons["prompt"] = f"a link holds the last {LONGEST_PROMPT:,} characters of a prompt"
    state["sampling step asked"] = whole_number(asked.get("step", ""))
    reasons["step"] = "this run has kept no weights as after that step"
    for name, (least, most, usual) in WHOLE_NUMBERS.items():
        number = whole_number(asked.get(name, ""))
        is_within = number is not None and least <= number <= most
        state[f"sampling {name}"] = number if is_within else usual
        reasons[name] = f"it must be a whole number from {least:,} to {most:,}"
    state["sampling past block"] = asked.get("past_block")
    state["sampling look"] = look_in(asked, reasons)
    controls = controls_in(asked, reasons)
    state["sampling link told"] = asked.get("run"), *texts_in(asked, controls, reasons)
    state["sampling link reasons"] = reasons
    return controls


def look_in(asked: Mapping[str, str], reasons: dict[str, str]) -> Look:
    """How it is drawn, each part by itself: one that makes no sense takes no other with it."""
    look = Look()
    for name, known in (("order", get_args(Order)), ("colouring", get_args(Colouring))):
        if asked.get(name) in known:
            part: dict[str, Any] = {name: asked[name]}
            look = replace(look, **part)
        reasons[name] = f"it must be {' or '.join(known)}"
    return look


def controls_in(asked: Mapping[str, str], reasons: dict[str, str]) -> Controls:
    """The sliders, each by itself as well."""
    controls = Controls()
    for name, read in NUMBERS.items():
        part: dict[str, Any] = {name: read(asked.get(name, ""))}
        if part[name] is None:
            reasons[name] = f"it must be a {'whole ' if read is whole_number else ''}number"
            continue
        changed = replace(controls, **part)
        try:
            config_of(changed)
        except ValueError as error:
            reasons[name] = str(error).partition("; ")[2].rstrip(".")
        else:
            controls = changed
    return controls


def texts_in(
    asked: Mapping[str, str], controls: Controls, reasons: dict[str, str]
) -> tuple[Told, list[Told]]:
    """The text, and the continuations tried."""
    seed: int = state["sampling seed"]
    usual = Told(FIRST_TOKENS, {}, seed, controls)
    told: dict[str, list[Told]] = {"written": [], "tries": []}
    for name, texts in told.items():
        for part in filter(None, asked.get(name, "").split("~")):
            try:
                texts.append(read_told(part, usual))
            except ValueError as error:
                reasons[name] = str(error)
    return next(iter(told["written"]), usual), told["tries"]


def text_told(subject: Subject, controls: Controls) -> Text | None:
    """The text that the link tells of, with what was tried beside it; None if it names another run.

    Raises NotANumberError.
    """
    run, written, tries = state["sampling link told"]
    if run != subject.summary.run.name:
        return None  # what another run wrote is nothing to this one
    text = draw_told("written", subject, written._replace(controls=controls, seed=subject.seed))
    branches: tuple[Branch, ...] = ()
    for each in tries:
        branches = with_branch(branches, draw_told("tries", subject, each).branch)
    text.tries = branches
    return text


def draw_told(name: str, subject: Subject, told: Told) -> Text:
    """One of the texts in that part of the link; where it is another than was told, why is kept."""
    text = draw_again(subject, told)
    if reason := reason_against(told, text):
        state["sampling link reasons"][name] = reason
    return text


def write_link(text: Text) -> str:
    """Put the view into the address, so that it can be shared and found again.

    Returns a sentence on what it has no room for; nothing where it holds all.
    """
    subject = text.subject
    prompt: str = state["sampling prompt shown"]
    tried = [each for each in with_branch(text.tries, text.branch) if each != text.branch]
    tries, n_told = fitting(tried)
    ways = ways_to_go_on(subject.opened)
    view = {
        "run": subject.summary.run.name,
        "step": "" if state["sampling step"] == NEWEST else str(subject.step),
        "prompt": prompt[-LONGEST_PROMPT:],
        "seed": str(subject.seed),
        "length": str(subject.length),
        "past_block": subject.past_block,
        **dict(zip(NUMBERS, values_of(text.controls), strict=True)),
        "written": f"{len(text.taken)}_{given_in(text.branch)}".rstrip("_"),
        "tries": tries,
        "branches": str(state["sampling branches"]),
        "ahead": str(state["sampling ahead"]),
        **vars(state["sampling look"]),
    }
    usual = {
        "prompt": None,  # an empty one is told too: without any, one is suggested
        "past_block": ways[0],
        "written": str(FIRST_TOKENS),
        **{name: str(number) for name, (_, _, number) in WHOLE_NUMBERS.items()},
        **dict(zip(NUMBERS, values_of(Controls()), strict=True)),
        **vars(Look()),
    }
    reasons = {
        **state["sampling link reasons"],
        "past_block": f"this model can go on by {' or '.join(ways)}",
    }
    write_address(PAGE, view, usual, reasons)
    return missing_from_link(len(prompt), n_told, len(tried))


def missing_from_link(n_prompt: int, n_told: int, n_tried: int) -> str:
    """What the link has no room for, as a sentence."""
    missing = []
    if n_prompt > LONGEST_PROMPT:
        missing.append(f"of the prompt the last {LONGEST_PROMPT:,} of {n_prompt:,} characters")
    if n_told < n_tried:
        missing.append(f"of what was tried the last {n_told} of {n_tried} continuations")
    return f"The link of this page holds {' and '.join(missing)}." if missing else ""
