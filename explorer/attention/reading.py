"""A model of a run reads a text, and every head is measured on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import torch

from explorer.models import heads_per_layer, model_at
from gpt.lens.ablation import MLP, Head, Part, Replacement, switch_off
from gpt.lens.heads import Label, label_heads, measure_heads
from gpt.lens.induction import score_induction
from gpt.lens.opening import OpenedModel
from gpt.lens.summary import SUMMARIES
from gpt.lens.trace import Trace
from gpt.lens.trace import trace as trace_tensors
from gpt.runs.run import Run

READINGS_KEPT = 8
INDUCTIONS_KEPT = 500


@dataclass(frozen=True)
class Reading:
    """What a model did with a text.

    Attributes:
        opened: the model, with its tokenizer.
        trace: every activation.
        patterns: where every head looked, layer by layer, `(heads, T, T)`.
        labels: what kind each head is, or "".
        scores: how much of each kind it is, `(heads,)`, by the name of the score.
    """

    opened: OpenedModel
    trace: Trace
    patterns: npt.NDArray[np.float32]
    labels: tuple[str, ...]
    scores: dict[str, npt.NDArray[np.float32]]

    @property
    def n_layer(self) -> int:
        return self.trace.n_layer

    @cached_property
    def summaries(self) -> npt.NDArray[np.float32]:
        """All heads as one, `(summaries, T, T)`, in the order of `SUMMARIES`."""
        patterns = self.trace.patterns.float()
        return torch.stack([summary(patterns) for summary in SUMMARIES.values()]).numpy()

    def opened_pattern(self, index: int) -> npt.NDArray[np.float32]:
        """What can be shown in full, `(T, T)`: every head, and behind them every summary."""
        n_heads = len(self.patterns)
        pattern: npt.NDArray[np.float32] = (
            self.patterns[index] if index < n_heads else self.summaries[index - n_heads]
        )
        return pattern

    @property
    def n_head(self) -> int:
        return len(self.patterns) // self.n_layer


@dataclass(frozen=True)
class SwitchedOff:
    """The parts that do nothing, and what stands in for them.

    Attributes:
        heads: counted layer by layer.
        mlps: by their layers.
        replacement: nothing, or the mean of what the part computed.
    """

    heads: tuple[int, ...] = ()
    mlps: tuple[int, ...] = ()
    replacement: Replacement = "zero"

    def __bool__(self) -> bool:
        return bool(self.heads or self.mlps)

    def parts(self, n_head: int) -> list[Part]:
        """As `gpt.lens.ablation` takes them."""
        heads: list[Part] = [Head(*divmod(index, n_head)) for index in self.heads]
        return heads + [MLP(layer) for layer in self.mlps]


NOTHING_OFF = SwitchedOff()


@lru_cache(READINGS_KEPT)
def read(run: Run, step: int, ids: tuple[int, ...], off: SwitchedOff = NOTHING_OFF) -> Reading:
    """The model of that step reads the tokens, some of its parts switched off."""
    opened = model_at(run, step)
    if off:
        parts = off.parts(heads_per_layer(opened))
        trace = trace_tensors(opened.model, ids, ablate=switch_off(parts, off.replacement))
    else:
        trace = opened.trace(ids)
    patterns = trace.patterns.flatten(0, 1).float()
    tokens = torch.tensor(ids)
    scores = measure_heads(patterns, tokens)
    induction = induction_of(run, step, off)
    labels = label_heads(scores, tokens, induction)
    named = {name: score.float().numpy() for name, score in scores._asdict().items()}
    if induction:
        named["induction"] = induction[0].float().numpy()
    return Reading(
        opened,
        trace,
        patterns.numpy(),
        tuple(as_text(label) for label in labels),
        named,
    )


@lru_cache(INDUCTIONS_KEPT)
def induction_of(run: Run, step: int, off: SwitchedOff) -> tuple[torch.Tensor, float] | None:
    """The induction score of every head, and what chance would give, if it can be measured."""
    opened = model_at(run, step)
    tokenizer = opened.tokenizer
    ablation = switch_off(off.parts(heads_per_layer(opened)), off.replacement) if off else None
    return score_induction(opened.model, tokenizer.vocab_size, tokenizer.bos, ablation)


def as_text(label: Label | None) -> str:
    return "" if label is None else f"{label} {label.score:.2f}"


def opened_name(index: int, reading: Reading) -> str:
    """What is shown in full: a head, or a summary of all."""
    n_heads = len(reading.patterns)
    if index < n_heads:
        return head_name(index, reading.n_head)
    return f"all heads: {list(SUMMARIES)[index - n_heads]}"


def head_name(index: int, n_head: int) -> str:
    """What a head is called, by its place layer by layer."""
    return f"layer {index // n_head}, head {index % n_head}"


def strongest_key(pattern: npt.NDArray[np.float32], query: int) -> int:
    """Where a query looks most."""
    return int(np.argmax(pattern[query, : query + 1]))
