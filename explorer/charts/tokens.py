"""Tokens as every page shows them: monospace chips, a space as ·, a line break as ↵."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

BOS_SIGN = "⊢"

_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}


def visible(text: str) -> str:
    """The text of a token with what is blank made visible; nothing is BOS."""
    return "".join(_SIGNS.get(character, character) for character in text) or BOS_SIGN


def chip(text: str, *, note: object = None, kind: str = "") -> str:
    """One token as HTML, `note` small beneath it; `kind` is one of style.css' kinds of token."""
    below = "" if note is None else f"<small>{escape(str(note))}</small>"
    classes = f"gpt-token {kind}".strip()
    return f'<span class="{classes}">{escape(visible(text))}{below}</span>'


def chips(texts: Iterable[str], notes: Iterable[object] | None = None, *, kind: str = "") -> str:
    """Tokens one after another as HTML."""
    if notes is None:
        return "".join(chip(text, kind=kind) for text in texts)
    return "".join(
        chip(text, note=note, kind=kind) for text, note in zip(texts, notes, strict=True)
    )
