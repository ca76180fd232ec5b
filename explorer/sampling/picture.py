"""The text as the browser shows it."""

from __future__ import annotations

import numpy as np

from explorer.charts.tokens import visible
from explorer.components.distribution import Picture, Settled
from explorer.sampling.digest import Digest, listed_of, tail_at_sliders
from explorer.sampling.text import Text


def picture_of(text: Text) -> Picture:
    """Everything that the view shows of a text. Raises NotANumberError."""
    tokenizer = text.subject.opened.tokenizer
    V = tokenizer.vocab_size
    digests = text.all_digests()
    is_whole = listed_of(V) == V
    occurring = set(text.taken).union(*([each.drawn, *each.tokens] for each in digests))
    ids = list(range(V)) if is_whole else sorted(occurring)
    index = {token: place for place, token in enumerate(ids)}
    texts = [tokenizer.decode([token]) for token in ids]
    return Picture(
        ids=ids,
        texts=texts,
        vocabulary=[visible(each) for each in texts],
        vocab_size=V,
        prompt=tokenizer.decode(text.subject.prompt),
        n_prompt=len(text.subject.prompt),
        taken=[index[token] for token in text.taken],
        given=[place in text.forced for place in range(len(text.taken))],
        surprisals=[each.surprisal for each in text.measures],
        ranks=[each.rank for each in text.measures],
        entropies=[each.entropy for each in text.measures],
        listed=np.array([[index[token] for token in each.tokens] for each in digests], np.uint16),
        logits=np.stack([each.logits for each in digests]),
        uniforms=text.uniforms(),
        is_over=text.is_over,
        settled=None if is_whole else settle(text, digests, index),
    )


def settle(text: Text, digests: list[Digest], index: dict[int, int]) -> Settled:
    """What the controls make of the places, of a vocabulary that is not sent as a whole."""
    shown = len(text.taken) - (1 if text.is_over and text.taken else 0)
    return Settled(
        final=np.stack([each.final for each in digests]),
        starts=np.stack([each.starts for each in digests]),
        tails=np.stack([each.tail for each in digests]),
        table=tail_at_sliders(text.logits[shown]),
        kept=[each.kept for each in digests],
        entropies=[each.entropy for each in digests],
        drawn=[index[each.drawn] for each in digests],
        spans=np.array([each.span for each in digests], dtype=np.float32),
    )
