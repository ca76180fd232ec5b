"""The loss of a checkpoint on the text held out, and those of the same run by other seeds."""

from __future__ import annotations

from typing import NamedTuple

from explorer.background import Background, Outcome, outcome
from explorer.charts.training import Unit
from explorer.compare.subject import Side, Subject
from explorer.measures import characters_per_token
from explorer.models import model_at
from gpt.lens.ablation import compare_losses
from gpt.lens.opening import held_out_batches
from gpt.runs.comparison import Spread, siblings, spread_of, validation_loss_at
from gpt.runs.data import bits_per_character
from gpt.runs.library import Summary

_background = Background()


class SideLosses(NamedTuple):
    """What is known of a side by now, in the unit in which both sides can be compared.

    Attributes:
        own: of this run and step.
        spread: over every seed that has weights of that step; None before all are known.
    """

    own: Outcome
    spread: Spread | None

    @property
    def is_awaited(self) -> bool:
        return self.own.is_awaited or (self.own.value is not None and self.spread is None)


def unit_of(subject: Subject) -> Unit:
    """What losses are told in: tokens are a measure only for those who cut a text alike."""
    return "nats" if subject.has_one_vocabulary else "bits per character"


def losses_of(side: Side, subject: Subject) -> SideLosses:
    """The validation losses, as far as they are known; what is not is being measured."""
    own = ask_loss(side.summary, side.step)
    if own.value is None:
        return SideLosses(own, None)
    is_in_bits, characters = unit_of(subject) == "bits per character", 1.0
    if is_in_bits:
        counted = characters_per_token(side.summary.config, side.run)
        if counted.value is None:
            return SideLosses(counted, None)
        characters = counted.value

    def convert(loss: float) -> float:
        return bits_per_character(loss, characters) if is_in_bits else loss

    own = Outcome(convert(own.value), None)
    found = [
        ask_loss(each, side.step)
        for each in siblings(side.summary, subject.among)
        if side.step in (checkpoint.step for checkpoint in each.run.checkpoints())
    ]
    if any(each.is_awaited for each in found):
        return SideLosses(own, None)
    known = [convert(each.value) for each in found if each.value is not None]
    return SideLosses(own, spread_of(known))


def ask_loss(summary: Summary, step: int) -> Outcome:
    """As it was measured in training; where that was at other steps, by the same measure now."""
    path = summary.run.path
    return outcome(_background.ask((path, step), lambda: measure_loss(summary, step)))


def measure_loss(summary: Summary, step: int) -> float:
    """Raises ValueError, with a sentence, where there is no text, or nothing of it is held out."""
    written = validation_loss_at(summary.run, step)
    if written is not None:
        return written
    training = summary.config.training
    windows = getattr(training, "evaluation_windows", None)
    windows = windows or getattr(training, "evaluation_documents", None)
    batches = held_out_batches(summary.config, summary.run.corpus(), windows=windows)
    *_, losses = compare_losses(model_at(summary.run, step).model, batches, [])
    return losses.before
