"""The report of a run: what it is, how it learnt, what it writes, where its heads look."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate
from typing import Any

import torch

from gpt.lens.heads import label_heads, measure_heads
from gpt.lens.induction import score_induction
from gpt.lens.opening import open_model
from gpt.lens.trace import NoSuchActivationError
from gpt.report.command import remaking_command
from gpt.report.drawing import Line, draw_curves, draw_pattern, thin
from gpt.report.style import STYLE
from gpt.runs.config import RunConfig
from gpt.runs.journal import Record, read_records
from gpt.runs.library import summarise
from gpt.runs.run import Run
from gpt.runs.samples import beginning_of
from gpt.runs.status import Status

MOST_SAMPLES = 4
MOST_TOKENS = 48  # of the text that the heads read
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
        _section("How it learnt", _curves(metrics)),
        _section("What it wrote", _samples(samples)),
        _section("Where its heads look", _heads(run, config, samples)),
        _section("Every setting", _settings(config)),
        _section("Do it again", _again(config)),
    ]
    title = escape(config.title)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<style>{STYLE}</style></head>
<body><header><h1>{title}</h1><p class="muted">{_subtitle(config, status)}</p>
{_numbers(config, status)}</header>
<main>{"".join(sections)}</main></body></html>
"""


def _subtitle(config: RunConfig, status: Status) -> str:
    if config.source:
        told = f"A model from outside: {config.source.name}, adopted {config.created}"
    else:
        made = f"{status.step:,} of {status.steps:,} steps"
        told = f"{config.preset} on {config.corpus.name}, begun {config.created}: {made}"
        told += "" if status.state == "finished" else f", {status.state}"
    return f"{escape(told)}. A report by GPT Explorer."


def _numbers(config: RunConfig, status: Status) -> str:
    loss, best = status.validation_loss, status.best_validation_loss
    shown = {
        "validation loss, nats per token": None if loss is None else f"{loss:.4f}",
        f"the best, at step {status.best_step:,}" if status.best_step is not None else "": None
        if best is None
        else f"{best:.4f}",
        "loss of the last batch": None if status.train_loss is None else f"{status.train_loss:.4f}",
        "of the answers right": None
        if status.validation_exact_match is None
        else f"{status.validation_exact_match:.1%}",
        "parameters": f"{config.model.parameter_count():,}",
        "seconds of training": f"{status.seconds:,.0f}" if status.seconds else None,
        "tokens a second": f"{status.tokens_per_second:,.0f}" if status.tokens_per_second else None,
    }
    items = "".join(
        f'<div><b class="headline">{value}</b><small>{name}</small></div>'
        for name, value in shown.items()
        if value
    )
    return f'<div class="numbers">{items}</div>'


def _curves(metrics: Sequence[Record]) -> str:
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
        "nats per token",
        is_wide=True,
    )
    others = []
    for name, title in (("learning_rate", "learning rate"), ("gradient_norm", "gradient norm")):
        steps, values = _series(metrics, name)
        places = thin(steps)
        line = Line("optimiser", [steps[i] for i in places], [values[i] for i in places])
        drawn = draw_curves([line], f"The {title} over the steps", title)
        if drawn:
            others.append(_figure(f"<b>{title}</b>", drawn))
    caption = "<b>loss</b>: of each batch in blue, of text held out in circles"
    return f"{_figure(caption, losses)}<div class='grid'>{''.join(others)}</div>"


def _samples(samples: Sequence[Record]) -> str:
    """The first, the last, and some between, early ones nearer to one another."""
    last = len(samples) - 1
    places = sorted({round(last * (i / (MOST_SAMPLES - 1)) ** 2) for i in range(MOST_SAMPLES)})
    shown = [samples[place] for place in places if 0 <= place <= last]
    return _grid(
        _figure(f"<b>step {int(each['step']):,}</b>", f"<pre>{escape(each['text'])}</pre>")
        for each in shown
    )


def _heads(run: Run, config: RunConfig, samples: Sequence[Record]) -> str:
    """Every head of the last checkpoint on the beginning of what it wrote last."""
    if not samples or not run.checkpoints():
        return ""
    opened = open_model(run)
    try:
        text = beginning_of(str(samples[-1]["text"]), config.corpus)
        ids = opened.encode(text).tokens[-MOST_TOKENS:]
        by_layer = opened.trace(ids).patterns.float()
    except (ValueError, NoSuchActivationError):
        return ""  # it wrote nothing that could be read, or has no heads
    n_head = by_layer.shape[1]
    patterns, tokens = by_layer.flatten(0, 1), torch.tensor(ids)
    induction = score_induction(opened.model, opened.tokenizer.vocab_size, opened.tokenizer.bos)
    labels = label_heads(measure_heads(patterns, tokens), tokens, induction) if len(ids) > 2 else []
    rows: list[list[str]] = [[] for _ in by_layer]
    for index, pattern in enumerate(patterns.tolist()):
        name = f"layer {index // n_head}, head {index % n_head}"
        label = labels[index] if labels else None
        said = f"{label} {label.score:.2f}" if label else ""
        alt = f"Attention of {name}{': ' + said if said else ''}"
        figure = _figure(f"<b>{name}</b><br>{said}", draw_pattern(pattern, alt))
        rows[index // n_head].append(figure)
    texts = [opened.tokenizer.decode([each]) for each in ids]
    caption = (
        f"<p>Step {opened.step:,} reads <code>{escape(''.join(texts))}</code>, {len(ids)} tokens."
        " Rows are the tokens that look, columns those looked at; what the mask forbids is grey."
        "</p>"
    )
    grids = [f'<div class="heads" style="--heads:{n_head}">{"".join(row)}</div>' for row in rows]
    return caption + "".join(grids)


def _settings(config: RunConfig) -> str:
    about: dict[str, Any] = {"title": config.title, "kind": config.kind}
    if config.source:
        about |= config.source.to_dict()
    else:
        about |= {
            "preset": config.preset,
            "corpus": config.corpus.name,
            "SHA-256 of its text": config.corpus.sha256,
        }
    if config.origin:
        about["starts from"] = f"{config.origin.run}, step {config.origin.step}"
    settings = config.settings()
    if settings.get("tokenizer", {}).get("tokenizer") == "characters":
        del settings["tokenizer"]["vocab_size"]  # it follows from the text: see the model's
    tables = {"run": about, **settings, "versions": config.versions}
    return f'<div class="tables">{"".join(_table(*each) for each in tables.items())}</div>'


def _again(config: RunConfig) -> str:
    note = ""
    if config.corpus.is_own:
        note = "<p>corpus.txt lies in the run's folder, and in what it is exported to.</p>"
    return f"<pre>{escape(remaking_command(config))}</pre>{note}"


def _table(name: str, values: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(key)}</th><td>{escape(_value(value))}</td></tr>'
        for key, value in values.items()
    )
    return f"<table><caption>{escape(name)}</caption><tbody>{rows}</tbody></table>"


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _section(title: str, contents: str) -> str:
    return f"<section><h2>{title}</h2>{contents}</section>" if contents else ""


def _grid(figures: Iterable[str]) -> str:
    contents = "".join(figures)
    return f'<div class="grid">{contents}</div>' if contents else ""


def _figure(caption: str, contents: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{contents}</figure>"


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
