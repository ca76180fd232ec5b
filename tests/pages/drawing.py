"""What a page should have drawn, by `generate` alone."""

from __future__ import annotations

from typing import Any

import torch

from gpt.lens.opening import OpenedModel
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import generate


def drawn(
    opened: OpenedModel, prompt: tuple[int, ...], count: int, *, seed: int = 7, **controls: Any
) -> list[int]:
    ids = generate(
        opened.model,
        torch.tensor([prompt]),
        count,
        generator=torch.Generator().manual_seed(seed),
        config=SamplingConfig(**controls),
    )
    return ids[0, len(prompt) :].tolist()
