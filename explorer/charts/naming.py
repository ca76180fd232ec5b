"""What a model has written before and after it learnt, name by name, as HTML."""

from __future__ import annotations

import math
from collections.abc import Container
from html import escape

from gpt.runs.training import SAMPLED_DOCUMENTS


def loss_words(loss: float, vocab_size: int) -> str:
    """What a loss in nats per token says, in a line: e^loss is as many equally likely letters."""
    if math.exp(loss) > vocab_size:
        return f"A loss of {loss:.2f}: worse than guessing, for it is sure of the wrong letters."
    return (
        f"A loss of {loss:.2f}: before each letter the model is as unsure as between"
        f" {math.exp(loss):.1f} of the {vocab_size} tokens that it knows."
    )


def names_table(before: str | None, after: str | None, known: Container[str]) -> str:
    """Names written by the same numbers, a row for each; those of the text it learnt are marked."""
    columns = [_cells(before, known), _cells(after, known)]
    rows = "".join(f"<tr>{one}{other}</tr>" for one, other in zip(*columns, strict=True))
    return (
        '<table class="gpt-names"><thead><tr><th scope="col">untrained</th>'
        f'<th scope="col">trained</th></tr></thead><tbody>{rows}</tbody>'
        f"<tfoot><tr><td>{_count(before, known)}</td><td>{_count(after, known)}</td></tr></tfoot>"
        "</table>"
    )


def _cells(text: str | None, known: Container[str]) -> list[str]:
    if text is None:
        return ['<td class="gpt-awaited">·</td>'] * SAMPLED_DOCUMENTS
    return [f"<td>{_cell(name, known)}</td>" for name in text.split("\n")]


def _cell(name: str, known: Container[str]) -> str:
    if not name:
        return "<small>empty: ended at once</small>"
    return f"{escape(name)} <small>known</small>" if name in known else escape(name)


def _count(text: str | None, known: Container[str]) -> str:
    """How many rows are what; together they are all."""
    if text is None:
        return "&nbsp;"
    names = text.split("\n")
    n_empty = names.count("")
    n_known = sum(name in known for name in names if name)
    counts = {"made up": len(names) - n_empty - n_known, "known": n_known, "empty": n_empty}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
