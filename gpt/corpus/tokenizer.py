"""Text to token ids and back: what every tokenizer does, and the plainest, a token a character."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

_LISTED_AT_MOST = 100


class UnknownCharacterError(ValueError):
    """A text holds characters for which the tokenizer has no token.

    Attributes:
        unknown: those characters, each once, in the order in which they first appear.
        known: the characters that the tokenizer does know.
    """

    def __init__(self, unknown: str, known: str) -> None:
        self.unknown = unknown
        self.known = known
        subject = "character" if len(unknown) == 1 else "characters"
        verb = "is" if len(unknown) == 1 else "are"
        super().__init__(
            f"The {subject} {_listed(unknown)} {verb} unknown to this tokenizer,"
            f" which knows {len(known)}: {_shortened(known)}."
        )


class Tokenizer(ABC):
    """Cuts text into tokens and puts it together again, exactly.

    Where texts come as documents there is one more token than those that stand for text: BOS, the
    "beginning of sequence". It opens every document and, standing before the next one, closes it:
    a model that predicts BOS says "here it ends".
    """

    @property
    @abstractmethod
    def texts(self) -> Sequence[str]:
        """What each token stands for, at the place that is its id; a BOS at the end is left out."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """The token ids of a text, without BOS. Raises UnknownCharacterError."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """What `tokenizer_from_json` needs to make this tokenizer again, as plain JSON values."""

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """The number of different tokens, V."""

    @property
    @abstractmethod
    def bos(self) -> int | None:
        """The id of BOS; None for a tokenizer of running text."""

    def encode_document(self, document: str) -> list[int]:
        """BOS, the document, BOS: what a model reads to learn both its beginning and its end.

        Raises UnknownCharacterError, and ValueError where there is no BOS.
        """
        return self.encode_documents([document])

    def encode_documents(self, documents: Iterable[str]) -> list[int]:
        """All documents as one stream with a BOS before, between and after them.

        Raises UnknownCharacterError, and ValueError where there is no BOS.
        """
        if self.bos is None:
            raise ValueError("This tokenizer was made from running text and has no BOS token.")
        ids = [self.bos]
        for document in documents:
            ids += self.encode(document)
            ids.append(self.bos)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text behind the ids; BOS, which stands for none, adds nothing.

        Raises ValueError for an id that is not in the vocabulary.
        """
        self._check_ids(ids)
        return "".join(self.texts[i] for i in ids if i != self.bos)

    def _check_ids(self, ids: Sequence[int]) -> None:
        strange = [i for i in ids if not 0 <= i < self.vocab_size]
        if strange:
            raise ValueError(
                f"Token {strange[0]} is not in this vocabulary: ids go from 0 to"
                f" {self.vocab_size - 1}."
            )


@dataclass(frozen=True)
class AlphabetTokenizer(Tokenizer):
    """A tokenizer with a token for each character of a text, and BOS, if any, after all others.

    Attributes:
        characters: the distinct characters, each at the place that is its id.
        has_bos: whether there is a BOS token.
    """

    characters: str
    has_bos: bool

    def __post_init__(self) -> None:
        if not self.characters:
            raise ValueError("A tokenizer needs at least one character, but the text has none.")
        if len(set(self.characters)) < len(self.characters):
            raise ValueError("A tokenizer needs each of its characters once, but some come twice.")

    @property
    def vocab_size(self) -> int:
        return len(self.texts) + self.has_bos

    @property
    def bos(self) -> int | None:
        return len(self.texts) if self.has_bos else None

    def _unknown_in(self, text: str) -> str:
        """The characters of the text that this tokenizer does not know, as they first appear."""
        return "".join(each for each in dict.fromkeys(text) if each not in self._id_of)

    @cached_property
    def _id_of(self) -> dict[str, int]:
        return {character: i for i, character in enumerate(self.characters)}


@dataclass(frozen=True)
class CharTokenizer(AlphabetTokenizer):
    """One token for each character: token i < len(characters) is `characters[i]`."""

    @classmethod
    def from_documents(cls, documents: Iterable[str]) -> Self:
        """Ids as in Karpathy's MicroGPT: the sorted characters count from 0, then comes BOS.

        Raises ValueError where the documents hold no character at all.
        """
        return cls("".join(sorted(set().union(*documents))), has_bos=True)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Ids as in Karpathy's lecture "Let's build GPT": the sorted characters, and no BOS.

        Raises ValueError where the text is empty.
        """
        return cls("".join(sorted(set(text))), has_bos=False)

    @property
    def texts(self) -> str:
        return self.characters

    def encode(self, text: str) -> list[int]:
        try:
            return [self._id_of[character] for character in text]
        except KeyError:
            raise UnknownCharacterError(self._unknown_in(text), self.characters) from None

    def to_json(self) -> dict[str, Any]:
        return {"kind": "characters", "characters": self.characters, "has_bos": self.has_bos}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The tokenizer that `to_json` described. Raises ValueError for anything else."""
        match values:
            case {"kind": "characters", "characters": str(characters), "has_bos": bool(has_bos)}:
                return cls(characters, has_bos)
        raise ValueError(
            'A character tokenizer is described by "kind": "characters", a text of "characters"'
            ' and "has_bos", which is true or false.'
        )


def tokenizer_from_json(values: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer that `to_json` described, whichever it is. Raises ValueError for others."""
    # These build on this module.
    from gpt.corpus.byte_pair import BytePairTokenizer
    from gpt.corpus.outside_tokenizer import OutsideTokenizer

    if values.get("kind") == BytePairTokenizer.kind:
        return BytePairTokenizer.from_json(values)
    if values.get("kind") == OutsideTokenizer.kind:
        return OutsideTokenizer.from_json(values)
    return CharTokenizer.from_json(values)


def _listed(characters: str) -> str:
    shown = [repr(character) for character in characters[:_LISTED_AT_MOST]]
    if len(characters) > _LISTED_AT_MOST:
        shown.append(f"{len(characters) - _LISTED_AT_MOST} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _shortened(characters: str) -> str:
    if len(characters) <= _LISTED_AT_MOST:
        return repr(characters)
    return f"{characters[:_LISTED_AT_MOST]!r} and {len(characters) - _LISTED_AT_MOST} more"
