"""A close look at every matrix during one training step."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gpt.tensor.language_model import LanguageModel
from gpt.tensor.report import Histogram, MatrixReport

BINS = 40


def copy_matrices(model: LanguageModel) -> dict[str, Tensor]:
    """The weights of every matrix as they are now, by parameter name."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.dim() >= 2}


def inspect_matrices(model: LanguageModel, before: Mapping[str, Tensor]) -> dict[str, MatrixReport]:
    """Compares every matrix with its copy from before the update, while gradients still stand."""
    reports = {}
    for name, parameter in model.named_parameters():
        if name not in before or parameter.grad is None:
            continue
        weight = parameter.detach()
        update = weight - before[name]
        length = before[name].norm().item()
        reports[name] = MatrixReport(
            update_ratio=update.norm().item() / length if length > 0 else 0.0,
            weight=histogram(weight),
            gradient=histogram(parameter.grad),
            update=histogram(update),
        )
    return reports


def histogram(numbers: Tensor, bins: int = BINS) -> Histogram:
    """Counts the finite numbers, in bins from the smallest to the largest of them."""
    finite = numbers[torch.isfinite(numbers)].float()
    if len(finite) == 0:
        return Histogram(0.0, 0.0, [0] * bins)
    low, high = finite.min().item(), finite.max().item()
    counts = torch.histc(finite, bins, low, high)
    return Histogram(low, high, [int(count) for count in counts.tolist()])
