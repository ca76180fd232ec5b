"""The answer in numbers: which is better, by how much, and whether that can be luck."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import torch

from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.training_words import loss_text
from explorer.compare.losses import SideLosses, losses_of
from explorer.compare.subject import Side, Subject
from gpt.lens.comparison import Agreement, compare_logits
from gpt.runs.comparison import Spread, standard_error, step_seconds

CLEAR = 2.0  # standard errors, beyond which a difference is hardly luck


class Verdict(NamedTuple):
    """All that is said above the figures.

    Attributes:
        losses: on the text held out, of each side.
        error: how far apart their means over seeds are by luck alone; None if that is not known.
        text_losses: the loss of each on the text, in nats per token; None for one token.
        agreement: place by place on the text; None where the sides read it differently.
        seconds: a step takes, of each side.
        parameters: of each side.
    """

    losses: list[SideLosses]
    error: float | None
    text_losses: list[float | None]
    agreement: Agreement | None
    seconds: list[float | None]
    parameters: list[int]

    @property
    def is_awaited(self) -> bool:
        return any(each.is_awaited for each in self.losses)


def judge(subject: Subject) -> Verdict:
    """Everything that can be told by now."""
    sides = subject.sides
    losses = [losses_of(side, subject) for side in sides]
    spreads = [each.spread for each in losses if each.spread]
    logits = [side.trace().logits for side in sides]
    can_agree = subject.has_one_text and subject.has_one_vocabulary
    return Verdict(
        losses=losses,
        error=standard_error(*spreads) if len(spreads) == 2 else None,
        text_losses=[text_loss(each, side) for each, side in zip(logits, sides, strict=True)],
        agreement=compare_logits(logits[0], logits[1], torch.tensor(subject.first.ids))
        if can_agree
        else None,
        seconds=[step_seconds(side.summary) for side in sides],
        parameters=[side.summary.config.model.parameter_count() for side in sides],
    )


def text_loss(logits: torch.Tensor, side: Side) -> float | None:
    """The loss on the text itself, of a task on its answer, in nats per token."""
    start = side.answer_start
    if start >= len(side.ids):
        return None
    asked = logits[start - 1 : -1].float()
    return torch.nn.functional.cross_entropy(asked, torch.tensor(side.ids[start:])).item()


def sentence(verdict: Verdict, subject: Subject) -> str:
    """What the validation losses say, as HTML."""
    for name, each in zip(SIDE_NAMES, verdict.losses, strict=True):
        if each.own.reason:
            return (
                f"Which of the two predicts better shows only on the text above. Of {name} no loss"
                f" can be measured on text held out: {escape(each.own.reason)}"
            )
    if reason := _incomparable(subject):
        return reason
    if verdict.is_awaited:
        return "Reading text that was held out …"
    if subject.is_one_run:
        a, b = (each.own.value for each in verdict.losses)
    else:
        a, b = (each.spread.mean for each in verdict.losses if each.spread)
    if a == b:
        return "Both have the same validation loss, to the last digit."
    better, difference = ("B", a - b) if b < a else ("A", b - a)
    told = f"<b>{better}</b> predicts better, by <b>{loss_text(difference)}</b> nats per token"
    if subject.is_one_run:
        return f"{told}: so much have the steps between them changed."
    return f"{told}{_luck(verdict, difference)}"


def _incomparable(subject: Subject) -> str | None:
    """Why the losses of the two say nothing about which is better; None if they do."""
    first, second = (side.summary.config for side in subject.sides)
    if first.corpus.sha256 != second.corpus.sha256:
        return (
            "They have learnt different texts, and each is tested on its own: their losses do not"
            " say which is better. Their heads and what they write can still be compared."
        )
    if not subject.has_one_vocabulary:
        return (
            "They cut the same text into different tokens, so that a nat per token is not the same"
            " to both: the Training page shows their losses in bits per character."
        )
    return None


def _luck(verdict: Verdict, difference: float) -> str:
    seeds = [each.spread.seeds for each in verdict.losses if each.spread]
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
    asked = "answer" if all(side.answer_start > 1 for side in subject.sides) else "text"
    rows = [
        _row(
            "validation loss, nats per token",
            [each.own.value for each in verdict.losses],
            ".4f",
        ),
    ]
    if any(each.spread and each.spread.seeds > 1 for each in verdict.losses):
        row = _row(
            "the mean over seeds",
            [each.spread.mean if each.spread else None for each in verdict.losses],
            ".4f",
            [_spread_note(each.spread) for each in verdict.losses],
        )
        rows.append(row)
    rows += [
        _row(f"loss on the {asked}, nats per token", verdict.text_losses, ".4f"),
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
        f"They think the same token likeliest at <b>{same}</b> of {count} places. What they predict"
        f" is <b>{agreement.divergence.mean().item():.4f}</b> nats per token apart: KL(A ‖ B), the"
        " mean over the text."
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
