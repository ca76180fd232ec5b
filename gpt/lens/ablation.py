"""Switching parts of a model off, to see what they are good for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from gpt.lens.trace import trace
from gpt.tensor.batches import Batch
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel
from gpt.tensor.tap import Ablation


class Head(NamedTuple):
    """One head of attention, counted from 0."""

    layer: int
    head: int


class MLP(NamedTuple):
    """The MLP of one layer, counted from 0."""

    layer: int


Part = Head | MLP

Replacement = Literal["zero", "mean"]
"""What stands in for what a part computed: nothing, or its mean over all tokens that were read.

With nothing, the layers above miss what the part always adds, whatever it reads; with the mean they
miss only what depends on the text. The mean is of the batch at hand, and so knows a little of the
tokens to come.
"""


def switch_off(parts: Collection[Part], replacement: Replacement = "zero") -> Ablation:
    """What `LanguageModel.forward` takes as `ablate`, so that these parts do nothing.

    A head is switched off in what it gathered, an MLP in what it adds. A forward pass raises
    ValueError where the model has no such part.
    """
    heads: dict[int, list[int]] = defaultdict(list)
    for part in parts:
        if isinstance(part, Head):
            heads[part.layer].append(part.head)

    def without_heads(layer: int, gathered: Tensor) -> Tensor:  # (B, H, T, D)
        n_head = gathered.shape[1]
        missing = [head for head in heads[layer] if not 0 <= head < n_head]
        if missing:
            raise ValueError(
                f"Layer {layer} has heads 0 to {n_head - 1}, so there is no head {missing[0]} to "
                "switch off."
            )
        gathered = gathered.clone()
        chosen = gathered[:, heads[layer]]
        gathered[:, heads[layer]] = (
            0 if replacement == "zero" else chosen.mean((0, 2), keepdim=True)
        )
        return gathered

    def without_output(output: Tensor) -> Tensor:  # (B, T, C)
        if replacement == "zero":
            return torch.zeros_like(output)
        return output.mean((0, 1), keepdim=True).expand_as(output)

    ablation = {
        f"blocks.{layer}.attn.heads": lambda gathered, layer=layer: without_heads(layer, gathered)
        for layer in heads
    }
    mlps = {part.layer for part in parts if isinstance(part, MLP)}
    return ablation | {f"blocks.{layer}.mlp.output": without_output for layer in mlps}


def parts_of(model: LanguageModel) -> list[Part]:
    """All that can be switched off: layer by layer the heads, then the MLP."""
    config = model.config
    n_head = config.n_head if config.uses("n_head") else 1
    parts: list[Part] = []
    for layer in range(config.n_blocks):
        parts += [Head(layer, head) for head in range(n_head)]
        if config.reaches("feed-forward"):
            parts.append(MLP(layer))
    return parts


class Predictions(NamedTuple):
    """What is thought of the next token with and without some parts.

    Attributes:
        before: the probabilities of the whole model, `(T, V)` or `(B, T, V)`.
        after: those without the parts.
    """

    before: Tensor
    after: Tensor

    @property
    def divergence(self) -> Tensor:
        """How much the parts mattered after each token, in nats, `(T,)` or `(B, T)`.

        KL(before ‖ after) = ∑ p ln(p / q) (Kullback and Leibler 1951); 0 where nothing changed.
        """
        terms = torch.xlogy(self.before, self.before) - torch.xlogy(self.before, self.after)
        return terms.sum(-1)


def compare_predictions(
    model: LanguageModel,
    tokens: Sequence[int] | Tensor,
    parts: Collection[Part],
    replacement: Replacement = "zero",
) -> Predictions:
    """What a model predicts after each token, and what it predicts without some of its parts.

    Raises ValueError if the model has no such part, or cannot read so many tokens.
    """
    before = trace(model, tokens).probabilities
    return Predictions(
        before, trace(model, tokens, ablate=switch_off(parts, replacement)).probabilities
    )


class Losses(NamedTuple):
    """Losses with and without some parts, as far as they are measured, in nats per token.

    Attributes:
        before: of the whole model.
        after: for each of the sets of parts asked about, the loss without them.
        n_targets: how many tokens were predicted so far.
        share: how much of all there is to read that is, from 0 to 1.
    """

    before: float
    after: list[float]
    n_targets: int
    share: float


@torch.no_grad()
def compare_losses(
    model: LanguageModel,
    batches: Sequence[Batch],
    sets: Sequence[Collection[Part]],
    replacement: Replacement = "zero",
) -> Iterator[Losses]:
    """The loss of a model without some of its parts; the last report is of all batches.

    After every batch the losses so far are yielded, so that whoever waits can see them settle. With
    `parts_of` one gets a table of what each part is worth: `[[part] for part in parts_of(model)]`.

    Args:
        model: the whole model, without dropout.
        batches: what it is tested on, as `gpt.lens.opening.held_out_batches` gives them.
        sets: of parts to switch off together, one set after another.
        replacement: what stands in for them.

    Raises ValueError if the model has no such part, or there is nothing to predict.
    """
    device = next(model.parameters()).device
    ablations: list[Ablation] = [{}, *(switch_off(parts, replacement) for parts in sets)]
    sums, n_targets = [0.0] * len(ablations), 0
    for done, (idx, targets) in enumerate(batches, 1):
        n_asked = int((targets != IGNORED_TARGET).sum())
        if n_asked:
            with model.evaluating():
                for i, ablation in enumerate(ablations):
                    _, loss = model(idx.to(device), targets=targets.to(device), ablate=ablation)
                    sums[i] += loss.item() * n_asked
        n_targets += n_asked
        if n_targets:
            before, *after = (total / n_targets for total in sums)
            yield Losses(before, after, n_targets, done / len(batches))
    if not n_targets:
        raise ValueError("There is nothing held out to measure a loss on.")
