"""What a model learns from, as one object: a text, how it is cut up, and its tokenizer."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Self

from gpt.corpus.documents import hold_out, split_documents
from gpt.corpus.text import CorpusError, read_text
from gpt.corpus.tokenizer import CharTokenizer, Tokenizer

Kind = Literal["text", "documents"]
"""Running text, read as one long stream; or documents, one a line, each with its own beginning."""


class Split(NamedTuple):
    """Nine tenths to learn from and one tenth to be tested on, neither overlapping the other.

    Each part is a tuple of documents; of running text, the one stretch that falls to it. Where
    nothing is kept from training, the second part is empty.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """A text to learn from.

    Attributes:
        name: what people call it.
        text: all of it, as one string.
        kind: whether it is running text or documents, one a line.
        has_validation: whether a part of it is kept from training, to be tested on.
        task: the name of the task whose examples these are; None for text to be learnt as it is.
    """

    name: str
    text: str
    kind: Kind
    has_validation: bool = True
    task: str | None = None

    @classmethod
    def read(cls, source: bytes | str, name: str, kind: Kind) -> Self:
        """Someone's own text as a corpus.

        Raises CorpusError where `read_text` refuses it, and for documents fewer than two.
        """
        if kind == "text":
            return cls(name, read_text(source, name), kind)
        corpus = cls(name, read_text(source, name, at_least=1), kind)
        if len(corpus.documents) < 2:
            raise CorpusError(
                f"{name} is too short: it has 1 of the at least 2 lines that it takes to have some"
                " to learn from and some to be tested on."
            )
        return corpus

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """The documents; running text counts as a single one, and is left as it is."""
        return (self.text,) if self.kind == "text" else split_documents(self.text)

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """One token a character, with BOS for documents and without it for running text."""
        if self.kind == "text":
            return CharTokenizer.from_text(self.text)
        return CharTokenizer.from_documents(self.documents)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the text in UTF-8, in hexadecimal: which text a run was trained on."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def split(self, rng: random.Random) -> Split:
        """The nine tenths to train on and the tenth to validate on.

        Running text is cut once, after nine tenths of its characters, as the lecture "Let's build
        GPT" does it; that draws nothing from `rng`. Of documents, a tenth is drawn at random.
        """
        if not self.has_validation:
            return Split(self.documents, ())
        if self.kind == "documents":
            return Split(*hold_out(self.documents, rng))
        cut = len(self.text) * 9 // 10
        return Split((self.text[:cut],), (self.text[cut:],))

    def encode(self, documents: Sequence[str], tokenizer: Tokenizer | None = None) -> list[int]:
        """The documents as one stream of token ids, each between two BOS; of running text, its own.

        `tokenizer` is another's, for a model that has learnt from another corpus before. Raises
        UnknownCharacterError for what it does not know.
        """
        tokenizer = tokenizer or self.tokenizer
        if self.kind == "text":
            return tokenizer.encode("".join(documents))
        return tokenizer.encode_documents(documents)
