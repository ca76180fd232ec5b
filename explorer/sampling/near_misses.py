"""What nearly came instead: the likeliest tokens along a text that were passed over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from explorer.sampling.text import Text
from explorer.sampling.tries import Branch


class Miss(NamedTuple):
    """A token that did not come.

    Attributes:
        place: where it would have stood.
        token: which.
        probability: what the model gave to it.
    """

    place: int
    token: int
    probability: float


def near_misses(text: Text, tried: Sequence[Branch], count: int) -> list[Miss]:
    """So many tokens, each the likeliest of its place but for the one taken, the last place first.

    What was tried from there before is none.
    """
    misses = []
    taken = tuple(text.taken)
    for place, (digest, measure) in enumerate(zip(text.all_digests(), text.measures, strict=False)):
        tokens = np.array(digest.tokens)
        gone = {
            each.tokens[place]
            for each in tried
            if each.tokens[:place] == taken[:place] and len(each.tokens) > place
        }
        others = np.flatnonzero(~np.isin(tokens, [*gone, taken[place]]))
        if not len(others):
            continue
        best = others[digest.logits[others].argmax()]
        # By the token that came, whose logit and surprisal are known.
        share = math.exp(float(digest.logits[best]) - measure.logit - measure.surprisal)
        misses.append(Miss(place, int(tokens[best]), share))
    nearest = sorted(misses, key=lambda miss: -miss.probability)[:count]
    return sorted(nearest, key=lambda miss: -miss.place)
