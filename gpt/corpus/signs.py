"""What is blank made visible, as every page and report writes tokens."""

from __future__ import annotations

BOS_SIGN = "⊢"

_SIGNS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}


def visible(text: str) -> str:
    """The text of a token with what is blank made visible; nothing is BOS."""
    return "".join(_SIGNS.get(character, character) for character in text) or BOS_SIGN
