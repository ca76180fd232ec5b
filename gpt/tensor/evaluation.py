"""How well a model predicts text that it is not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch

from gpt.tensor.batches import Batch
from gpt.tensor.distributed import ALONE, Workers
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel


class Score(NamedTuple):
    """How well the targets of some batches were predicted.

    Attributes:
        loss: the mean over all targets, in nats per token.
        accuracy: the share of the targets that were thought the likeliest token.
        exact_match: the share of the rows of which that holds for every target. Of examples with
            one right answer these are the answers that a model writes rightly when it always takes
            the likeliest token: as long as all were right, what it reads is what it would write.
    """

    loss: float
    accuracy: float
    exact_match: float


@torch.no_grad()
def evaluate(model: LanguageModel, batches: Iterable[Batch], workers: Workers = ALONE) -> Score:
    """Scores a model on all targets, without dropout; every token counts the same.

    Several workers each read some of the batches, and all get the score of all.

    Raises ValueError if there is no target in the batches.
    """
    device = next(model.parameters()).device
    loss_sum = n_targets = n_right = n_rows = n_exact = 0.0
    with model.evaluating():
        for idx, targets in workers.some_of(batches):
            targets = targets.to(device)
            is_asked = targets != IGNORED_TARGET
            n_asked = int(is_asked.sum())
            if n_asked == 0:
                continue
            logits, loss = model(idx.to(device), targets=targets)
            is_right = logits.argmax(dim=-1) == targets
            loss_sum += loss.item() * n_asked
            n_targets += n_asked
            n_right += int(is_right[is_asked].sum())
            n_rows += int(is_asked.any(dim=1).sum())
            n_exact += int(((is_right | ~is_asked).all(dim=1) & is_asked.any(dim=1)).sum())
    sums = (loss_sum, n_targets, n_right, n_rows, n_exact)
    loss_sum, n_targets, n_right, n_rows, n_exact = workers.total(sums)
    if n_targets == 0:
        raise ValueError("There is nothing to evaluate on: the batches hold no target token.")
    return Score(loss_sum / n_targets, n_right / n_targets, n_exact / n_rows)
