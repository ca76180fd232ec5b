"""A person and a model guess the same text, one token at a time, and are scored alike.

The score of a guess is -ln of the share given to what really came: the logarithmic score (Good
1952), the very loss that the model was trained on. On average nobody does better than by saying
what they believe: whoever overstates or understates it pays.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks.task import Example
from gpt.corpus.tokenizer import Tokenizer
from gpt.lens.opening import OpenedModel
from gpt.runs.data import split_corpus

HEAD_START = 24  # characters of running text that are given before the first guess
PASSAGE_LENGTH = 200  # characters of running text


class Passage(NamedTuple):
    """A text to be guessed.

    Attributes:
        tokens: all of it.
        first: the place of the first token that is asked for.
        is_held_out: whether the model was never trained on it.
    """

    tokens: tuple[int, ...]
    first: int
    is_held_out: bool


class Round(NamedTuple):
    """One token that was guessed, and the share that either had given to it."""

    token: int
    reader: float
    model: float


def draw_passage(corpus: Corpus, tokenizer: Tokenizer, rng: random.Random) -> Passage:
    """A passage from what was kept from training; where nothing was, from what it learnt.

    A stretch of running text that begins with a word, a document from its beginning, or the
    answer of a task.

    Raises UnknownCharacterError.
    """
    split = split_corpus(corpus)
    documents = split.validation or split.train
    document = rng.choice(documents)
    is_held_out = bool(split.validation)
    if corpus.task:
        tokens, first = Example.of(document).encode(tokenizer)
        return Passage(tuple(tokens), first, is_held_out)
    if corpus.kind == "documents":
        return Passage(tuple(tokenizer.encode_document(document)), 1, is_held_out)
    start = _start_of_word(document, rng.randrange(max(1, len(document) - PASSAGE_LENGTH)))
    given = tokenizer.encode(document[start : start + HEAD_START])
    rest = tokenizer.encode(document[start + HEAD_START : start + PASSAGE_LENGTH])
    return Passage((*given, *rest), len(given), is_held_out)


def _start_of_word(text: str, place: int) -> int:
    """The place, or the first behind it at which a word begins; itself where none is near."""
    begins = re.compile(r"(?<=\s)\S").search(text, place, place + HEAD_START)
    return begins.start() if place and begins else place


def share_of(token: int, guesses: Collection[int], confidence: float, vocab_size: int) -> float:
    """What a person has given to a token: the confidence, spread evenly over the guesses.

    What is left of it is spread evenly over all other tokens, so that nothing is held impossible.

    Args:
        token: that really came.
        guesses: different tokens, at least one.
        confidence: above 0 and below 1.
        vocab_size: V.
    """
    if len(guesses) == vocab_size:
        return 1 / vocab_size
    if token in guesses:
        return confidence / len(guesses)
    return (1 - confidence) / (vocab_size - len(guesses))


@torch.inference_mode()
def model_shares(opened: OpenedModel, tokens: Sequence[int]) -> torch.Tensor:
    """The model's own probabilities `(V,)` of what follows; it reads the last of the tokens."""
    read = torch.tensor([list(tokens)[-opened.model.config.block_size :]])
    logits: torch.Tensor = opened.model(read)[0][0, -1]
    return logits.double().softmax(dim=-1)


def mean_nats(shares: Sequence[float]) -> float:
    """The mean score of guesses that gave so much to what came, in nats."""
    return sum(-math.log(share) for share in shares) / len(shares)
