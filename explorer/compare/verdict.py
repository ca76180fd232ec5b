"""The answer in numbers: which is better, by how much, and whether that can be luck."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import torch

from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.training_words import loss_text
from explorer.compare.subject import Side, Subject
from gpt.lens.comparison import Agreement, compare_logits
from gpt.runs.comparison import (
    Measured,
    Spread,
    measured_at,
    siblings,
    spread_of,
    standard_error,
    step_seconds,
)

CLEAR = 2.0  # standard errors, beyond which a difference is hardly luck


class Verdict(NamedTuple):
    """All that is said above the figures.

    Attributes:
        measured: the validation loss of each side, if there is one.
        spreads: the same over every seed that both the run and the step have.
        error: how far apart their means are by luck alone; None where that is not known.
        text_losses: the loss of each on the text, in nats per token; None for one token.
        agreement: place by place on the text; None where the sides read it differently.
        seconds: a step takes, of each side.
        parameters: of each side.
    """

    measured: list[Measured | None]
    spreads: list[Spread | None]
    error: float | None
    text_losses: list[float | None]
    agreement: Agreement | None
    seconds: list[float | None]
    parameters: list[int]


def judge(subject: Subject) -> Verdict:
    """Everything that can be told without text that was held out."""
    sides = subject.sides
    first, second = (side.opened.trace(side.ids).logits for side in sides)
    spreads = [seed_spread(side, subject) for side in sides]
    can_agree = subject.has_one_text and subject.has_one_vocabulary
    return Verdict(
        measured=[measured_at(side.run, side.step) for side in sides],
        spreads=spreads,
        error=standard_error(*filter(None, spreads)) if all(spreads) else None,
        text_losses=[
            text_loss(logits, side) for logits, side in zip((first, second), sides, strict=True)
        ],
        agreement=compare_logits(first, second, torch.tensor(subject.first.ids))
        if can_agree
        else None,
        seconds=[step_seconds(side.summary) for side in sides],
        parameters=[side.summary.config.model.parameter_count() for side in sides],
    )


def seed_spread(side: Side, subject: Subject) -> Spread | None:
    """The validation losses of all seeds that were measured at the same step."""
    own = measured_at(side.run, side.step)
    if own is None:
        return None
    others = (measured_at(each.run, side.step) for each in siblings(side.summary, subject.among))
    return spread_of([each.loss for each in others if each and each.step == own.step])


def text_loss(logits: torch.Tensor, side: Side) -> float | None:
    """The loss on the text itself, of a task on its answer, in nats per token."""
    start = side.answer_start
    if start >= len(side.ids):
        return None
    asked = logits[start - 1 : -1].float()
    return torch.nn.functional.cross_entropy(asked, torch.tensor(side.ids[start:])).item()


def sentence(verdict: Verdict, subject: Subject) -> str:
    """What the validation losses say, as HTML."""
    first, second = verdict.measured
    if first is None or second is None:
        lacking = " and ".join(
            name for name, each in zip(SIDE_NAMES, verdict.measured, strict=True) if each is None
        )
        return (
            f"Of {lacking} no validation loss was measured by this step, so which of the two"
            " predicts better shows only on the text below."
        )
    if subject.is_one_run:
        a, b = first.loss, second.loss
    else:
        a, b = (spread.mean for spread in verdict.spreads if spread)
    if a == b:
        return "Both have the same validation loss, to the last digit."
    better, difference = ("B", a - b) if b < a else ("A", b - a)
    told = f"<b>{better}</b> predicts better, by <b>{loss_text(difference)}</b> nats per token"
    if subject.is_one_run:
        return f"{told}: so much have the steps between them changed."
    return f"{told}{_luck(verdict, difference)}"


def _luck(verdict: Verdict, difference: float) -> str:
    seeds = [spread.seeds for spread in verdict.spreads if spread]
    if not verdict.error:
        return (
            ". One seed each: how much of that is luck is not known until the same is trained with"
            " other seeds."
        )
    ratio = difference / verdict.error
    judged = "hardly luck" if ratio >= CLEAR else "which may well be luck"
    return (
        f" on average over {seeds[0]} and {seeds[1]} seeds: <b>{ratio:.1f}</b> standard errors,"
        f" {judged}."
    )


def verdict_table(verdict: Verdict, subject: Subject) -> str:
    """The numbers of both sides and their difference, as HTML."""
    rows = [
        _row(
            "validation loss, nats per token",
            [None if each is None else each.loss for each in verdict.measured],
            ".4f",
            [f"at step {each.step:,}" if each else "" for each in verdict.measured],
        ),
        _row(
            "over seeds",
            [spread.mean if spread else None for spread in verdict.spreads],
            ".4f",
            [_spread_note(spread) for spread in verdict.spreads],
        ),
        _row("loss on the text, nats per token", verdict.text_losses, ".4f"),
        _row("seconds per step", verdict.seconds, ".4f"),
        _row("parameters", verdict.parameters, ",.0f"),
    ]
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in subject.titles)
    return f"""<div class="gpt-verdict-frame" tabindex="0" role="region"
      aria-label="Both sides in numbers"><table class="gpt-verdict"><thead><tr><td></td>{heads}
      <th scope="col">B − A</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>"""


def agreement_words(agreement: Agreement) -> str:
    """How often both say the same, and how far apart what they say is, as HTML."""
    same, count = int(agreement.is_same_best.sum()), len(agreement.is_same_best)
    return (
        f"They think the same token likeliest at <b>{same}</b> of {count} places. What A predicts"
        f" and B does not is <b>{agreement.divergence.mean().item():.4f}</b> nats per token:"
        " KL(A ‖ B), the mean over the text."
    )


def _spread_note(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.deviation is None:
        return "1 seed"
    return f"± {spread.deviation:.4f}, {spread.seeds} seeds"


def _row(
    name: str,
    values: Sequence[float | None],
    form: str,
    notes: Sequence[str] = ("", ""),
) -> str:
    first, second = values
    cells = [
        f"<td>{'–' if value is None else format(value, form)}<small>{note}</small></td>"
        for value, note in zip(values, notes, strict=True)
    ]
    difference = "–" if first is None or second is None else format(second - first, f"+{form}")
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}<td>{difference}</td></tr>'
