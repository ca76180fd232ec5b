"""How well a model predicts text that it is not trained on."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from gpt.tensor.batches import Batch
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel


@torch.no_grad()
def evaluate(model: LanguageModel, batches: Iterable[Batch]) -> float:
    """The mean loss in nats per target token, without dropout; every token counts the same.

    Raises ValueError if there is no target in the batches.
    """
    device = next(model.parameters()).device
    total, count = 0.0, 0
    with model.evaluating():
        for idx, targets in batches:
            n_targets = int((targets != IGNORED_TARGET).sum())
            if n_targets == 0:
                continue
            _, loss = model(idx.to(device), targets=targets.to(device))
            total += loss.item() * n_targets
            count += n_targets
    if count == 0:
        raise ValueError("There is nothing to evaluate on: the batches hold no target token.")
    return total / count
