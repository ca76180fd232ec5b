"""A text as a list of documents, one a line: names, words, whatever has a beginning and an end."""

from __future__ import annotations

import random
from collections.abc import Sequence


def split_documents(text: str) -> tuple[str, ...]:
    """The lines of a text, stripped of white space, without those that are then empty."""
    lines = (line.strip() for line in text.split("\n"))
    return tuple(line for line in lines if line)


def hold_out(
    documents: Sequence[str], rng: random.Random
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The documents to train on and the tenth, drawn at random, to validate on.

    At least one is held out. Both parts keep the order in which the documents came. Raises
    ValueError where there are fewer than two.
    """
    if len(documents) < 2:
        raise ValueError("One document cannot be split into some to train on and some to hold out.")
    held_out = set(rng.sample(range(len(documents)), max(1, len(documents) // 10)))
    train = tuple(d for i, d in enumerate(documents) if i not in held_out)
    validation = tuple(d for i, d in enumerate(documents) if i in held_out)
    return train, validation
