"""What a run is doing now: a small file that its trainer replaces about twice a second."""

from __future__ import annotations

import errno
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from gpt.files import write_whole
from gpt.runs.process import ProcessIdentity
from gpt.tensor.settings import Settings

State = Literal[
    "queued", "running", "paused", "stopped", "finished", "failed", "interrupted", "outside"
]
"""The trainer writes all but the last two: whoever finds its process gone reads "interrupted", and
a model from outside never had one here."""

ACTIVE_STATES: tuple[State, ...] = ("queued", "running", "paused")
"""In these a process is at work, or about to be."""

# How long a trainer may take to start, and one on another machine to be heard of.
START_SECONDS = 30.0
SILENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Status(Settings):
    """What a run is doing and how far it has come.

    Attributes:
        state: what it is doing.
        message: why, in a sentence, if there is something to say.
        has_diverged: whether it failed because the loss or a gradient was no number any more.
        heartbeat: when this was written, in seconds since 1970.
        pid, process_started, host: who wrote it; None before the trainer has begun.
        step: updates made so far.
        steps: updates to be made in all.
        train_loss: of the last batch, in nats per token.
        validation_loss: the last one, in nats per token.
        validation_accuracy: the last share of the tokens of held-out answers that were predicted.
        validation_exact_match: the last share of the held-out answers of which all tokens were.
        best_step: the step after which the validation loss was lowest.
        best_validation_loss: that loss.
        learning_rate: of the last update.
        tokens_per_second: trained on, at the pace of late, with all that is done between steps.
        seconds: spent so far, without pauses.
        seconds_left: until the last step, at the pace of late.
    """

    state: State
    heartbeat: float
    steps: int
    step: int = 0
    message: str | None = None
    has_diverged: bool = False
    pid: int | None = None
    process_started: float | None = None
    host: str | None = None
    train_loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_exact_match: float | None = None
    best_step: int | None = None
    best_validation_loss: float | None = None
    learning_rate: float | None = None
    tokens_per_second: float | None = None
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether a process is at work on the run, or about to be."""
        return self.state in ACTIVE_STATES

    def seen_now(self) -> Status:
        """The status as it is, not as it was written: without its process it is interrupted."""
        if not self.is_active or self._is_attended():
            return self
        at = f"after step {self.step:,}" if self.step else "before its first step"
        return replace(
            self,
            state="interrupted",
            seconds_left=None,
            message=f"Its process ended {at} without a word; resuming it loses nothing.",
        )

    def _is_attended(self) -> bool:
        silence = time.time() - self.heartbeat
        if self.pid is None or self.process_started is None or self.host is None:
            return silence < START_SECONDS
        process = ProcessIdentity(self.pid, self.process_started, self.host)
        if process.is_of_this_machine:
            return process.is_alive()
        return silence < SILENCE_SECONDS

    def taken_by(self, process: ProcessIdentity) -> Status:
        """The same, written by that process now."""
        return replace(
            self,
            heartbeat=time.time(),
            pid=process.pid,
            process_started=process.started,
            host=process.host,
        )


def read_status(path: Path) -> Status:
    """The status as it was written. Raises OSError, and ValueError for what is no status."""
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError(f"{path.name} is not JSON.") from None
    if not isinstance(values, dict) or values.get("state") not in get_args(State):
        raise ValueError(f"{path.name} holds no state of a run.")
    return Status.from_dict(values)


def write_status(path: Path, status: Status) -> None:
    """Replaces the status. On a full disk it is overwritten in place, for which there is room."""
    contents = json.dumps(status.to_dict(), indent=1, allow_nan=False).encode() + b"\n"
    try:
        write_whole(path, contents)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not path.exists():
            raise
        with path.open("r+b") as file:
            file.write(contents)
            file.truncate()
