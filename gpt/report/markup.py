"""The few pieces of HTML that a report is made of. Their contents are HTML already."""

from __future__ import annotations

from collections.abc import Iterable


def section(title: str, contents: str) -> str:
    """A part of the report under its heading; nothing where it has no contents."""
    return f"<section><h2>{title}</h2>{contents}</section>" if contents else ""


def grid(figures: Iterable[str], kind: str = "grid") -> str:
    """Figures beside and below one another."""
    contents = "".join(figures)
    return f'<div class="{kind}">{contents}</div>' if contents else ""


def figure(caption: str, contents: str) -> str:
    """Contents under their caption, which no page break parts."""
    return f"<figure><figcaption>{caption}</figcaption>{contents}</figure>"
