"""The same text read by every checkpoint of a run: what the slider over the training shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.components.logit_lens import Said
from explorer.inside.reading import LARGEST, in_16_bits, in_words, streams_of
from explorer.models import model_at
from gpt.lens.logit_lens import read_predictions
from gpt.runs.run import Run


def make_film(run: Run, steps: Sequence[int], ids: tuple[int, ...]) -> Said:
    """What every checkpoint would say at every depth, `(steps, D, T, 1)`.

    Takes about as long as so many forward passes.
    """
    found = []
    for step in steps:
        opened = model_at(run, step)
        streams = streams_of(opened.model.config, len(ids))
        found.append(read_predictions(opened.model, opened.trace(ids), streams, k=1))
    tokens, words = in_words(np.stack([each.tokens for each in found]), opened.tokenizer)
    shares = np.stack([each.probabilities for each in found])
    return Said(
        words,
        tokens,
        np.rint(LARGEST * shares).astype(np.uint16),
        in_16_bits(np.stack([each.last_ranks for each in found])),
        in_16_bits(np.stack([each.next_ranks for each in found])),
    )
