"""What the Training page says beside its figures: readings, samples and durations, as HTML."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from html import escape

from gpt.corpus.tasks.task import SEPARATOR, Task
from gpt.runs.config import as_folder_name
from gpt.runs.journal import Record
from gpt.runs.library import Summary
from gpt.runs.status import State, Status

STATE_WORDS: dict[State, str] = {
    "queued": "waiting for its turn",
    "running": "learning",
    "paused": "paused",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
    "interrupted": "interrupted",
    "outside": "from outside",
}

EVENT_WORDS = {
    "began": "began",
    "went on": "went on",
    "pause": "paused",
    "resume": "told to go on",
    "stop": "stopped",
    "finished": "finished",
    "out of patience": "stopped early",
}


def duration(seconds: float) -> str:
    """A stretch of time as a person says it: less than 1 s, 8 s, 2 min 5 s, 1 h 20 min."""
    if seconds < 1:
        return "less than 1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def memory_size(n_bytes: int) -> str:
    """Bytes in the unit in which memory is sold."""
    return f"{n_bytes / 1e6:,.0f} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:.1f} GB"


def loss_text(loss: float | None) -> str:
    """A loss to four decimals; one that has exploded in powers of ten; nothing where none is."""
    if loss is None:
        return ""
    return f"{loss:.4f}" if abs(loss) < 1e5 else f"{loss:.3g}"


def perplexity_text(loss: float) -> str:
    """The perplexity of a loss in nats per token, e^loss."""
    return f"{math.exp(loss):,.2f}" if loss < 12 else f"e^{loss:,.0f}"


def distinct_titles(summaries: Sequence[Summary]) -> dict[str, str]:
    """What to call each run in a list, by its folder's name, which tells equal titles apart."""
    counts = Counter(each.config.title for each in summaries)
    titles = {}
    for each in summaries:
        title, name = each.config.title, each.run.name
        number = name.removeprefix(as_folder_name(title)).lstrip("-") or "1"
        titles[name] = title if counts[title] == 1 else f"{title} · {number}"
    return titles


def describe_event(event: Record) -> str:
    """Who did what, for the mark at its step."""
    what = str(event.get("what"))
    if what == "learning_rate":
        value = event.get("value")
        text = "back to the schedule" if value is None else f"learning rate {value:.3g}"
    else:
        text = EVENT_WORDS.get(what, what)
    return escape(f"step {event['step']:,}: {text}, by {event.get('who')}")


def reading(title: str, status: Status, validation_step: int | None = None) -> str:
    """Where the run stands: its state, its loss in large figures, and how far it has come.

    `validation_step` is the step at which the validation loss was measured.
    """
    label = "loss of the last batch"
    if status.validation_loss is not None:
        label = "validation loss"
        if validation_step is not None and validation_step < status.step:
            label += f", at step {validation_step:,}"
    share = status.step / status.steps if status.steps else 0.0
    return f"""<div class="gpt-run gpt-run-{status.state}">
      <p class="gpt-run-state"><span></span>{STATE_WORDS[status.state]}</p>
      <p class="gpt-run-title">{escape(title)}</p>
      <div class="gpt-reading"><p>{label}
        <b class="gpt-headline gpt-forward">{loss_text(newest_loss(status)) or "–"}</b></p></div>
      <div class="gpt-progress" role="progressbar" aria-label="steps done" aria-valuemin="0"
        aria-valuemax="{status.steps}" aria-valuenow="{status.step}">
        <i style="width:{100 * share:.1f}%"></i></div></div>"""


def facts(status: Status, bits_per_character: float | None) -> str:
    """How many steps, how good in other units, how fast and how long."""
    loss = newest_loss(status)
    rows = [
        _row("step", f"{status.step:,} of {status.steps:,}"),
        *(_row(name, f"{share:.1%}") for name, share in answers_right(status).items()),
        _row("perplexity", "" if loss is None else perplexity_text(loss)),
        _row(
            "bits per character",
            "" if bits_per_character is None else f"{bits_per_character:.3f}",
        ),
        _row("tokens per second", _count(status.tokens_per_second)),
        _row("time so far", duration(status.seconds)),
        _row("time left", "" if status.seconds_left is None else duration(status.seconds_left)),
    ]
    return f'<table class="gpt-facts"><tbody>{"".join(rows)}</tbody></table>'


def answers_right(status: Status) -> dict[str, float]:
    """Of a task, which shares of the held-out answers the model gets right, by their names."""
    shares = {
        "tokens right": status.validation_accuracy,
        "answers right": status.validation_exact_match,
    }
    return {name: share for name, share in shares.items() if share is not None}


def sample_card(sample: Record | None, *, is_document: bool, heading: str) -> str:
    """What the model wrote at a step."""
    text = "" if sample is None else escape(str(sample["text"]))
    kind = "gpt-sample-documents" if is_document else ""
    if is_document and sample is not None:
        text = "\n".join(line or "<small>ended at once</small>" for line in text.split("\n"))
    return _card(sample, f'<pre class="{kind}">{text}</pre>', heading)


def task_words(task: Task) -> str:
    """What a task asks for, and how to read the answers."""
    right = "behind a wrong answer, → the right one" if task.has_one_answer else "several are right"
    return f"{task.asks} The pale part is given, the rest is the model's answer; {right}."


def answers_card(sample: Record | None, task: Task, *, heading: str) -> str:
    """How the model answered some prompts at a step, each line with its mark in front."""
    lines = "" if sample is None else str(sample["text"])
    items = "".join(_answer(task, line) for line in lines.splitlines())
    return _card(sample, f'<div class="gpt-answers" role="list">{items}</div>', heading)


def _answer(task: Task, line: str) -> str:
    written, _, mark = line.rpartition(" ")
    prompt, answer = task.read(written)
    right = None if mark == "✓" else task.answer_to(prompt)
    beside = "" if right is None else f" <em>→\N{NO-BREAK SPACE}{escape(right)}</em>"
    return (
        f'<div role="listitem"><b>{escape(mark)}</b>'
        f"<span><i>{escape(prompt)}{SEPARATOR}</i>{escape(answer)}{beside}</span></div>"
    )


def _card(sample: Record | None, contents: str, heading: str) -> str:
    step = "" if sample is None else f"step {sample['step']:,}"
    paper = "gpt-sample-paper" if sample else "gpt-sample-paper gpt-sample-awaited"
    return f"""<figure class="gpt-sample"><figcaption><b>{escape(heading)}</b>{step}</figcaption>
      <div class="{paper}" tabindex="0" role="region"
      aria-label="{escape(heading)}, {step}">{contents}</div></figure>"""


def film(samples: Sequence[Record], until: int, count: int = 3) -> list[Record]:
    """So many of the samples before a step, dense early, where a model changes most."""
    before = [sample for sample in samples if sample["step"] < until]
    if len(before) <= count:
        return before
    places = {round((len(before) - 1) * (part / count) ** 2) for part in range(count)}
    return [before[place] for place in sorted(places) if 0 <= place < len(before)]


def newest_loss(status: Status) -> float | None:
    """The last validation loss, or where there is none that of the last batch."""
    return status.train_loss if status.validation_loss is None else status.validation_loss


def _row(name: str, value: str) -> str:
    return f"<tr><th scope='row'>{name}</th><td>{value or '–'}</td></tr>"


def _count(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"
