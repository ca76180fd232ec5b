"""What a run's model has written, as something to go on from."""

from __future__ import annotations

from gpt.runs.config import CorpusReference

BEGINNING_LENGTH = 32  # characters


def beginning_of(sample: str, corpus: CorpusReference) -> str:
    """The beginning of a sample: a text that the model knows the characters of.

    Of a task the first question with its answer, of documents the first one.
    """
    if corpus.task:
        return sample.split(" ")[0]  # behind it stands whether the answer is right
    if corpus.kind == "documents":
        return sample.split("\n")[0][:BEGINNING_LENGTH]
    return sample.lstrip("\n")[:BEGINNING_LENGTH]
