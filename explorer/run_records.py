"""Everything that a run has written about itself, read as it grows and kept ready to draw."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gpt.runs.config import RunError
from gpt.runs.journal import Record, Tail
from gpt.runs.library import Listing, list_runs
from gpt.runs.run import Run

MOST_KEPT = 400
"""Of samples and of histograms: more moments than a slider can tell apart."""


class Series(NamedTuple):
    """One quantity over the steps at which it was measured."""

    steps: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


NOTHING = Series(np.array([], dtype=np.int64), np.array([], dtype=np.float64))


def runs_now() -> Listing:
    """Every run; none where their folder cannot be read, about which the page has a sentence."""
    try:
        return list_runs()
    except RunError:
        return Listing([], {})


class RunRecords:
    """The metrics, samples, histograms and events of a run; `read` adds what is new.

    Attributes:
        samples: what the model wrote, each with its step, oldest first; of many, some.
        histograms: a close look at every matrix, likewise.
        events: who did what, in the order in which it happened.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.samples: list[Record] = []
        self.histograms: list[Record] = []
        self.events: list[Record] = []
        self._columns: dict[str, tuple[array[int], array[float]]] = {}
        self._metrics = Tail(run.metrics_file)
        self._lists = [
            (Tail(run.samples_file), self.samples),
            (Tail(run.histograms_file), self.histograms),
            (Tail(run.events_file), self.events),
        ]

    def read(self) -> None:
        """Takes in the lines since the last time. Raises OSError where a file cannot be read."""
        for tail, records in self._lists:
            for update in tail.read_all():
                if update.is_whole:
                    records.clear()
                records.extend(update.records)
                if records is not self.events:
                    thin_out(records, MOST_KEPT)
        for update in self._metrics.read_all():
            if update.is_whole:
                self._columns.clear()
            for record in update.records:
                self._add(record)

    def series(self, name: str) -> Series:
        """A column of the metrics: "train_loss", "learning_rate", "update_ratios/NAME", ..."""
        steps, values = self._columns.get(name, (array("q"), array("d")))
        return Series(np.array(steps, dtype=np.int64), np.array(values, dtype=np.float64))

    def names(self, prefix: str = "") -> list[str]:
        """The columns there are, of those that begin so."""
        return [name for name in self._columns if name.startswith(prefix)]

    def last(self, name: str) -> float | None:
        """The newest value of a column."""
        column = self._columns.get(name)
        return column[1][-1] if column else None

    def to_csv(self) -> str:
        """Every metric of every step, a line a step, empty where there was nothing to tell."""
        names = self.names()
        rows: dict[int, dict[str, float]] = {}
        for name in names:
            for step, value in zip(*self._columns[name], strict=True):
                rows.setdefault(step, {})[name] = value
        lines = [",".join(["step", *names])]
        for step in sorted(rows):
            cells = (repr(rows[step][name]) if name in rows[step] else "" for name in names)
            lines.append(",".join([str(step), *cells]))
        return "\n".join(lines) + "\n"

    def _add(self, record: Record) -> None:
        step = record.get("step")
        if not isinstance(step, int):
            return
        for name, value in _flat(record):
            steps, values = self._columns.setdefault(name, (array("q"), array("d")))
            steps.append(step)
            values.append(value)


def thin_out(records: list[Record], most: int) -> None:
    """Lets go of every other record until there are at most so many; the ends stay."""
    while len(records) > most:
        records[:] = [*records[:-1:2], records[-1]]


def at_step(records: list[Record], step: int) -> Record | None:
    """The last of the records that is not later than a step; the first where all are later."""
    if not records:
        return None
    place = bisect_right(records, step, key=lambda record: int(record["step"]))
    return records[max(place - 1, 0)]


def _flat(record: Record) -> list[tuple[str, float]]:
    """The numbers of a line of metrics; those of a group are named "group/name"."""
    numbers: list[tuple[str, float]] = []
    for name, value in record.items():
        if name == "step":
            continue
        inner: dict[str, Any] = value if isinstance(value, dict) else {}
        numbers += [(f"{name}/{each}", number) for each, number in inner.items()]
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append((name, value))
    return numbers
