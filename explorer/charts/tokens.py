"""Tokens as every page shows them: monospace chips, a space as ·, a line break as ↵."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from explorer.charts.numbers import format_number
from gpt.corpus.signs import BOS_SIGN as BOS_SIGN
from gpt.corpus.signs import visible as visible

DEEPEST = 45  # percent of colour under a token, on which its text still stands out


def chip(text: str, *, note: object = None, kind: str = "") -> str:
    """One token as HTML, `note` small beneath it; `kind` is one of style.css' kinds of token."""
    below = "" if note is None else f"<small>{escape(str(note))}</small>"
    classes = f"gpt-token {kind}".strip()
    return f'<span class="{classes}">{escape(visible(text))}{below}</span>'


def mark_words(texts: Iterable[str]) -> str:
    """What the mark of the beginning is, where it is among these tokens."""
    if BOS_SIGN not in map(visible, texts):
        return ""
    return (
        f"{BOS_SIGN} is the mark with which every text of this model begins; where the model says"
        " it, the text is at its end."
    )


def chips(texts: Iterable[str], notes: Iterable[object] | None = None, *, kind: str = "") -> str:
    """Tokens one after another as HTML."""
    if notes is None:
        return "".join(chip(text, kind=kind) for text in texts)
    return "".join(
        chip(text, note=note, kind=kind) for text, note in zip(texts, notes, strict=True)
    )


def coloured(
    texts: Sequence[str],
    numbers: Sequence[float],
    *,
    largest: float | None = None,
    chosen: int | None = None,
) -> str:
    """Tokens as HTML, each on the colour of a number about it: blue above zero, orange below.

    `largest` has the full colour; None for the largest of these. The chosen one is framed.
    """
    full = largest or max((abs(number) for number in numbers), default=0.0) or 1.0
    chips = []
    for place, (text, number) in enumerate(zip(texts, numbers, strict=True)):
        colour = "forward" if number >= 0 else "backward"
        share = round(DEEPEST * min(abs(number) / full, 1.0))
        frame = "; outline: 2px solid var(--gpt-text)" if place == chosen else ""
        chips.append(
            f'<span class="gpt-token" style="background: color-mix(in srgb, var(--gpt-{colour})'
            f' {share}%, var(--gpt-panel)){frame}" title="{format_number(number)}">'
            f"{escape(visible(text))}</span>"
        )
    return "".join(chips)
