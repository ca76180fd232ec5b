"""The whole view of the Sampling page in its address: taken up at first, written ever after.

A text is not spelled out: by its seed, and by what was forced, it is drawn again. `60_8.5` are 60
tokens of which the one at place 8 was forced to be token 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import streamlit as st

from explorer.address import no_use_for, quoted
from explorer.components.distribution import Controls
from explorer.controls import show_mistake
from explorer.sampling.subject import (
    LENGTH,
    MOST_SEED,
    MOST_TOKENS,
    NEWEST,
    PAST_BLOCK_TITLES,
    SEED,
    Subject,
    config_of,
)
from explorer.sampling.text import Text
from explorer.sampling.tries import Branch, with_branch
from gpt.lens.writing import ways_to_go_on

NUMBERS: dict[str, Callable[[str], float]] = {
    "temperature": float,
    "top_k": int,
    "top_p": float,
    "min_p": float,
}
WHOLE_NUMBERS = {"seed": (0, MOST_SEED, SEED), "length": (1, MOST_TOKENS, LENGTH)}
KNOWN = (
    *("run", "step", "prompt", "past_block", "written", "tries"),
    *NUMBERS,
    *WHOLE_NUMBERS,
)
LONGEST_PROMPT = 2000  # characters of it in a link: browsers and messengers cut long addresses
LONGEST_TRIES = 1500

state = st.session_state


class Told(NamedTuple):
    """A text as a link tells of it.

    Attributes:
        n_tokens: how many there are.
        forced: those that were given, by place.
        seed, controls: by which the others are drawn.
    """

    n_tokens: int
    forced: Mapping[int, int]
    seed: int
    controls: Controls


def read_link() -> Controls:
    """Take up what the address says, in the first run of a visit; what makes no sense is told."""
    query = st.query_params.to_dict()
    mistakes = [no_use_for(name) for name in query if name not in KNOWN]
    if "run" in query:
        state["sampling run"] = query["run"]
    if "prompt" in query:
        state["sampling prompt"] = query["prompt"]
        state["sampling prompt of"] = query.get("run")  # also an empty one is meant
    if "step" in query:
        if query["step"].isdecimal():
            state["sampling step"] = int(query["step"])
        else:
            mistakes.append(refused("step", query["step"], "a number of updates", "the newest"))
    for name, (least, most, default) in WHOLE_NUMBERS.items():
        state[f"sampling {name}"] = default
        if name in query:
            number = number_in(query[name], int)
            if number is not None and least <= number <= most:
                state[f"sampling {name}"] = int(number)
            else:
                limits = f"a whole number from {least:,} to {most:,}"
                mistakes.append(refused(name, query[name], limits, f"{default:,}"))
    if query.get("past_block") in PAST_BLOCK_TITLES:
        state["sampling past block"] = query["past_block"]
    elif "past_block" in query:
        ways = " or ".join(PAST_BLOCK_TITLES)
        mistakes.append(refused("past_block", query["past_block"], ways, "crop"))
    controls = read_controls(query, mistakes)
    state["sampling link told"] = query.get("run"), *read_texts(query, controls, mistakes)
    state["sampling link mistakes"] = mistakes
    return controls


def read_controls(query: Mapping[str, str], mistakes: list[str]) -> Controls:
    """The sliders, each by itself: one that makes no sense does not take the others with it."""
    controls = Controls()
    for name, kind in NUMBERS.items():
        if name not in query:
            continue
        default = f"{getattr(controls, name):g}"
        number = number_in(query[name], kind)
        if number is None:
            must_be = "a whole number" if kind is int else "a number"
            mistakes.append(refused(name, query[name], must_be, default))
            continue
        changed = Controls(**{**vars(controls), name: number})
        try:
            config_of(changed)
        except ValueError as error:
            mistakes.append(f"In the link, {error} Shown is {default}.")
        else:
            controls = changed
    return controls


def read_texts(
    query: Mapping[str, str], controls: Controls, mistakes: list[str]
) -> tuple[Told | None, list[Told]]:
    """The text, and the continuations tried."""
    written, tries = None, []
    seed: int = state["sampling seed"]
    for name in ("written", "tries"):
        for part in filter(None, query.get(name, "").split("~")):
            try:
                told = read_told(part, seed, controls)
            except ValueError:
                mistakes.append(
                    f"In the link, {name} is {quoted(part)}, which tells of no text: left out."
                )
                continue
            if name == "written":
                written = told
            else:
                tries.append(told)
    return written, tries


def read_told(part: str, seed: int, controls: Controls) -> Told:
    """One text; seed and controls where it does not tell them. Raises ValueError for nonsense."""
    count, given, *how = part.split("_") if "_" in part else (part, "")
    numbers = [int(each) for each in given.split(".")] if given else []
    told = Told(int(count), dict(zip(numbers[::2], numbers[1::2], strict=True)), seed, controls)
    if how:
        own_seed, temperature, top_k, top_p, min_p = how
        told = told._replace(
            seed=int(own_seed),
            controls=Controls(float(temperature), int(top_k), float(top_p), float(min_p)),
        )
    config_of(told.controls)
    if not 0 <= told.n_tokens <= MOST_TOKENS or not 0 <= told.seed <= MOST_SEED:
        raise ValueError("out of range")
    if any(not 0 <= place < told.n_tokens for place in told.forced):
        raise ValueError("forced where nothing stands")
    return told


def number_in(text: str, kind: Callable[[str], float]) -> float | None:
    try:
        return kind(text)
    except ValueError:
        return None


def refused(name: str, value: str, must_be: str, instead: str) -> str:
    return f"In the link, {name} is {quoted(value)}; it must be {must_be}. Shown is {instead}."


def show_link_mistakes() -> None:
    """What the link said that makes no sense, until the view is another."""
    mistakes: list[str] = state.get("sampling link mistakes", [])
    if mistakes:
        show_mistake(" ".join(mistakes))


def text_told(subject: Subject, controls: Controls) -> Text | None:
    """The text that the link tells of, with what was tried beside it; None where it tells of none.

    Raises NotANumberError.
    """
    run, written, tries = state.get("sampling link told", (None, None, []))
    if written is None or run != subject.summary.run.name:
        return None  # what another run wrote is nothing to this one
    text = draw_again(subject, written._replace(controls=controls, seed=subject.seed))
    branches: tuple[Branch, ...] = ()
    for told in tries:
        branches = with_branch(branches, draw_again(subject, told).branch)
    text.tries = branches
    return text


def draw_again(subject: Subject, told: Told) -> Text:
    """A text as it was; a token that this model does not have is drawn instead."""
    text = Text(replace(subject, seed=told.seed), told.controls)
    V = subject.opened.tokenizer.vocab_size
    for place in range(told.n_tokens):
        if text.is_over:
            break
        token = told.forced.get(place)
        text.step(token if token is not None and 0 <= token < V else None)
    return text


def told_of(branch: Branch) -> str:
    """A continuation as `read_told` reads it."""
    how = [str(branch.seed), *values_of(branch.controls)]
    return "_".join([str(len(branch.tokens)), given_in(branch), *how])


def given_in(branch: Branch) -> str:
    return ".".join(f"{place}.{branch.tokens[place]}" for place in sorted(branch.forced))


def values_of(controls: Controls) -> list[str]:
    return [f"{getattr(controls, name):g}" for name in NUMBERS]


def write_link(text: Text) -> str:
    """Put the view into the address, so that it can be shared and found again.

    Returns a sentence on what it has no room for; nothing where it holds all.
    """
    subject = text.subject
    prompt: str = state["sampling prompt"]
    tried = [each for each in with_branch(text.tries, text.branch) if each != text.branch]
    tries, n_told = fitting(tried)
    link: dict[str, Any] = {
        "run": subject.summary.run.name,
        "prompt": prompt[-LONGEST_PROMPT:],
        "seed": str(subject.seed),
        "length": str(subject.length),
        **dict(zip(NUMBERS, values_of(text.controls), strict=True)),
        "written": f"{len(text.taken)}_{given_in(text.branch)}".rstrip("_"),
    }
    if tries:
        link["tries"] = tries
    if subject.past_block != ways_to_go_on(subject.opened)[0]:
        link["past_block"] = subject.past_block
    if state["sampling step"] != NEWEST:
        link["step"] = str(subject.step)
    if state.setdefault("sampling link first", link) != link:
        state["sampling link mistakes"] = []  # the reader has gone on
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
    return missing_from_link(len(prompt), n_told, len(tried))


def fitting(branches: list[Branch]) -> tuple[str, int]:
    """Of the continuations the last that a link has room for, and how many those are."""
    parts: list[str] = []
    for branch in reversed(branches):
        part = told_of(branch)
        if len("~".join([part, *parts])) > LONGEST_TRIES:
            break
        parts.insert(0, part)
    return "~".join(parts), len(parts)


def missing_from_link(n_prompt: int, n_told: int, n_tried: int) -> str:
    """What the link has no room for, as a sentence."""
    missing = []
    if n_prompt > LONGEST_PROMPT:
        missing.append(f"of the prompt the last {LONGEST_PROMPT:,} of {n_prompt:,} characters")
    if n_told < n_tried:
        missing.append(f"of what was tried the last {n_told} of {n_tried} continuations")
    return f"The link of this page holds {' and '.join(missing)}." if missing else ""
