"""Runs held against one another: what each reached, how fast, and how much of it is luck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import mean, median, stdev
from typing import NamedTuple

from gpt.runs.config import RunConfig
from gpt.runs.journal import read_records
from gpt.runs.library import Summary
from gpt.runs.run import Run


def validation_loss_at(run: Run, step: int) -> float | None:
    """The validation loss that was measured after just that step; None if none was."""
    for record in read_records(run.metrics_file):
        if record.get("step") == step and "validation_loss" in record:
            return float(record["validation_loss"])
    return None


def step_seconds(summary: Summary) -> float | None:
    """How long a step takes: the median of those measured, else the mean of all; None for none."""
    times: list[float] = [
        record["milliseconds"] / 1000
        for record in read_records(summary.run.metrics_file)
        if "milliseconds" in record
    ]
    if times:
        return median(times)
    status = summary.status
    return status.seconds / status.step if status.step and status.seconds else None


def siblings(summary: Summary, among: Iterable[Summary]) -> list[Summary]:
    """The runs that share everything with one but the seed and the name, itself among them.

    A model from outside has none but itself.
    """
    if summary.config.is_from_outside:
        return [summary]
    alike = _without_seed(summary.config)
    found = [each for each in among if _without_seed(each.config) == alike]
    one_a_seed = {each.config.training.seed: each for each in found}
    return list((one_a_seed | {summary.config.training.seed: summary}).values())


def is_same_but_seed(first: Summary, second: Summary) -> bool:
    """Whether two runs share everything but the seed and the name, so that luck alone parts them.

    Of a model from outside that is not known.
    """
    if first.config.is_from_outside or second.config.is_from_outside:
        return False
    return _without_seed(first.config) == _without_seed(second.config)


def is_same_but_steps(first: Summary, second: Summary) -> bool:
    """Whether two runs share everything, the seed too, but how many steps they were to make.

    The warm-up may follow the steps, and how often a run is measured makes no difference. Of a
    model from outside that is not known.
    """
    configs = (first.config, second.config)
    if any(config.is_from_outside for config in configs):
        return False
    seeds = {config.training.seed for config in configs}
    measuring = ("evaluation_interval", "evaluation_windows", "inspection_interval")
    free, ours = ("steps", "warmup_steps", *measuring), first.config.training
    shared = {name: getattr(ours, name) for name in free if hasattr(ours, name)}
    alike = replace(second.config, training=replace(second.config.training, **shared))
    return len(seeds) == 1 and _without_seed(first.config) == _without_seed(alike)


class Spread(NamedTuple):
    """The losses of several seeds.

    Attributes:
        mean: of them.
        deviation: of one from the next, as a sample's standard deviation; None for a single seed.
        seeds: how many there are.
    """

    mean: float
    deviation: float | None
    seeds: int


def spread_of(losses: Sequence[float]) -> Spread:
    """How much losses that differ by nothing but luck differ."""
    return Spread(mean(losses), stdev(losses) if len(losses) > 1 else None, len(losses))


def standard_error(first: Spread, second: Spread) -> float | None:
    """How far apart two means are by luck alone: √(s²/n + s²/m), each with its own deviation.

    Welch 1947, "The generalization of Student's problem when several different population
    variances are involved". A family of one seed borrows the other's deviation; None where neither
    has any.
    """
    known = [each.deviation for each in (first, second) if each.deviation is not None]
    if not known:
        return None
    deviations = [known[0] if s.deviation is None else s.deviation for s in (first, second)]
    squares = zip(deviations, (first.seeds, second.seeds), strict=True)
    return float(sum(deviation**2 / count for deviation, count in squares) ** 0.5)


def _without_seed(config: RunConfig) -> tuple[object, ...]:
    """All that a run is, but for its seed, its names and where and when it ran."""
    return (
        config.kind,
        config.source,
        config.origin,
        config.corpus.sha256,
        config.tokenizer,
        config.model,
        replace(config.training, seed=0),
    )
