"""Runs beside one another: what came out, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from explorer.charts.training_words import STATE_WORDS, answers_right, duration, loss_text
from explorer.theme import CATEGORICAL
from gpt.runs.config import RunConfig
from gpt.runs.library import Summary
from gpt.runs.status import Status

Row = tuple[str, list[str]]

COLOURS = ("forward", *(f"categorical-{index}" for index in range(len(CATEGORICAL))))


def results(config: RunConfig, status: Status) -> dict[str, str]:
    """What came out of a run, each by its name; of a model from outside, as far as is known."""
    if config.is_from_outside:
        return {
            "state": STATE_WORDS[status.state],
            "parameters": f"{config.model.parameter_count():,}",
        }
    return {
        "state": STATE_WORDS[status.state],
        "steps made": f"{status.step:,}",
        "parameters": f"{config.model.parameter_count():,}",
        "loss of the last batch": loss_text(status.train_loss),
        "validation loss": loss_text(status.validation_loss),
        "best validation loss": loss_text(status.best_validation_loss)
        + ("" if status.best_step is None else f" at step {status.best_step:,}"),
        **{name: f"{share:.1%}" for name, share in answers_right(status).items()},
        "time": duration(status.seconds),
        "tokens per second, last measured": ""
        if status.tokens_per_second is None
        else f"{status.tokens_per_second:,.0f}",
    }


def settings(config: RunConfig) -> dict[str, str]:
    """Every setting of a run, by its name; of a model from outside, where it comes from."""
    told = {name: value for part in config.settings().values() for name, value in part.items()}
    if config.source:
        return {name: _setting(value) for name, value in (config.source.to_dict() | told).items()}
    values: dict[str, Any] = {
        "preset": config.preset,
        "text": config.corpus.name,
        "text's SHA-256": config.corpus.sha256[:12],
        "starts from": f"{config.origin.run}, step {config.origin.step:,}"
        if config.origin
        else "fresh weights",
        **told,
    }
    return {name: _setting(value) for name, value in values.items()}


def rows_of(columns: Sequence[Mapping[str, str]]) -> list[Row]:
    """A row for each name that any of the columns has, in their order."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    return [(name, [column.get(name, "") for column in columns]) for name in names]


def differs(row: Row) -> bool:
    return len(set(row[1])) > 1


def comparison_table(
    summaries: Sequence[Summary], titles: Mapping[str, str], colours: Sequence[str] = COLOURS
) -> str:
    """The runs as columns: results first, then the settings that differ, lit; then the others.

    `titles` tell runs apart, by the names of their folders; `colours` are those of the columns, by
    the names that they have in CSS.
    """
    made = rows_of([results(each.config, each.status) for each in summaries])
    chosen = rows_of([settings(each.config) for each in summaries])
    different = [row for row in chosen if differs(row)]
    same = [row for row in chosen if not differs(row)]
    title = "Every setting" if len(summaries) == 1 else f"{len(same)} settings that they share"
    heads = "".join(
        f'<th scope="col" style="--run-colour:var(--gpt-{colour})">{escape(title)}</th>'
        for title, colour in zip(
            (titles[each.run.name] for each in summaries), colours, strict=False
        )
    )
    return f"""<div class="gpt-comparison-frame" tabindex="0" role="region"
      aria-label="Results and settings of the runs">
      <table class="gpt-comparison"><thead><tr><td></td>{heads}</tr></thead>
      <tbody>{_rows(made, "")}{_rows(different, "gpt-differs")}</tbody></table>
      <details><summary>{title}</summary>
      <table class="gpt-comparison"><tbody>{_rows(same, "")}</tbody></table></details></div>"""


def _rows(rows: Sequence[Row], kind: str) -> str:
    lines = []
    for name, values in rows:
        cells = "".join(f"<td>{escape(value) or '–'}</td>" for value in values)
        lines.append(f'<tr class="{kind}"><th scope="row">{escape(name)}</th>{cells}</tr>')
    return "".join(lines)


def _setting(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
