"""Keeps status.json true while a trainer is at work."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from gpt.runs.process import own_process
from gpt.runs.run import Run
from gpt.runs.status import State, Status
from gpt.tensor.report import Report
from gpt.tensor.training_state import Progress

BEAT_SECONDS = 0.5

# The pace of late is that of as many beats: enough that an evaluation or two among them weigh about
# as much as they do in the whole run.
PACE_BEATS = 30

# Of a report, what the status says until there is something newer.
_REPEATED = (
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "validation_exact_match",
    "learning_rate",
)

OnState = Callable[[Status], None]


class _Moment(NamedTuple):
    """How far a run had come, by the clock of the process."""

    time: float
    step: int
    tokens: float


class Heartbeat:
    """The status of the run that this process works on.

    Attributes:
        status: what was last said.
    """

    def __init__(self, run: Run, steps: int, on_state: OnState) -> None:
        self.status = Status("queued", time.time(), steps)
        self._news: dict[str, Any] = {}
        self._run = run
        self._on_state = on_state
        self._seconds = 0.0
        self._running_since: float | None = None
        self._last_beat = 0.0
        self._tokens = 0.0  # trained on by this process
        self._pace: deque[_Moment] = deque(maxlen=PACE_BEATS)

    @property
    def seconds(self) -> float:
        """Spent training so far, without pauses."""
        if self._running_since is None:
            return self._seconds
        return self._seconds + time.monotonic() - self._running_since

    def enter(
        self, state: State, message: str | None = None, *, has_diverged: bool = False
    ) -> None:
        """Says at once what the run does from now on. Raises OSError."""
        self._seconds = self.seconds
        self._running_since = time.monotonic() if state == "running" else None
        self._pace.clear()
        self._say(state=state, message=message, has_diverged=has_diverged, seconds_left=None)
        self._on_state(self.status)

    def go_on_from(self, progress: Progress, seconds: float) -> None:
        """Sets the time and the steps that earlier processes have spent."""
        self._seconds = seconds
        self._say(**_seen_of(progress))

    def observe(self, report: Report, progress: Progress) -> None:
        """Takes up a step; it is said with the next beat."""
        self._news |= _seen_of(progress)
        for name in _REPEATED:
            value = getattr(report, name)
            if value is not None:
                self._news[name] = value
        if report.milliseconds and report.tokens_per_second:
            self._tokens += report.tokens_per_second * report.milliseconds / 1000
            if self.status.tokens_per_second is None:  # a short run may be over at the first beat
                self._news["tokens_per_second"] = report.tokens_per_second

    def beat(self) -> None:
        """Says what was observed if it is time to. Raises OSError."""
        now = time.monotonic()
        if now - self._last_beat < BEAT_SECONDS:
            return
        if self.status.state == "running":
            step = self._news.get("step", self.status.step)
            self._pace.append(_Moment(now, step, self._tokens))
        self._say(**self._of_late())

    def _say(self, **news: Any) -> None:
        self._last_beat = time.monotonic()
        news = self._news | news | {"seconds": self.seconds}
        status = replace(self.status, **news).taken_by(own_process())
        self._run.write_status(status)
        self.status = status
        self._news = {}

    def _of_late(self) -> dict[str, float | None]:
        """The speed and what it leaves to wait for, by the clock: both tell of the same time."""
        if len(self._pace) < 2 or self._pace[-1].step == self._pace[0].step:
            return {"seconds_left": None}
        then, now = self._pace[0], self._pace[-1]
        spent = now.time - then.time
        return {
            "tokens_per_second": (now.tokens - then.tokens) / spent,
            "seconds_left": spent / (now.step - then.step) * (self.status.steps - now.step),
        }


def _seen_of(progress: Progress) -> dict[str, Any]:
    return {
        "step": progress.step,
        "best_step": progress.best_step,
        "best_validation_loss": progress.best_validation_loss,
    }
