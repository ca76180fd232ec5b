"""The answer in numbers: which is better, by how much, and whether that can be luck."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import torch

from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.glossary import BITS_PER_CHARACTER, DIVERGENCE, NATS
from explorer.charts.training import Unit
from explorer.charts.training_words import loss_text
from explorer.compare.losses import SideLosses, losses_of, unit_of
from explorer.compare.subject import Side, Subject
from gpt.lens.comparison import Agreement, compare_logits
from gpt.runs.comparison import Spread, standard_error, step_seconds
from gpt.runs.data import bits_per_character

UNIT_WORDS: dict[Unit, str] = {
    "nats": "nats per token",
    "bits per character": "bits per character",
}
CLEAR = 2.0  # standard errors, beyond which a difference is hardly luck


class Verdict(NamedTuple):
    """All that is said above the figures.

    Attributes:
        unit: of losses: tokens are a measure only for those who cut a text alike.
        losses: on the text held out, of each side.
        error: how far apart their means over seeds are by luck alone; None if that is not known.
        text_losses: the loss of each on the text; None where nothing of it is asked.
        agreement: place by place on the text; None where the sides read it differently, or there is
            none.
        seconds: a step takes in the middle of all that were measured, of each side.
        parameters: of each side.
    """

    unit: Unit
    losses: list[SideLosses]
    error: float | None
    text_losses: list[float | None]
    agreement: Agreement | None
    seconds: list[float | None]
    parameters: list[int]

    @property
    def is_awaited(self) -> bool:
        return any(each.is_awaited for each in self.losses)

    @property
    def unit_words(self) -> str:
        return UNIT_WORDS[self.unit]


def judge(subject: Subject) -> Verdict:
    """Everything that can be told by now."""
    sides, unit = subject.sides, unit_of(subject)
    losses = [losses_of(side, subject) for side in sides]
    spreads = [each.spread for each in losses if each.spread]
    agreement: Agreement | None = None
    text_losses: list[float | None] = [None, None]
    if not subject.unread:
        logits = [side.trace().logits for side in sides]
        text_losses = [
            text_loss(each, side, unit) for each, side in zip(logits, sides, strict=True)
        ]
        if subject.has_one_text and subject.has_one_vocabulary and len(subject.first.ids) > 1:
            agreement = compare_logits(logits[0], logits[1], torch.tensor(subject.first.ids))
    return Verdict(
        unit=unit,
        losses=losses,
        error=standard_error(*spreads) if len(spreads) == 2 else None,
        text_losses=text_losses,
        agreement=agreement,
        seconds=[step_seconds(side.summary) for side in sides],
        parameters=[side.summary.config.model.parameter_count() for side in sides],
    )


def text_loss(logits: torch.Tensor, side: Side, unit: Unit) -> float | None:
    """The loss on the text itself, of a task on its answer."""
    start = side.answer_start
    if start >= len(side.ids):
        return None
    asked = logits[start - 1 : -1].float()
    loss = torch.nn.functional.cross_entropy(asked, torch.tensor(side.ids[start:])).item()
    if unit == "nats":
        return loss
    characters = len(side.asked_text)
    return bits_per_character(loss, characters / len(asked)) if characters else None


def sentence(verdict: Verdict, subject: Subject) -> str:
    """What the validation losses say, as HTML."""
    if any(each.own.reason for each in verdict.losses):
        return _sentence_of_text(verdict, subject)
    if verdict.is_awaited:
        return "Reading text that was held out …"
    if not subject.has_one_corpus:
        rest = "Their heads and what" if subject.has_one_text else "What"
        return (
            "They have learnt different texts, and each is tested on its own: their losses do not"
            f" say which is better. {rest} they write can still be compared."
        )
    if subject.are_seeds_of_one:
        return _sentence_of_seeds(verdict, subject)
    if subject.is_one_run:
        if subject.first.step == subject.second.step:
            return "A and B are the same model: one run, after the same step."
        a, b = (each.own.value for each in verdict.losses)
        if a == b:
            return "Both have the same validation loss, to the last digit."
        return (
            f"<b>{_lower(a, b)}</b> predicts better, by <b>{loss_text(abs(a - b))}</b>"
            f" {verdict.unit_words}: so much have the steps between them changed."
        )
    return _sentence_of_families(verdict, subject)


def _sentence_of_text(verdict: Verdict, subject: Subject) -> str:
    """Of two of which no more is known than how well they predict the text on the page."""
    a, b = verdict.text_losses
    if a is None or b is None or subject.first.asked_text != subject.second.asked_text:
        return "Which of the two predicts better cannot be told here."
    if a == b:
        return "On the text above both predict equally well; they share no other measure."
    return (
        f"On the text above <b>{_lower(a, b)}</b> predicts better, by"
        f" <b>{loss_text(abs(a - b))}</b> {verdict.unit_words}; they share no other measure."
    )


def _sentence_of_seeds(verdict: Verdict, subject: Subject) -> str:
    """Of two runs that luck alone parts."""
    a, b = (each.own.value for each in verdict.losses)
    seeds = {side.summary.config.training.seed for side in subject.sides}
    gap = f"<b>{loss_text(abs(a - b))}</b> {verdict.unit_words}"
    if len(seeds) == 1:
        if a == b:
            return "These are one configuration and one seed, trained twice: the same losses."
        return (
            "These are one configuration and one seed, trained twice, and yet"
            f" <b>{_lower(a, b)}</b>'s loss is lower by {gap}."
        )
    spread = verdict.losses[0].spread
    assert spread is not None and spread.deviation is not None
    apart = (
        "their losses are the same, to the last digit"
        if a == b
        else f"<b>{_lower(a, b)}</b>'s loss is lower by {gap}"
    )
    return (
        f"These are two seeds of one configuration: {apart}. That is luck of the seed: over its"
        f" {spread.seeds} seeds the losses spread by <b>± {loss_text(spread.deviation)}</b>, a"
        " sample standard deviation."
    )


def _sentence_of_families(verdict: Verdict, subject: Subject) -> str:
    """Of two configurations, by their means over seeds."""
    first, second = (each.spread for each in verdict.losses)
    assert first is not None and second is not None
    if first.seeds == second.seeds == 1:
        if first.mean == second.mean:
            return "Both have the same validation loss, to the last digit; one seed each."
        luck = (
            "One seed each: how much of that is luck is not known until the same is trained with"
            " other seeds."
        )
        if subject.differ_by_steps:
            luck = (
                "Only how long they train parts them: from one seed both begin with the same"
                " weights and read the same batches, so this is not the luck of one of them."
            )
        return (
            f"<b>{_lower(first.mean, second.mean)}</b> predicts better, by"
            f" <b>{loss_text(abs(first.mean - second.mean))}</b> {verdict.unit_words}. {luck}"
        )
    difference = abs(first.mean - second.mean)
    if difference == 0:
        told = "both means are the same, to the last digit."
    else:
        told = (
            f"<b>{_lower(first.mean, second.mean)}</b>'s mean is lower by"
            f" <b>{loss_text(difference)}</b> {verdict.unit_words}"
        )
        if verdict.error:
            ratio = difference / verdict.error
            judged = "hardly luck" if ratio >= CLEAR else "may well be luck"
            told += f", <b>{ratio:.1f}</b> standard errors: {judged}."
        else:
            told += "; how much of that is luck is not known."
    return (
        "Each configuration by its mean over seeds"
        f" ({_seeds(first.seeds)} of A's, {second.seeds} of B's): {told}"
        f"{_borrowed(first, second)}{_other_way(verdict, first, second)}"
    )


def _borrowed(first: Spread, second: Spread) -> str:
    """Whose spread stands in, where one configuration has a single seed."""
    for name, alone, other_name, other in (
        ("A", first, "B", second),
        ("B", second, "A", first),
    ):
        if alone.deviation is None and other.deviation is not None:
            return f" {name} has one seed: its spread is taken to be that of {other_name}'s."
    return ""


def _other_way(verdict: Verdict, first: Spread, second: Spread) -> str:
    """Where the two runs that are shown are not as their configurations are."""
    a, b = (each.own.value for each in verdict.losses)
    if (a - b) * (first.mean - second.mean) >= 0:
        return ""
    return (
        f" Of the two runs shown here it is {_lower(a, b)} whose loss is lower, by"
        f" {loss_text(abs(a - b))}."
    )


def _lower(a: float, b: float) -> str:
    return "A" if a < b else "B"


def _seeds(count: int) -> str:
    return f"{count} seed" if count == 1 else f"{count} seeds"


def verdict_table(verdict: Verdict, subject: Subject) -> str:
    """The numbers of both sides and their difference, as HTML."""
    asked = "answer" if all(side.answer_start > 1 for side in subject.sides) else "text"
    unit = verdict.unit_words
    no_difference = "" if subject.has_one_corpus else "each on its own text"
    rows = [
        _row(
            f"validation loss, {unit}",
            [each.own.value for each in verdict.losses],
            ".4f",
            no_difference=no_difference,
        ),
    ]
    if any(each.spread and each.spread.seeds > 1 for each in verdict.losses):
        row = _row(
            "the mean over seeds<small>± sample standard deviation</small>",
            [each.spread.mean if each.spread else None for each in verdict.losses],
            ".4f",
            [_spread_note(each.spread) for each in verdict.losses],
            no_difference="one family" if subject.are_seeds_of_one else no_difference,
        )
        rows.append(row)
    is_asked_alike = subject.first.asked_text == subject.second.asked_text
    row = _row(  # also of no text, so that what stands below stays in its place
        f"loss on the {asked}, {unit}",
        verdict.text_losses,
        ".4f",
        no_difference="" if is_asked_alike else "not the same characters",
    )
    rows.append(row)
    if not subject.is_one_run:
        rows.append(_row("seconds per step, typically", verdict.seconds, ".4f"))
        rows.append(_row("parameters", verdict.parameters, ",.0f"))
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in subject.titles)
    return f"""<div class="gpt-verdict-frame" tabindex="0" role="region"
      aria-label="Both sides in numbers"><table class="gpt-verdict"><thead><tr><td></td>{heads}
      <th scope="col">B − A</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>"""


def words(verdict: Verdict) -> str:
    """How often both say the same, how far apart, in what unit, and what is not known; as HTML."""
    unit = NATS if verdict.unit == "nats" else BITS_PER_CHARACTER
    whose: dict[str, list[str]] = {}
    for name, each in zip(SIDE_NAMES, verdict.losses, strict=True):
        if each.own.reason:
            whose.setdefault(each.own.reason, []).append(name)
    for reason, names in whose.items():
        unit += (
            f" Of {' and '.join(names)} no loss can be measured on text held out: {escape(reason)}"
        )
    if verdict.agreement is None:
        return unit
    is_same, divergence = verdict.agreement.is_same_best, verdict.agreement.divergence
    return (
        f"They think the same token likeliest at <b>{int(is_same.sum())}</b> of {len(is_same)}"
        f" places. What they predict is <b>{divergence.mean().item():.4f}</b> nats per token apart,"
        f" the mean over the text. {DIVERGENCE} {unit}"
    )


def _spread_note(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.deviation is None:
        return _seeds(spread.seeds)
    return f"± {spread.deviation:.4f}, {_seeds(spread.seeds)}"


def _row(
    name: str,
    values: Sequence[float | None],
    form: str,
    notes: Sequence[str] = ("", ""),
    *,
    no_difference: str = "",
) -> str:
    """`no_difference` says why the two cannot be taken from each other; empty if they can."""
    first, second = values
    cells = [
        f"<td>{'–' if value is None else format(value, form)}<small>{note}</small></td>"
        for value, note in zip(values, notes, strict=True)
    ]
    if first is None or second is None:
        difference = "–"
    elif no_difference:
        difference = f"–<small>{no_difference}</small>"
    else:
        difference = format(second - first, f"+{form}").replace("-", "−")
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}<td>{difference}</td></tr>'
