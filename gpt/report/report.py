"""The report of a run: what it is, how it learnt, what it writes, where its heads look."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from itertools import accumulate

from gpt.corpus.baselines import uniform_loss
from gpt.corpus.catalogue import CATALOGUE
from gpt.report.command import remaking_command
from gpt.report.drawing import Level, Line, draw_curves, thin
from gpt.report.heads import write_heads
from gpt.report.markup import figure, grid, section
from gpt.report.settings_tables import write_settings
from gpt.report.style import STYLE
from gpt.runs.config import RunConfig, readable_time
from gpt.runs.journal import Record, read_records
from gpt.runs.library import summarise
from gpt.runs.presets import PRESETS
from gpt.runs.run import Run
from gpt.runs.status import Status
from gpt.runs.text_measure import measure_text

MOST_SAMPLES = 4
SMOOTHED_SHARE = 40  # the thick line averages over this share of the curve

# Nothing may be loaded: not by what a run's texts say, nor by a mistake of ours.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_report(run: Run) -> str:
    """The whole report as HTML, from what the run's folder holds now.

    Raises RunError if the run cannot be read.
    """
    summary = summarise(run)
    config, status = summary.config, summary.status
    metrics = read_records(run.metrics_file)
    samples = [each for each in read_records(run.samples_file) if isinstance(each.get("text"), str)]
    sections = [
        section("How it learnt", _curves(run, config, metrics)),
        section("What it wrote", _samples(config, samples)),
        section("Where its heads look", write_heads(run, samples)),
        section(
            "What is known of it" if config.source else "Every setting", write_settings(config)
        ),
        section("Open it again" if config.source else "Do it again", _again(config)),
    ]
    title = escape(config.title)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<style>{STYLE}</style></head>
<body><header><h1>{title}</h1>{_subtitle(config, status)}
{_numbers(config, status)}</header>
<main>{"".join(sections)}</main></body></html>
"""


def _subtitle(config: RunConfig, status: Status) -> str:
    when = readable_time(config.created)
    if config.source:
        return (
            f'<p class="muted">A model from outside, adopted on {escape(when)} from'
            f" {escape(config.source.name)}. A report by GPT Explorer.</p>"
            "<p>How it was trained is not known here: neither from which text, nor in how many"
            " steps, nor to which loss.</p>"
        )
    preset, entry = PRESETS.get(config.preset), CATALOGUE.get(config.corpus.name)
    recipe = f"{config.preset} ({preset.title})" if preset else config.preset
    text = config.corpus.name if config.corpus.is_own or not entry else entry.title
    made = f"{status.step:,} of {status.steps:,} steps, {status.state}"
    return (
        f'<p class="muted">Text: {escape(text)}. Preset: {escape(recipe)}. Begun on'
        f" {escape(when)}; {made}. A report by GPT Explorer.</p>"
    )


def _numbers(config: RunConfig, status: Status) -> str:
    loss, best = status.validation_loss, status.best_validation_loss
    shown: list[tuple[str | None, str]] = []
    if loss is not None:
        is_best = loss == best and config.training.steps > 0
        name = "validation loss, nats per token"
        shown.append((f"{loss:.4f}", f"{name}, the best so far" if is_best else name))
        if best is not None and not is_best:
            shown.append((f"{best:.4f}", f"the best, at step {status.best_step:,}"))
    if status.train_loss is not None:
        shown.append((f"{status.train_loss:.4f}", "loss of the last batch"))
    if status.validation_exact_match is not None:
        shown.append((f"{status.validation_exact_match:.1%}", "of the answers right"))
    shown.append((f"{config.model.parameter_count():,}", "parameters"))
    if status.seconds:
        shown.append((f"{status.seconds:,.0f}", "seconds of training"))
    if status.tokens_per_second:
        shown.append((f"{status.tokens_per_second:,.0f}", "tokens a second"))
    items = "".join(
        f'<div><b class="headline">{value}</b><small>{name}</small></div>' for value, name in shown
    )
    half = math.ceil(len(shown) / 2)
    return f'<div class="numbers" style="--all:{len(shown)};--half:{half}">{items}</div>'


