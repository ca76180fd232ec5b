"""A text in few words, as an address has it: how long, what was forced in it, how it was drawn.

`60_8.5` are 60 tokens of which the one at place 8 was forced to be token 5; behind that may stand
the seed and the controls. With them the same text is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from explorer.address import finite_number, whole_number
from explorer.components.distribution import Controls
from explorer.sampling.subject import MOST_SEED, MOST_TOKENS, Subject, config_of
from explorer.sampling.text import Text
from explorer.sampling.tries import Branch

NUMBERS: dict[str, Callable[[str], float | None]] = {
    "temperature": finite_number,
    "top_k": whole_number,
    "top_p": finite_number,
    "min_p": finite_number,
}
"""The controls, and what reads each."""

LONGEST_TRIES = 1500  # characters of all continuations together


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


def read_told(part: str, usual: Told) -> Told:
    """One text; seed and controls are the usual ones where it does not tell them.

    Raises ValueError, with half a sentence, for what tells of none.
    """
    count, given, *how = part.split("_") if "_" in part else (part, "")
    try:
        numbers = [int(each) for each in given.split(".")] if given else []
        forced = dict(zip(numbers[::2], numbers[1::2], strict=True))
        told = usual._replace(n_tokens=int(count), forced=forced)
        if how:
            seed, temperature, top_k, top_p, min_p = how
            controls = Controls(float(temperature), int(top_k), float(top_p), float(min_p))
            told = told._replace(seed=int(seed), controls=controls)
        config_of(told.controls)
    except ValueError:
        raise ValueError("it tells of no text") from None
    if not 0 <= told.n_tokens <= MOST_TOKENS:
        raise ValueError(f"a text has from 0 to {MOST_TOKENS:,} tokens")
    if not 0 <= told.seed <= MOST_SEED:
        raise ValueError(f"a seed is from 0 to {MOST_SEED:,}")
    beyond = [place for place in forced if not 0 <= place < told.n_tokens]
    if beyond:
        raise ValueError(
            f"it forces a token at place {beyond[0]:,}, and {told.n_tokens:,} tokens have the"
            f" places below {told.n_tokens:,}"
        )
    return told


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


def reason_against(told: Told, text: Text) -> str:
    """Why the text that was drawn again is another than was told of; nothing where it is not."""
    V = text.subject.opened.tokenizer.vocab_size
    for place, token in told.forced.items():
        if not 0 <= token < V:
            return (
                f"it forces token {token:,} at place {place:,}, and this model's tokens are 0 to"
                f" {V - 1:,}, so another was drawn there"
            )
    if len(text.taken) < told.n_tokens:
        return f"the text ends here after {len(text.taken):,} tokens"
    return ""


def told_of(branch: Branch) -> str:
    """A continuation as `read_told` reads it."""
    how = [str(branch.seed), *values_of(branch.controls)]
    return "_".join([str(len(branch.tokens)), given_in(branch), *how])


def given_in(branch: Branch) -> str:
    return ".".join(f"{place}.{branch.tokens[place]}" for place in sorted(branch.forced))


def values_of(controls: Controls) -> list[str]:
    return [f"{getattr(controls, name):g}" for name in NUMBERS]


def fitting(branches: list[Branch]) -> tuple[str, int]:
    """Of the continuations the last that a link has room for, and how many those are."""
    parts: list[str] = []
    for branch in reversed(branches):
        part = told_of(branch)
        if len("~".join([part, *parts])) > LONGEST_TRIES:
            break
        parts.insert(0, part)
    return "~".join(parts), len(parts)
