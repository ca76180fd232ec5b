"""What a run learns from and what it is tested on: the split of its corpus, in its token ids."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from gpt.corpus.baselines import Baselines, measure_baselines
from gpt.corpus.byte_pair import LONGEST_TOKEN, BytePairTokenizer
from gpt.corpus.corpus import Corpus, Split
from gpt.corpus.tasks.task import EncodedExample, Example
from gpt.corpus.tokenizer import Tokenizer
from gpt.runs.config import RunConfig, RunError
from gpt.runs.settings import TokenizerSettings

# Fixed, so that all runs on a corpus, whatever their seeds, are tested on the same documents.
_SPLIT_SEED = 0


def split_corpus(corpus: Corpus) -> Split:
    """The documents to train on and those held out, both in random order, always the same.

    A list in alphabetical order would give away how each document begins: like the one before it.
    """
    rng = random.Random(_SPLIT_SEED)
    train, validation = corpus.split(rng)
    return Split(_shuffled(train, rng), _shuffled(validation, rng))


@lru_cache(maxsize=16)
def make_tokenizer(corpus: Corpus, settings: TokenizerSettings) -> Tokenizer:
    """The tokenizer of a corpus.

    Byte-pair encoding counts pairs in the part to learn from only: were they counted in all of the
    text, what is held out would have had its say in how it is cut. But it knows the characters of
    all the text, as the tokenizer of characters does, or a held-out text could not be read.

    Raises ValueError for a vocabulary without room for the characters.
    """
    if settings.tokenizer == "characters":
        return corpus.tokenizer
    return BytePairTokenizer.train(
        split_corpus(corpus).train,
        settings.vocab_size,
        characters=corpus.tokenizer.characters,
        has_bos=corpus.tokenizer.has_bos,
    )


@dataclass(frozen=True)
class TokenStreams:
    """A corpus as a tensor model reads it.

    Attributes:
        train: token ids to learn from, one long stream.
        validation: token ids to be tested on; fewer than two mean that nothing is held out.
        characters_per_token: of the validation text, or of all where nothing is held out; BOS
            counts as a token without a character.
    """

    train: list[int]
    validation: list[int]
    characters_per_token: float


def encode_streams(corpus: Corpus, tokenizer: Tokenizer | None = None) -> TokenStreams:
    """Both parts of the split in the token ids of that tokenizer, or else of the corpus' own.

    Raises UnknownCharacterError for what the tokenizer does not know.
    """
    split = split_corpus(corpus)
    train = corpus.encode(split.train, tokenizer)
    validation = corpus.encode(split.validation, tokenizer)
    tested, stream = (split.validation, validation) if split.validation else (split.train, train)
    # The BOS that opens a stream is read but never asked for.
    n_predicted = len(stream) - (corpus.kind == "documents")
    return TokenStreams(train, validation, sum(map(len, tested)) / n_predicted)


class EncodedExamples(NamedTuple):
    """The examples of a task as a tensor model reads them.

    Attributes:
        train: to learn from.
        validation: to be tested on.
        characters_per_token: of the answers held out, BOS being a token without a character.
    """

    train: list[EncodedExample]
    validation: list[EncodedExample]
    characters_per_token: float


def check_length(config: RunConfig, corpus: Corpus) -> None:
    """Raises RunError where what there is to learn from is too short for the blocks of the model.

    Of an example of a task, and by the model made of plain numbers, a shorter text is read as well.
    """
    block_size = config.model.block_size
    if config.kind != "tensor" or corpus.task:
        return
    count = _count_until(corpus, config.tokenizer, block_size + 1)
    if count <= block_size:
        shorter = f", or set block_size to {count - 1:,} or less" if count > 1 else ""
        tokens = "token" if count == 1 else "tokens"
        raise RunError(
            f"{corpus.name} has {count:,} {tokens} to learn from, but blocks of {block_size:,} need"
            f" at least {block_size + 1:,}: choose a longer text{shorter}."
        )


@lru_cache(maxsize=64)
def _count_until(corpus: Corpus, tokenizer: Tokenizer, enough: int) -> int:
    """The tokens to learn from; of a text that surely has so many, `enough`, without counting."""
    train = split_corpus(corpus).train
    if sum(map(len, train)) >= enough * LONGEST_TOKEN:
        return enough
    return len(corpus.encode(train, tokenizer))


def encode_examples(corpus: Corpus, tokenizer: Tokenizer) -> EncodedExamples:
    """Both parts of the split of a task. Raises UnknownCharacterError."""
    train, validation = (
        [Example.of(document).encode(tokenizer) for document in part]
        for part in split_corpus(corpus)
    )
    n_tokens = sum(len(tokens) - start for tokens, start in validation)
    return EncodedExamples(train, validation, 1 - len(validation) / n_tokens)


def bits_per_character(loss: float, characters_per_token: float) -> float:
    """A loss in nats per token as bits per character, which compares across tokenizers."""
    return loss / (math.log(2) * characters_per_token)


def baselines_of(streams: TokenStreams, vocab_size: int) -> Baselines | None:
    """The losses that a model must beat; None where nothing is held out to measure them on."""
    if len(streams.validation) < 2:
        return None
    return measure_baselines(streams.train, streams.validation, vocab_size)


def _shuffled(documents: tuple[str, ...], rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(documents, len(documents)))
