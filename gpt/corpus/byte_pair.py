"""Byte-pair encoding: begin with characters, and again and again make the commonest pair a token.

Gage 1994, "A New Algorithm for Data Compression"; for language models Sennrich et al. 2016, "Neural
Machine Translation of Rare Words with Subword Units". The pairs are counted and applied by the
`tokenizers` library, which is imported only when a text is read; what it found is kept as plain
text, from which this module makes the same tokenizer again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from gpt.corpus.tokenizer import AlphabetTokenizer, UnknownCharacterError

if TYPE_CHECKING:
    import tokenizers

LONGEST_TOKEN = 32
"""In characters. Merge upon merge could otherwise double a token until memory is full."""

# A word with the space before it, a number, a run of signs, or white space: no token reaches from
# one of these into the next, as in GPT-2 (Radford et al. 2019).
_PIECES = r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"

Merge = tuple[str, str]
"""Two tokens that become one where they meet."""


@dataclass(frozen=True)
class BytePairTokenizer(AlphabetTokenizer):
    """A token for each character, and one for each of the pairs that were merged.

    Ids count the characters first, then the new tokens in the order in which they were learnt.

    Attributes:
        merges: which two tokens became one, the commonest first. Two merges can give the same text.

    Raises:
        ValueError: a merge joins what is not there yet, or gives too long a token.
    """

    merges: tuple[Merge, ...] = ()

    kind: ClassVar[str] = "bpe"

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self.characters.encode()
        except UnicodeEncodeError:
            raise ValueError("A tokenizer's characters must be proper Unicode.") from None
        known = set(self.characters)
        for left, right in self.merges:
            if left not in known or right not in known:
                raise ValueError(f"There is no token {left[:40]!r} or {right[:40]!r} to merge.")
            if len(left + right) > LONGEST_TOKEN:
                raise ValueError(f"A token may have {LONGEST_TOKEN} characters at most.")
            known.add(left + right)

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, *, characters: Iterable[str], has_bos: bool
    ) -> Self:
        """Learns the merges that make a vocabulary of that size, or as many as the texts have.

        `characters` are all that the tokenizer is to know, in the texts or not. Raises ValueError
        for a vocabulary that has no room for them.
        """
        from tokenizers import Tokenizer, models, trainers

        alphabet = "".join(sorted(set(characters)))
        least = len(alphabet) + has_bos
        if vocab_size < least:
            raise ValueError(
                f"A vocabulary of {vocab_size} tokens is too small: this text takes at least "
                f"{least}, one for each of its characters{' and BOS' if has_bos else ''}."
            )
        library = Tokenizer(models.BPE())
        library.pre_tokenizer = _cut_into_pieces()
        library.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=vocab_size - has_bos,
                initial_alphabet=list(alphabet),
                max_token_length=LONGEST_TOKEN,
                show_progress=False,
            ),
        )
        merges = json.loads(library.to_str())["model"]["merges"]
        return cls(alphabet, has_bos, tuple((left, right) for left, right in merges))

    @cached_property
    def texts(self) -> Sequence[str]:
        return tuple(dict.fromkeys([*self.characters, *map("".join, self.merges)]))

    def encode(self, text: str) -> list[int]:
        if unknown := self._unknown_in(text):
            raise UnknownCharacterError(unknown, self.characters)
        (encoding,) = self._library.encode_batch_fast([text])
        return list(encoding.ids)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "characters": self.characters,
            "merges": [list(merge) for merge in self.merges],
            "has_bos": self.has_bos,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The tokenizer that `to_json` described. Raises ValueError for anything else."""
        match values:
            case {
                "kind": cls.kind,
                "characters": str(characters),
                "merges": list(merges),
                "has_bos": bool(has_bos),
            } if all(map(_is_merge, merges)):
                return cls(characters, has_bos, tuple((left, right) for left, right in merges))
        raise ValueError(
            'A byte-pair tokenizer is described by "kind": "bpe", a text of "characters", a list of'
            ' pairs of texts as its "merges" and "has_bos", which is true or false.'
        )

    @cached_property
    def _library(self) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer, models

        vocabulary = {text: i for i, text in enumerate(self.texts)}
        library = Tokenizer(models.BPE(vocabulary, list(self.merges)))
        library.pre_tokenizer = _cut_into_pieces()
        return library


def _cut_into_pieces() -> tokenizers.pre_tokenizers.PreTokenizer:
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(_PIECES), "isolated")


def _is_merge(value: object) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)
    )
