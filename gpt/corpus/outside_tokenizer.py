"""A tokenizer that came with a model from outside, as the `tokenizers` library writes it.

GPT-2's begins with the 256 bytes, not with characters (Radford et al. 2019): it can read anything,
and one of its tokens may be a part of a character only. The library, which reads such a file as
numbers and tables and runs nothing of it, is imported only when a text is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from gpt.corpus.tokenizer import Tokenizer

if TYPE_CHECKING:
    import tokenizers

NO_TEXT = "�"
"""What stands for no text of its own: a part of a character, or an id that no text leads to."""


@dataclass(frozen=True)
class OutsideTokenizer(Tokenizer):
    """Tokens by somebody else's rules.

    Attributes:
        rules: the contents of a `tokenizer.json`.
        size: how many tokens its model has; those past the rules' own have no text.
        opening: the id of the token that opens a text; None if there is none.
    """

    rules: str
    size: int
    opening: int | None

    kind: ClassVar[str] = "outside"

    @classmethod
    def read(cls, rules: str, size: int, opening: int | None) -> Self:
        """The same, after a look into the rules.

        Raises ValueError if they are none, or lead to tokens that the model does not have.
        """
        try:
            # As `from_json` will write it, so that both are equal.
            values = json.loads(rules)
            tokenizer = cls(json.dumps(values, ensure_ascii=False), size, opening)
        except (ValueError, RecursionError):
            raise ValueError("tokenizer.json is not JSON.") from None
        if not isinstance(values, dict) or not isinstance(values.get("model"), dict):
            raise ValueError(
                "tokenizer.json is JSON, but no tokenizer as the tokenizers library writes it: it "
                'has no "model" with the tokens.'
            )
        ids = tokenizer._library.get_vocab(with_added_tokens=True).values()
        count, largest = len(ids), max(ids, default=-1)
        if largest >= size:
            raise ValueError(
                f"The tokenizer has {count:,} tokens, with ids up to {largest:,}, but the model "
                f"knows {size:,}: they do not belong together."
            )
        return tokenizer

    @property
    def vocab_size(self) -> int:
        return self.size

    @property
    def bos(self) -> int | None:
        return self.opening

    @cached_property
    def texts(self) -> Sequence[str]:
        every = [[i] for i in range(self.size)]
        decoded = self._library.decode_batch(every, skip_special_tokens=False)
        return tuple(text or NO_TEXT for text in decoded)

    def encode(self, text: str) -> list[int]:
        return list(self._library.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        if len(ids) == 1 and 0 <= ids[0] < self.size:
            return "" if ids[0] == self.opening else self.texts[ids[0]]
        self._check_ids(ids)
        read = [i for i in ids if i != self.opening]
        # At once, for several may be parts of one character.
        return str(self._library.decode(read, skip_special_tokens=False))

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "rules": json.loads(self.rules),
            "size": self.size,
            "opening": self.opening,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The tokenizer that `to_json` described. Raises ValueError for anything else."""
        match values:
            case {
                "kind": cls.kind,
                "rules": dict(rules),
                "size": int(size),
                "opening": int() | None as opening,
            } if size > 0 and (opening is None or 0 <= opening < size):
                return cls(json.dumps(rules, ensure_ascii=False), size, opening)
        raise ValueError(
            'A tokenizer from outside is described by "kind": "outside", the "rules" of a'
            ' tokenizer.json, its "size" and the id of the "opening" token, or null.'
        )

    @cached_property
    def _library(self) -> tokenizers.Tokenizer:
        from tokenizers import Tokenizer as Library

        try:
            return Library.from_str(self.rules)
        # What the library raises has no class of its own.
        except Exception as error:
            raise ValueError(
                "tokenizer.json describes a tokenizer that the tokenizers library cannot read: "
                f"{str(error)[:200]}."
            ) from None


def rules_of_gpt2(vocabulary: Path, merges: Path) -> str:
    """The rules in a `vocab.json` and a `merges.txt`, as GPT-2's first files have them.

    Raises ValueError if they are something else, and OSError.
    """
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models, pre_tokenizers

    for each in (vocabulary, merges):
        each.open("rb").close()  # the library does not say which of them is missing
    try:
        library = Library(models.BPE.from_file(str(vocabulary), str(merges)))
    except Exception as error:
        raise ValueError(
            f"{vocabulary.name} and {merges.name} are not the tokens of a GPT-2: {error}."
        ) from None
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    return str(library.to_str())
