"""Whether what a model wrote is its own: copied, repeated, known or new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from gpt.corpus.corpus import Corpus
from gpt.lens.opening import OpenedModel

COPY_LENGTH = 20  # characters that hardly stand in two texts by chance
N_GRAM = 3


class Novelty(NamedTuple):
    """How samples relate to the text that the model was trained on.

    Attributes:
        copied: for running text, the share of all windows of `COPY_LENGTH` characters that stand
            in the corpus as they are; None if no sample is as long.
        known: for documents, the share of samples that the corpus holds; None for running text.
    """

    copied: float | None
    known: float | None


def measure_novelty(samples: Sequence[str], corpus: Corpus) -> Novelty:
    """How much of the samples the corpus already says."""
    if corpus.kind == "documents":
        documents = set(corpus.documents)
        return Novelty(None, sum(each in documents for each in samples) / len(samples))
    windows = [
        sample[start : start + COPY_LENGTH]
        for sample in samples
        for start in range(len(sample) - COPY_LENGTH + 1)
    ]
    copied = sum(window in corpus.text for window in windows)
    return Novelty(copied / len(windows) if windows else None, None)


def distinct_n(samples: Sequence[Sequence[int]], n: int = N_GRAM) -> float | None:
    """The share of different n-grams among all of the samples' (Li et al. 2015).

    1 where none comes twice; None where no sample has n tokens.
    """
    grams = [
        tuple(sample[start : start + n])
        for sample in samples
        for start in range(len(sample) - n + 1)
    ]
    return len(set(grams)) / len(grams) if grams else None


@torch.inference_mode()
def mean_surprisal(
    opened: OpenedModel, prompt: Sequence[int], samples: Sequence[Sequence[int]]
) -> float | None:
    """How surprised the model is by a token of its samples, in nats, at temperature 1.

    Raises ValueError if a sample with its prompt outgrows the block.
    """
    surprisals = []
    for sample in samples:
        if sample:
            text = torch.tensor([[*prompt, *sample]])
            logits, _ = opened.model(text[:, :-1])
            of_sample = logits[0, len(prompt) - 1 :].double().log_softmax(dim=-1)
            surprisals.append(-of_sample.gather(-1, text[0, len(prompt) :, None]).flatten())
    return float(torch.cat(surprisals).mean()) if surprisals else None
