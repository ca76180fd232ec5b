"""The 32,033 names where they are at hand, and the plain reference to be measured against."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from gpt.corpus.documents import split_documents

N_COMPARED = 100  # steps of the names run


@pytest.fixture(scope="session")
def names() -> tuple[str, ...]:
    path = Path(os.environ.get("GPT_DATA", "data/downloads")) / "names.txt"
    if not path.exists():
        pytest.skip(f"the 32,033 names are not at {path}; GPT_DATA names their folder")
    documents = split_documents(path.read_text(encoding="utf-8"))
    assert len(documents) == 32_033
    return documents


@pytest.fixture(scope="session")
def plain_microgpt() -> ModuleType:
    """tests/plain_microgpt.py, which lies outside every package."""
    path = Path(__file__).parents[2] / "plain_microgpt.py"
    spec = importlib.util.spec_from_file_location("plain_microgpt", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def first_losses() -> Callable[[Iterator[float], int], list[float]]:
    """The first losses of a plain run, which needs a deep stack and leaves cycles behind."""

    def take(losses: Iterator[float], n_steps: int) -> list[float]:
        with _room_for_the_plain_way():
            return [_and_tidy_up(loss) for loss in islice(losses, n_steps)]

    return take


@pytest.fixture(scope="session")
def plain_losses_on_names(
    names: Sequence[str],
    plain_microgpt: ModuleType,
    first_losses: Callable[[Iterator[float], int], list[float]],
) -> list[float]:
    """The losses that the plain reference finds on the names in the first 100 of 1000 steps."""
    return first_losses(plain_microgpt.PlainMicroGPT(list(names)).train(1000), N_COMPARED)


@pytest.fixture
def cycle_collector_off() -> Iterator[None]:
    """What is freed is freed without its help; gc.get_objects() finds only what is new."""
    with _cycle_collector_off():
        yield


@contextmanager
def _room_for_the_plain_way() -> Iterator[None]:
    # It sorts recursively, and its graphs are freed by the cycle collector alone: to run that once
    # a step instead of all the time halves the time it takes.
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        with _cycle_collector_off():
            yield
    finally:
        sys.setrecursionlimit(limit)


@contextmanager
def _cycle_collector_off() -> Iterator[None]:
    gc.disable()
    gc.freeze()  # what is there already is not to be searched or counted again and again
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def _and_tidy_up(loss: float) -> float:
    gc.collect()
    return loss
