from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from explorer.charts.weight import Moved
from explorer.weight import moving
from explorer.weight.moving import POINTS, Begun, measured_curve, points_in


def test_where_passes_are_slow_a_curve_has_fewer_points() -> None:
    assert points_in(6, 0.01) == 25
    assert points_in(6, 0.3) == 13
    assert points_in(6, 5) == POINTS[0] == 7


class Parabola:
    """A loss along a weight that counts what it is asked for."""

    value, loss = 0.1, 0.01

    def __init__(self) -> None:
        self.asked: list[float] = []

    def quick_loss_at(self, value: float) -> float:
        self.asked.append(value)
        return value**2

    loss_at = quick_loss_at


@pytest.fixture
def subject(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A weight of which a pass takes a thirtieth of a second, of which nothing is known yet."""
    monkeypatch.setattr(moving, "state", {})
    begun = Begun(Moved(0.2, 0.04), 0.81, 1.21, 1 / 30, is_faint=False)
    monkeypatch.setattr(moving, "begin_curve", lambda *_: begun)
    return SimpleNamespace(run=SimpleNamespace(path=Path("run")), checkpoint=1, weight="w")


def test_few_points_come_first_and_more_each_time_it_is_asked(subject: Any) -> None:
    along: Any = Parabola()
    first = measured_curve(subject, along, 1.0)
    assert first is not None and not first.is_whole
    assert first.values == pytest.approx(np.linspace(-0.9, 1.1, 7))
    assert first.losses == pytest.approx(first.values**2)
    assert len(along.asked) == 4  # both ends and the middle were known
    assert measured_curve(subject, along, 1.0) is first
    more, whole = (measured_curve(subject, along, 1.0, more=True) for _ in range(2))
    assert more is not None and len(more.values) == 13 and not more.is_whole
    assert whole is not None and whole.is_whole
    assert whole.values == pytest.approx(np.linspace(-0.9, 1.1, 25))
    assert whole.losses == pytest.approx(whole.values**2)
    assert len(along.asked) == 4 + 6 + 12, "what was known is not measured again"
    assert measured_curve(subject, along, 1.0, more=True) is whole


def test_where_more_points_would_take_long_a_curve_stays_as_it_is(
    subject: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "MORE_SECONDS", 0.0)
    curve = measured_curve(subject, Parabola(), 1.0)  # type: ignore[arg-type]
    assert curve is not None and curve.is_whole and len(curve.values) == 7


def test_a_curve_that_spans_next_to_nothing_is_measured_exactly(subject: Any) -> None:
    along: Any = Parabola()
    along.quick_loss_at = lambda value: 0.5
    along.loss_at = lambda value: 0.5 + 1e-9 * value
    along.loss = 0.5 + 1e-10
    moving.state["curve begun"] = (
        ("run", 1, "w", 1.0),
        Begun(Moved(0.2, 0.5), 0.5, 0.5, 1 / 30, is_faint=False),
    )
    curve = measured_curve(subject, along, 1.0)
    assert curve is not None and curve.is_exact
    assert curve.losses == pytest.approx(0.5 + 1e-9 * curve.values, abs=1e-12)
