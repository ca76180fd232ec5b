"""What a run would take, in words: its size by counting, its time and memory as measured here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from explorer.charts.training_words import duration, memory_size
from gpt.runs.config import RunConfig
from gpt.runs.pace import Pace
from gpt.runs.presets import Preset


class Estimate(NamedTuple):
    """What is known of a run before it is begun.

    Attributes:
        config: what it would be.
        pace: as measured here; None where it is not known.
        seconds: for the whole run at that pace.
        reason: why it is not known and will not be; None where it is known or on its way.
    """

    config: RunConfig
    pace: Pace | None
    seconds: float | None
    reason: str | None


def estimate_line(estimate: Estimate) -> str:
    """The parameters, steps, time and memory of one run."""
    config, pace, seconds, reason = estimate
    size = f"<b>{config.model.parameter_count():,}</b> parameters"
    steps = f"<b>{config.training.steps:,}</b> steps"
    if pace is None or seconds is None:
        rest = f"{steps} · {_why_not(reason)}"
    else:
        measured = (
            "measured while this machine was busy with something else: it may well be faster"
            if pace.was_disturbed
            else "measured on this machine with nothing beside it; watched, it takes longer"
        )
        rest = (
            f"about <b>{duration(seconds)}</b> for {steps} of"
            f" <b>{1000 * pace.step_seconds:.3g} ms</b> · <b>{memory_size(pace.memory)}</b> of"
            f" memory, {measured}"
        )
    return f'<p class="gpt-estimate">{size} · {rest}</p>'


def estimates_table(estimates: Sequence[tuple[Preset, Estimate | str]], chosen: str) -> str:
    """A row for each preset: what it would take, or why it cannot learn the text at all."""
    heads = ("model", "parameters", "steps", "a step", "the whole run", "memory", "what it is")
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    rows = "".join(
        f'<tr class="{"gpt-chosen" if preset.name == chosen else ""}"><th scope="row">'
        f"{escape(preset.name)}</th>{_cells(estimate)}"
        f'<td class="gpt-words">{escape(preset.title)}</td></tr>'
        for preset, estimate in estimates
    )
    return f"""<div class="gpt-comparison-frame" tabindex="0" role="region"
      aria-label="What every model takes"><table class="gpt-comparison gpt-estimates">
      <thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"""


def _cells(estimate: Estimate | str) -> str:
    if isinstance(estimate, str):
        return f'<td colspan="5" class="gpt-words">{escape(estimate)}</td>'
    config, pace, seconds, reason = estimate
    numbers = [f"{config.model.parameter_count():,}", f"{config.training.steps:,}"]
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    if pace is None or seconds is None:
        return f'{cells}<td colspan="3" class="gpt-words">{_why_not(reason)}</td>'
    busy = ", busy" if pace.was_disturbed else ""
    measures = (
        f"{1000 * pace.step_seconds:.3g} ms{busy}",
        duration(seconds),
        memory_size(pace.memory),
    )
    return cells + "".join(f"<td>{measure}</td>" for measure in measures)


def _why_not(reason: str | None) -> str:
    return escape(reason) if reason else "taking a few steps to see how long they take …"
