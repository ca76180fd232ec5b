"""A run's model as one that writes, whichever kind of numbers it is made of."""

from __future__ import annotations

from gpt.lens.opening import OpenedModel
from gpt.tensor.cache import PastBlock
from gpt.tensor.sampling import ways_past_block
from gpt.tensor.steps import Reader, ScalarReader, TensorReader

FIRST_TOKEN = 0


def start_text(opened: OpenedModel, prompt: str) -> list[int]:
    """The tokens from which a model goes on: never none, and as many as there are.

    A document begins with BOS. Running text that begins with nothing follows token 0, as in the
    lecture, where that is a line break.

    Raises UnknownCharacterError.
    """
    bos = opened.tokenizer.bos
    tokens = opened.tokenizer.encode(prompt)
    if bos is not None:
        return [bos, *tokens]
    return tokens or [FIRST_TOKEN]


def ways_to_go_on(opened: OpenedModel) -> tuple[PastBlock, ...]:
    """What can become of a text that outgrows this model's block."""
    return ways_past_block(opened.model.config) if opened.plain is None else ("crop",)


def new_reader(opened: OpenedModel, past_block: PastBlock = "crop") -> Reader:
    """What says what follows a text.

    Raises ValueError if the model cannot go past its block in that way.
    """
    if opened.plain is None:
        return TensorReader(opened.model, past_block)
    if past_block != "crop":
        raise ValueError("A GPT of plain numbers can only crop what outgrows its block.")
    return ScalarReader(*opened.plain)
