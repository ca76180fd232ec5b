"""What nearly came instead: the likeliest tokens along a text that were passed over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from explorer.sampling.text import Text
from explorer.sampling.tries import Branch, common_length


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
    tried_at: dict[int, set[int]] = {}
    for branch in tried:
        place = common_length(text.taken, branch.tokens)
        if place < len(branch.tokens):
            tried_at.setdefault(place, set()).add(branch.tokens[place])
    misses = []
    for place, (digest, measure, token) in enumerate(
        zip(text.all_digests(), text.measures, text.taken, strict=False)
    ):
        gone = {token} | tried_at.get(place, set())
        likeliest_first = digest.logits.argsort()[::-1].tolist()
        best = next((k for k in likeliest_first if digest.tokens[k] not in gone), None)
        if best is None:
            continue
        # By the token that came, whose logit and surprisal are known.
        share = math.exp(float(digest.logits[best]) - measure.logit - measure.surprisal)
        misses.append(Miss(place, digest.tokens[best], share))
    nearest = sorted(misses, key=lambda miss: -miss.probability)[:count]
    return sorted(nearest, key=lambda miss: -miss.place)
