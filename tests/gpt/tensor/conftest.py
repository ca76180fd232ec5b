"""Tiny Shakespeare where it is at hand, and models small enough to check by brute force."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@dataclass(frozen=True)
class Text:
    """A text as the lecture encodes it: its characters sorted, each with its place as id."""

    characters: list[str]
    ids: torch.Tensor

    @property
    def training(self) -> torch.Tensor:
        return self.ids[: int(0.9 * len(self.ids))]

    def decode(self, ids: list[int]) -> str:
        return "".join(self.characters[i] for i in ids)


@pytest.fixture(scope="session")
def shakespeare() -> Text:
    path = Path(os.environ.get("GPT_DATA", "data/downloads")) / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip(f"Tiny Shakespeare is not at {path}; GPT_DATA names its folder")
    text = path.read_text(encoding="utf-8")
    characters = sorted(set(text))
    id_of = {character: i for i, character in enumerate(characters)}
    return Text(characters, torch.tensor([id_of[character] for character in text]))


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1337)
