"""The same text read by every checkpoint of a run: what the slider over the training shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explorer.attention.reading import Reading, SwitchedOff, read
from explorer.charts.attention import in_16_bits, lower_triangle, thumbnails
from gpt.runs.run import Run


@dataclass(frozen=True)
class Film:
    """A text as each checkpoint reads it.

    Attributes:
        name: what it belongs to: run, text and what is switched off.
        steps: of the checkpoints.
        thumbnails: `(steps, heads, S (S + 1) / 2)`, from 0 to 255.
        triangles: `(steps, heads and summaries, T (T + 1) / 2)`, from 0 to 65535.
        labels: what kind each head is, for every step.
        scores: of each head for every step, by the name of the score: `(steps, heads)`.
    """

    name: str
    steps: tuple[int, ...]
    thumbnails: npt.NDArray[np.uint8]
    triangles: npt.NDArray[np.uint16]
    labels: tuple[tuple[str, ...], ...]
    scores: dict[str, npt.NDArray[np.float32]]


def make_film(
    name: str, run: Run, steps: Sequence[int], ids: tuple[int, ...], off: SwitchedOff
) -> Film:
    """Reads the text with every checkpoint. Takes about as long as so many forward passes."""
    readings = [read(run, step, ids, off) for step in steps]
    return Film(
        name,
        tuple(steps),
        np.stack([thumbnails(each.patterns) for each in readings]),
        np.stack([triangles(each) for each in readings]),
        tuple(each.labels for each in readings),
        {
            score: np.stack([each.scores[score] for each in readings])
            for score in readings[0].scores
        },
    )


def triangles(reading: Reading) -> npt.NDArray[np.uint16]:
    """Every head and every summary, `(heads and summaries, T (T + 1) / 2)`, from 0 to 65535."""
    packed = [in_16_bits(lower_triangle(each)) for each in (reading.patterns, reading.summaries)]
    return np.concatenate(packed)
