"""The times with and without the cache: of several passes the least, and it is said of how many."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from explorer.charts.caching import Cost
from explorer.components.distribution import Controls
from explorer.sampling import caching
from explorer.sampling.caching import how_often, measure
from explorer.sampling.subject import Subject
from gpt.lens.opening import open_model
from gpt.lens.writing import start_text
from gpt.runs.demos import list_demos


@pytest.fixture(scope="module")
def subject() -> Subject:
    summary = next(each for each in list_demos().runs if each.run.name == "copy")
    opened = open_model(summary.run)
    prompt = tuple(start_text(opened, "ab="))
    return Subject(summary, opened.step, (opened.step,), opened, prompt, 7, 100, "crop")


@pytest.mark.parametrize(("pass_seconds", "expected"), [(0.5, 12), (2.5, 3), (9.0, 1)])
def test_each_time_is_the_least_of_as_many_passes_as_there_is_patience_for(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, pass_seconds: float, expected: int
) -> None:
    now = 0.0
    noise = iter([3.0, 2.0, 4.0, *[5.0] * 9])

    def measure_once(*_: object) -> list[Cost]:
        nonlocal now
        now += pass_seconds
        more = next(noise)
        return [Cost(place, range(1), range(0), more, 10 * more) for place in (1, 2)]

    monkeypatch.setattr(caching, "state", {"sampling controls": Controls(temperature=0.0)})
    monkeypatch.setattr(caching, "time", SimpleNamespace(perf_counter=lambda: now))
    monkeypatch.setattr(caching, "_measure_once", measure_once)
    costs, n_passes = measure(subject)
    least = 3.0 if expected == 1 else 2.0
    assert n_passes == expected
    assert [(each.seconds, each.seconds_anew) for each in costs] == [(least, 10 * least)] * 2


def test_it_is_said_of_how_many_measurements_a_time_is_the_least() -> None:
    assert how_often(1) == "Each time was measured once."
    assert how_often(12).startswith("Each time is the least of 12 measurements")
