"""Watching a training from outside while it goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gpt.runs.journal import Record, read_records
from gpt.runs.run import Run

KINDS = pytest.mark.parametrize("kind", ["scalar", "tensor"])


class Killed(BaseException):
    """Stands for a kill: nothing after it runs."""


def at_step(step: int, do: Callable[[], object]) -> Callable[[Record], None]:
    """Does something once, right after a step."""

    def watch(record: Record) -> None:
        if record["step"] == step:
            do()

    return watch


def events(run: Run) -> list[tuple[int, str, str]]:
    return [(e["step"], e["who"], e["what"]) for e in read_records(run.events_file)]
