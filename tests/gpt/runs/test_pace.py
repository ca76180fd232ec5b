from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gpt.runs import pace as pace_module
from gpt.runs.config import RunError
from gpt.runs.pace import Pace, known_pace, measure_pace
from gpt.runs.process import own_process
from gpt.runs.session import train_run
from gpt.runs.status import Status
from gpt.tensor.report import Report


def answer_with(monkeypatch: Any, *paces: Pace) -> None:
    """In place of measurements, which a busy machine disturbs: each is asked for once."""
    remaining = iter(paces)
    monkeypatch.setattr(pace_module, "_measure_apart", lambda *question: next(remaining))


def test_what_is_measured_is_what_training_then_takes(tiny: Any) -> None:
    changes = {"steps": 300, "n_embd": 8, "inspection_interval": None}
    config = tiny.config("scalar", **changes)
    assert known_pace(config) is None
    pace = measure_pace(config, tiny.corpus)
    run = tiny.run("scalar", **changes)
    started = time.perf_counter()
    train_run(run)
    taken = time.perf_counter() - started
    # Loose, for the machine has others to serve meanwhile.
    assert 0.25 < taken / pace.seconds_for(config, tiny.corpus) < 4
    assert 20e6 < pace.memory < 500e6


def test_a_model_is_measured_once(tiny: Any, monkeypatch: Any) -> None:
    config = tiny.config()
    answer_with(monkeypatch, Pace(1.0, 1.0, 1.0, 1, False))
    pace = measure_pace(config, tiny.corpus)
    longer = tiny.config(steps=240, seed=5, learning_rate=0.3)
    assert measure_pace(longer, tiny.corpus) == known_pace(longer) == pace
    assert known_pace(tiny.config(n_embd=6)) is None
    assert known_pace(replace(config, versions={"python": "4"})) is None


def test_a_measurement_beside_another_training_is_not_remembered(tiny: Any) -> None:
    tiny.run().write_status(Status("running", time.time(), 24).taken_by(own_process()))
    measure_pace(tiny.config(), tiny.corpus)
    assert known_pace(tiny.config()) is None


def test_a_disturbed_measurement_is_not_remembered(tiny: Any, monkeypatch: Any) -> None:
    answer_with(monkeypatch, Pace(9.0, 9.0, 9.0, 1, True), Pace(1.0, 1.0, 1.0, 1, False))
    assert measure_pace(tiny.config(), tiny.corpus).was_disturbed
    assert known_pace(tiny.config()) is None
    assert measure_pace(tiny.config(), tiny.corpus) == known_pace(tiny.config())
    assert known_pace(tiny.config()).step_seconds == 1.0


class FakeTime:
    """Clocks that go as fast as a test says: one on the wall, and one for this thread alone."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    def perf_counter(self) -> float:
        return self.wall

    def thread_time(self) -> float:
        return self.processor

    def steps(self, *seconds: tuple[float, float]) -> Iterator[Report]:
        """A step for each wall and processor time, after one that is never counted."""
        yield Report(step=0)
        for step, (wall, processor) in enumerate([(60.0, 60.0), *seconds], start=1):
            self.wall += wall
            self.processor += processor
            yield Report(step=step, milliseconds=1000 * wall)


def test_steps_that_waited_for_a_processor_are_told_from_the_others(monkeypatch: Any) -> None:
    clocks = FakeTime()
    monkeypatch.setattr(pace_module, "time", clocks)
    waited, quiet = (1.5, 0.3), (0.5, 0.49)
    stretches = pace_module._take_steps(clocks.steps(waited, quiet, waited, quiet, quiet))
    assert [(each.is_quiet, each.steps) for each in stretches] == [
        (False, [1.5]),
        (True, [0.5]),
        (False, [1.5]),
        (True, [0.5]),
    ]


def test_nobody_waits_for_ever_until_a_busy_machine_rests(monkeypatch: Any) -> None:
    clocks = FakeTime()
    monkeypatch.setattr(pace_module, "time", clocks)
    stretches = pace_module._take_steps(clocks.steps(*[(0.5, 0.1)] * 100))
    assert [each.is_quiet for each in stretches] == [False] * 8


def test_the_whole_run_is_steps_evaluations_and_samples(tiny: Any) -> None:
    pace = Pace(
        step_seconds=0.5, evaluation_seconds=2.0, sample_seconds=10.0, memory=1, was_disturbed=False
    )
    config = tiny.config(steps=100, evaluation_interval=25, evaluation_documents=3)
    # 100 steps, 5 evaluations of 3 documents, 4 samples
    assert pace.seconds_for(config, tiny.corpus) == 50 + 5 * 3 * 2 + 4 * 10
    # The corpus holds out 7 documents, however many are asked for.
    many = tiny.config(steps=100, evaluation_interval=25, evaluation_documents=1000)
    assert pace.seconds_for(many, tiny.corpus) == 50 + 5 * 7 * 2 + 4 * 10
    silent = tiny.config(steps=100, evaluation_interval=100, sample_interval=None)
    assert pace.seconds_for(silent, tiny.corpus) == 50 + 2 * 3 * 2


def test_a_damaged_memory_is_no_memory(tiny: Any, monkeypatch: Any) -> None:
    answer_with(monkeypatch, Pace(1.0, 1.0, 1.0, 1, False))
    measure_pace(tiny.config(), tiny.corpus)
    assert known_pace(tiny.config())
    for contents in ("", "[]", '{"x": 3}'):
        pace_module._store().write_text(contents)
        assert known_pace(tiny.config()) is None


def test_what_takes_too_long_or_fails_is_a_sentence(tiny: Any, monkeypatch: Any) -> None:
    with pytest.raises(RunError, match="A few steps of this model take more than 0 seconds here"):
        measure_pace(tiny.config(), tiny.corpus, patience=0.01)
    with pytest.raises(RunError, match="There is no device abacus on this machine"):
        measure_pace(tiny.config("tensor", device="abacus"), tiny.corpus)
    # Where memory is short the system ends a process without a word.
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RunError, match="most likely for lack of memory"):
        measure_pace(tiny.config(), tiny.corpus)
