"""Training before one's eyes: a progress bar, or a line of JSON a step; Ctrl-C stops cleanly."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from tqdm import tqdm

from gpt.commands import CommandError
from gpt.runs.config import RunError
from gpt.runs.journal import Record
from gpt.runs.run import Run
from gpt.runs.session import follow_training, train_run
from gpt.runs.status import Status
from gpt.tensor.distributed import Workers, is_launched

INTERRUPTED = 130


def lead(command: Callable[[Workers], int]) -> int:
    """Does in the first process what a command does; the others of torchrun's follow its training.

    Returns the exit status. Only the first one's tells anything.
    """
    workers = Workers.of_environment(os.environ)
    with workers.joined():
        if workers.is_first:
            return command(workers)
        # Whoever ends all of them ends the first, and the others once that has saved its work.
        with _Signals():
            follow_training(workers)
        return 0


def train_in_foreground(run: Run, workers: Workers, *, as_json: bool) -> int:
    """Trains to the end, or to a stop or signal; returns the exit status.

    Raises CommandError with the reason if training fails.
    """
    steps = run.config().training.steps
    # No bar where nobody watches it, as in a log (None).
    is_hidden = True if as_json else None
    with _Signals() as signals, tqdm(total=steps, unit="step", disable=is_hidden) as progress:
        losses: dict[str, float] = {}

        def show(record: Record) -> None:
            if as_json:
                _print_line(record, signals)
                return
            losses.update(
                (name, record[f"{name}_loss"])
                for name in ("train", "validation")
                if f"{name}_loss" in record
            )
            shown = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
            progress.set_postfix_str(shown, refresh=False)
            progress.update(record["step"] - progress.n)

        def announce(status: Status) -> None:
            if status.state == "running":
                progress.initial = progress.n = status.step
            progress.set_description_str(_WORDS.get(status.state, status.state))

        try:
            status = train_run(
                run,
                on_record=show,
                on_state=announce,
                interruption=lambda: signals.who,
                workers=workers,
            )
        except RunError as error:
            raise CommandError(str(error)) from None
    if status.state == "failed":
        raise CommandError(status.message or "Training failed.")
    if not as_json:
        _print_summary(run, status)
    return INTERRUPTED if signals.who else 0


_WORDS = {"queued": "waiting for another run"}

_WHO = {"SIGINT": "terminal", "SIGHUP": "terminal", "SIGTERM": "system"}


def _print_line(record: Record, signals: _Signals) -> None:
    try:
        print(json.dumps(record), flush=True)
    except BrokenPipeError:
        # Whoever read us has gone (`… | head`): stop as if they had said so.
        signals.who = "terminal"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_summary(run: Run, status: Status) -> None:
    print(f"{run.name}: {status.state} after step {status.step:,} in {status.seconds:.1f} s")
    if status.message:
        print(status.message)
    if status.best_validation_loss is not None:
        print(f"best validation loss {status.best_validation_loss:.4f}, step {status.best_step:,}")
    if status.validation_accuracy is not None:
        print(f"at last {status.validation_accuracy:.2%} of the answers' tokens right")
    if status.state == "stopped":
        print(f"go on with: python -m gpt resume {run.name}")


class _Signals:
    """Takes Ctrl-C and its like as a wish to stop; a second one ends the process at once.

    Attributes:
        who: whose wish it is; None as long as there is none.
    """

    def __init__(self) -> None:
        self.who: str | None = None
        self._former: dict[int, object] = {}

    def __enter__(self) -> Self:
        for name in _WHO:
            number = getattr(signal, name, None)
            if number is not None:
                self._former[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.who = _WHO[signal.Signals(number).name]
        # torchrun repeats what the terminal has sent already, and knows how to end who lingers.
        if not is_launched():
            signal.signal(number, signal.SIG_DFL)
