"""Generation: ask for the next token, draw it, feed it back in."""

from __future__ import annotations

import random
from collections.abc import Iterator

from gpt.scalar.functions import softmax
from gpt.scalar.model import Config, Weights, empty_cache, forward


def sample(
    config: Config,
    weights: Weights,
    bos: int,
    rng: random.Random,
    *,
    temperature: float = 1.0,
) -> Iterator[int]:
    """Yield the tokens of one document, until the model draws BOS or block_size is reached.

    Logits are divided by `temperature` before the softmax: below 1 the likely gets likelier, above
    1 the unlikely gets its chance. A token is drawn by inverting the cumulative distribution at one
    uniform number.

    Raises:
        ValueError: temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature:g}; it must be above 0")
    token = bos
    cache = empty_cache(config)
    for position in range(config.block_size):
        logits, cache = forward(config, weights, token, position, cache)
        # With the largest at 0 the others may overflow, to a probability of 0, but nothing else.
        largest = max(logits)
        probabilities = softmax([(logit - largest) / temperature for logit in logits])
        (token,) = rng.choices(range(config.vocab_size), weights=probabilities)
        if token == bos:
            return
        yield token
