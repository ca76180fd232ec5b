"""What runs reached, how fast, and how much of the difference is luck."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest

from gpt.runs.comparison import (
    Spread,
    is_same_but_seed,
    is_same_but_steps,
    siblings,
    spread_of,
    standard_error,
    step_seconds,
    validation_loss_at,
)
from gpt.runs.journal import read_records
from gpt.runs.library import list_runs, summarise


def test_a_loss_is_told_for_the_step_at_which_it_was_measured(tiny: Any) -> None:
    run = tiny.trained("tensor")
    measured = [r for r in read_records(run.metrics_file) if "validation_loss" in r]
    assert [record["step"] for record in measured] == [0, 6, 12, 18, 24]
    assert validation_loss_at(run, 24) == measured[4]["validation_loss"]
    assert validation_loss_at(run, 0) == measured[0]["validation_loss"]
    assert validation_loss_at(run, 17) is None
    assert validation_loss_at(tiny.run("tensor"), 0) is None
    times = [r["milliseconds"] for r in read_records(run.metrics_file) if "milliseconds" in r]
    assert step_seconds(summarise(run)) == pytest.approx(median(times) / 1000)


def test_siblings_share_everything_but_the_seed(tiny: Any) -> None:
    first = tiny.run("tensor", title="First", seed=1)
    second = tiny.run("tensor", title="Second", seed=2)
    tiny.run("tensor", title="Wider", seed=3, n_embd=16)
    again = tiny.run("tensor", title="Second again", seed=2)
    all_runs = list_runs().runs
    assert [each.run for each in siblings(summarise(first), all_runs)].count(first) == 1
    assert len(siblings(summarise(first), all_runs)) == 2, "a seed counts once"
    assert second in [each.run for each in siblings(summarise(second), all_runs)]
    assert again in [each.run for each in siblings(summarise(again), all_runs)]
    assert [each.config.title for each in siblings(all_runs[-1], [])] == ["First"]


def test_two_runs_are_one_but_for_their_seeds(tiny: Any) -> None:
    first, second, wider = (
        summarise(tiny.run("tensor", title=title, seed=seed, **changes))
        for title, seed, changes in (("1", 1, {}), ("2", 2, {}), ("3", 1, {"n_embd": 16}))
    )
    assert is_same_but_seed(first, second)
    assert not is_same_but_seed(first, wider)


def test_two_runs_are_one_but_for_their_steps(tiny: Any) -> None:
    first, longer, other_seed, wider = (
        summarise(tiny.run("tensor", title=title, **{"seed": 1, **changes}))
        for title, changes in (
            ("1", {}),
            ("2", {"steps": 48}),
            ("3", {"seed": 2, "steps": 48}),
            ("4", {"steps": 48, "n_embd": 16}),
        )
    )
    assert is_same_but_steps(first, longer)
    assert is_same_but_steps(longer, first)
    assert not is_same_but_steps(first, other_seed)
    assert not is_same_but_steps(first, wider)


def test_what_luck_can_do_follows_from_the_spread() -> None:
    assert spread_of([1.0, 2.0, 3.0]) == Spread(2.0, 1.0, 3)
    assert spread_of([1.5]) == Spread(1.5, None, 1)
    assert standard_error(Spread(2, 1.0, 4), Spread(3, 2.0, 2)) == pytest.approx(1.5)
    # A single seed borrows the other's deviation.
    assert standard_error(Spread(2, 3.0, 3), Spread(3, None, 1)) == pytest.approx(12**0.5)
    assert standard_error(Spread(2, None, 1), Spread(3, None, 1)) is None