def _curves(run: Run, config: RunConfig, metrics: Sequence[Record]) -> str:
    train, validation = _series(metrics, "train_loss"), _series(metrics, "validation_loss")
    if not train[0] and not validation[0]:
        return ""
    smooth = _smoothed(train[1])
    places = thin(train[0])
    at = [train[0][place] for place in places]
    losses = draw_curves(
        [
            Line("batch", at, [train[1][place] for place in places]),
            Line("train", at, [smooth[place] for place in places]),
            Line("validation", *validation, has_dots=True),
        ],
        "Train and validation loss over the steps",
        unit="loss, nats per token",
        levels=_levels(run, config),
        is_wide=True,
    )
    others = []
    for name, title in (("learning_rate", "learning rate"), ("gradient_norm", "gradient norm")):
        steps, values = _series(metrics, name)
        places = thin(steps)
        line = Line("optimiser", [steps[i] for i in places], [values[i] for i in places])
        drawn = draw_curves([line], f"The {title} over the steps")
        if drawn:
            others.append(figure(f"<b>{title}</b>", drawn))
    caption = (
        "<b>loss</b>: of each batch in blue, of text held out in circles; dashed, what there is"
        " to beat or to reach"
    )
    return figure(caption, losses) + grid(others)


def _levels(run: Run, config: RunConfig) -> list[Level]:
    """What a GPT must beat; without its text, which may not be here, only by guessing."""
    try:
        measured = measure_text(run.corpus(), config.tokenizer).baselines
    except (ValueError, OSError):
        return [Level("guessing", uniform_loss(config.tokenizer.vocab_size))]
    return [Level(each.label, each.loss) for each in measured]


def _samples(config: RunConfig, samples: Sequence[Record]) -> str:
    """The first, the last, and some between, early ones nearer to one another."""
    last = len(samples) - 1
    places = sorted({round(last * (i / (MOST_SAMPLES - 1)) ** 2) for i in range(MOST_SAMPLES)})
    shown = [samples[place] for place in places if 0 <= place <= last]
    figures = [
        figure(
            "<b>as it was adopted</b>" if config.source else f"<b>step {int(each['step']):,}</b>",
            f"<pre>{escape(each['text'])}</pre>",
        )
        for each in shown
    ]
    return grid(figures, "grid three" if len(figures) == 3 else "grid")


def _again(config: RunConfig) -> str:
    # No line is broken within an option, or between it and its value.
    words = re.split(r" (?=--)", remaking_command(config))
    command = " ".join(f'<span class="option">{escape(word)}</span>' for word in words)
    entry = CATALOGUE.get(config.corpus.name)
    before = after = ""
    if config.source:
        after = "<p>It is read from where it came from: a folder may have been moved since.</p>"
    elif config.corpus.is_own:
        after = "<p>corpus.txt lies in the run's folder, and in what it is exported to.</p>"
    elif entry and entry.source:
        before = (
            f"<p>{entry.title} does not ship. Where it is not on the machine yet, fetch it first:"
            f"</p><pre>python -m gpt fetch {entry.name}</pre><p>Then:</p>"
        )
    return f"{before}<pre>{command}</pre>{after}"


def _series(metrics: Sequence[Record], name: str) -> tuple[list[float], list[float]]:
    pairs = [
        (record["step"], record[name])
        for record in metrics
        if _is_number(record.get(name)) and _is_number(record.get("step"))
    ]
    return [step for step, _ in pairs], [value for _, value in pairs]


def _is_number(value: object) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)  # type: ignore[arg-type]


def _smoothed(values: Sequence[float]) -> list[float]:
    """The mean of each value and those before it, over a share of all."""
    width = max(1, len(values) // SMOOTHED_SHARE)
    sums = [0.0, *accumulate(values)]
    return [
        (sums[end] - sums[max(0, end - width)]) / min(width, end)
        for end in range(1, len(values) + 1)
    ]
