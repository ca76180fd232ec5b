"""The times with and without the cache: of several passes the least, and it is said of how many."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from explorer.charts.caching import Cost
from explorer.components.distribution import Controls
from explorer.sampling import caching
from explorer.sampling.caching import how_often, measure
from tests.shipped_writer import shipped_writer


@pytest.mark.parametrize(("pass_seconds", "expected"), [(0.5, 12), (2.5, 3), (9.0, 1)])
def test_each_time_is_the_least_of_as_many_passes_as_there_is_patience_for(
    monkeypatch: pytest.MonkeyPatch, pass_seconds: float, expected: int
) -> None:
    now = 0.0
    noise = iter([3.0, 2.0, 4.0, *[5.0] * 9])

    def measure_once(*_: object) -> list[Cost]:
        nonlocal now
        now += pass_seconds
        more = next(noise)
        return [Cost(place, range(1), range(0), more, 10 * more) for place in (1, 2)]

    monkeypatch.setattr(caching, "time", SimpleNamespace(perf_counter=lambda: now))
    monkeypatch.setattr(caching, "_measure_once", measure_once)
    costs, n_passes, _ = measure(shipped_writer("copy", "ab="), Controls(temperature=0.0))
    least = 3.0 if expected == 1 else 2.0
    assert n_passes == expected
    assert [(each.seconds, each.seconds_anew) for each in costs] == [(least, 10 * least)] * 2


def test_it_is_said_of_how_many_measurements_a_time_is_the_least() -> None:
    assert how_often(1) == "Each time was measured once."
    assert how_often(12).startswith("Each time is the least of 12 measurements")
