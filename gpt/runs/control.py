"""Steering a run from anywhere: commands appended to a file that its trainer reads between steps.

Several people may steer at once. Their commands are obeyed in the order in which they arrived.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal, Self, get_args

from gpt.runs.config import RunError
from gpt.runs.journal import Journal, Record, Tail
from gpt.runs.run import Run

Action = Literal["pause", "resume", "stop", "learning_rate"]


@dataclass(frozen=True)
class Command:
    """What somebody wants of a trainer.

    Attributes:
        action: what to do.
        who: who wants it, such as "terminal" or "page".
        value: of `learning_rate`, the new one; None returns to the schedule.
    """

    action: Action
    who: str
    value: float | None = None

    @classmethod
    def from_record(cls, record: Record) -> Self | None:
        """The command in a line of the file, or None if there is none that can be obeyed."""
        who, value = record.get("who", "somebody"), record.get("value")
        actions = {action: action for action in get_args(Action)}
        action: Action | None = actions.get(str(record.get("action")))
        if action is None or not isinstance(who, str):
            return None
        if value is not None and (action != "learning_rate" or not _is_learning_rate(value)):
            return None
        return cls(action, who, value)


class CommandReader:
    """Reads what has been commanded since a place in the file.

    Attributes:
        wanted: what the trainer should be doing now, after all that was read.
    """

    def __init__(self, run: Run, offset: int = 0) -> None:
        self._tail = Tail(run.commands_file, offset)
        self.wanted: Literal["train", "pause", "stop"] = "train"

    @property
    def offset(self) -> int:
        """The place in the file up to which everything has been read."""
        return self._tail.offset

    def read(self) -> list[Command]:
        """The new commands, oldest first."""
        # Asked before every step: finding nothing new must cost next to nothing.
        if not self._tail.has_grown():
            return []
        read = (Command.from_record(record) for record in self._tail.read().records)
        commands = [command for command in read if command]
        for command in commands:
            match command.action:
                case "pause" | "stop":
                    self.wanted = command.action
                case "resume":
                    self.wanted = "train"
        return commands


def pause_run(run: Run, who: str) -> None:
    """Lets the run rest after the current step, and the next in the queue begin.

    Raises RunError if no process is at work on it.
    """
    _check_active(run, "paused")
    _command(run, "pause", who)


def stop_run(run: Run, who: str) -> None:
    """Ends the run after the current step, with a checkpoint; it can be resumed later.

    Raises RunError if no process is at work on it.
    """
    _check_active(run, "stopped")
    _command(run, "stop", who)


def set_learning_rate(run: Run, learning_rate: float | None, who: str) -> None:
    """Replaces the learning rate from the next step on; None returns to the schedule.

    A run that rests takes it up when it is resumed. Raises RunError for what is no learning rate.
    """
    if learning_rate is not None and not _is_learning_rate(learning_rate):
        raise RunError(f"A learning rate is a number from 0 up, not {learning_rate!r}.")
    _command(run, "learning_rate", who, learning_rate)


def ask_to_train(run: Run, who: str) -> None:
    """Takes back every pause and stop before it. A run without a process also needs to be started:
    see `launch.resume_run`.
    """
    _command(run, "resume", who)


def _command(run: Run, action: Action, who: str, value: float | None = None) -> None:
    record = {"time": time.time(), "who": who, "action": action}
    if action == "learning_rate":
        record["value"] = value
    try:
        with Journal(run.commands_file) as journal:
            journal.append(record)
    except OSError as error:
        raise RunError(f"{run.name} cannot be steered: {error.strerror or error}.") from None


def _check_active(run: Run, what: str) -> None:
    status = run.status()
    if not status.is_active:
        raise RunError(f"{run.name} cannot be {what}, for it is {status.state}.")


def _is_learning_rate(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]
