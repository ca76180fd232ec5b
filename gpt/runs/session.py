"""One process at work on one run: it waits for its turn, trains, obeys, and leaves all in order.

Of several processes that train one run together the first does all that; the others follow it.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gpt.runs.arrays import read_arrays
from gpt.runs.config import RunError
from gpt.runs.control import Command, CommandReader
from gpt.runs.heartbeat import Heartbeat, OnState
from gpt.runs.journal import Record
from gpt.runs.library import runs_folder, unwritable
from gpt.runs.queue import Turn
from gpt.runs.recorder import (
    BEFORE_THE_BEGINNING,
    Recorder,
    cut_back,
    read_state,
    read_state_values,
)
from gpt.runs.run import Run, checkpoint_steps
from gpt.runs.status import State, Status
from gpt.runs.training import SavedState, Training, open_training
from gpt.tensor.distributed import ALONE, WorkerLost, Workers
from gpt.tensor.divergence import TrainingDiverged
from gpt.tensor.report import Report
from gpt.tensor.training_state import Progress

WAITING_SECONDS = 0.1

# Saving may take up to this share of the time.
SAVING_SHARE = 0.05

OnRecord = Callable[[Record], None]


def train_run(
    run: Run,
    *,
    on_record: OnRecord = lambda record: None,
    on_state: OnState = lambda status: None,
    interruption: Callable[[], str | None] = lambda: None,
    workers: Workers = ALONE,
) -> Status:
    """Trains a run in this process, from where it stands to its end, and says how that went.

    Args:
        run: its folder.
        on_record: is called with the line of metrics of every step.
        on_state: is called whenever the run's state changes.
        interruption: who in this process wants it to stop, if somebody does; asked between steps.
        workers: the processes that train it together, of which this is the first.

    Returns the last status: "finished", "stopped", or "failed" with the reason in its message.

    Raises:
        RunError: another process trains this run, it comes from outside, or its folder cannot be
            used at all.
    """
    if run.config().is_from_outside:
        # Before anything is cut back: there is nothing to go back to.
        raise RunError(
            f"{run.name} comes from outside; train --from {run.name} starts another from its "
            "weights."
        )
    try:
        lock = FileLock(run.lock_file)
        lock.acquire(blocking=False)
    except Timeout:
        raise RunError(f"{run.name} is being trained by another process already.") from None
    except OSError as error:
        raise unwritable(run.path, error) from None
    try:
        return _Session(run, on_record, on_state, interruption, workers).train()
    finally:
        lock.release()


def follow_training(workers: Workers) -> None:
    """Trains, in any process but the first, the run that the first one trains, until that ends.

    It writes nothing: what goes wrong for all of them, the first one says.
    """
    with suppress(WorkerLost, TrainingDiverged, ValueError), workers.watched():
        # The first one says which as soon as nobody else can change the run any more.
        run = Run(Path(workers.from_first(None)))
        training, _ = _open_as_it_stands(run, workers)
        for _ in training.reports():
            pass


class _Session:
    def __init__(
        self,
        run: Run,
        on_record: OnRecord,
        on_state: OnState,
        interruption: Callable[[], str | None],
        workers: Workers,
    ) -> None:
        self._run = run
        self._config = run.config()
        self._on_record = on_record
        self._interruption = interruption
        self._workers = workers
        self._heartbeat = Heartbeat(run, self._config.training.steps, on_state)
        self._checkpoint_steps = checkpoint_steps(
            self._config.training.steps, self._config.recording.checkpoints
        )
        self._training: Training | None = None
        self._step = 0
        self._next_save = time.monotonic() + self._config.recording.save_interval
        # What was asked for before there was a training to apply it to; None if nothing was.
        self._awaited_rate: Command | None = None

    def train(self) -> Status:
        try:
            values = read_state_values(self._run)
            self._commands = CommandReader(self._run, values["commands_offset"] if values else 0)
            if values:
                progress = Progress(**values["progress"])
                self._heartbeat.go_on_from(progress, values["seconds"])
                self._step = progress.step
            cut_back(self._run, self._step if values else BEFORE_THE_BEGINNING)
            self._turn = Turn(runs_folder(), self._run.path)
            try:
                with Recorder(self._run) as self._recorder:
                    self._work_until_done()
            finally:
                self._turn.leave()
        except Exception as error:
            self._fail(error)
        return self._heartbeat.status

    def _work_until_done(self) -> None:
        while True:
            state, message = self._work()
            self._heartbeat.enter(state, message)
            # Whoever asked to go on before this was written has started no other process for it.
            self._obey()
            if state == "finished" or self._commands.wanted == "stop":
                return

    def _work(self) -> tuple[State, str | None]:
        """Trains to the end or until told to stop; says which, and if need be why."""
        if not self._await_turn():
            return "stopped", None
        training = self._training or self._open()
        reports = training.reports()
        while True:
            self._obey()
            if self._commands.wanted == "stop":
                self._keep_weights(training)
                self._save(training)
                return "stopped", None
            if self._commands.wanted == "pause":
                self._save(training)
                self._turn.leave()
                if not self._await_turn():
                    return "stopped", None
            report = next(reports, None)
            if report is None:
                return "finished", None
            self._record(training, report)
            if report.ending:
                self._keep_weights(training)
                self._save(training)
                self._recorder.event(report.step, "trainer", report.ending)
                return "finished", _reason(report)

    def _await_turn(self) -> bool:
        """Returns when the run may train, or with False when it is told to stop."""
        while True:
            self._obey()
            match self._commands.wanted:
                case "stop":
                    return False
                case "pause":
                    self._turn.leave()
                    state: State = "paused"
                case "train":
                    state = "running" if self._turn.take() else "queued"
            if state != self._heartbeat.status.state or state == "running":
                self._heartbeat.enter(state)
            if state == "running":
                return True
            self._heartbeat.beat()
            time.sleep(WAITING_SECONDS)

    def _open(self) -> Training:
        with self._workers.watched():
            self._workers.from_first(str(self._run.path))
            training, is_new = _open_as_it_stands(self._run, self._workers)
        if is_new:
            self._recorder.event(0, "trainer", "began")
            self._keep_weights(training)
            self._take_sample(training)
        else:
            self._recorder.event(training.progress.step, "trainer", "went on")
            self._repair_best(training)
        self._training = training
        if self._awaited_rate:
            self._set_learning_rate(training, self._awaited_rate)
        return training

    def _obey(self) -> None:
        """Does what was commanded since the last time, as far as it can be done at once."""
        for command in self._commands.read():
            details = {"value": command.value} if command.action == "learning_rate" else {}
            self._recorder.event(self._step, command.who, command.action, **details)
            if command.action == "learning_rate":
                self._awaited_rate = command
                if self._training:
                    self._set_learning_rate(self._training, command)
        who = self._interruption()
        if who and self._commands.wanted != "stop":
            self._recorder.event(self._step, who, "stop")
            self._commands.wanted = "stop"

    def _set_learning_rate(self, training: Training, command: Command) -> None:
        training.controls.learning_rate = command.value
        self._awaited_rate = None
        # Saved at once: a killed run goes on from after the change, not from before it.
        self._save(training)

    def _record(self, training: Training, report: Report) -> None:
        self._step = report.step
        record = self._recorder.report(report)
        if report.step in self._checkpoint_steps:
            self._keep_weights(training)
        interval = self._config.recording.sample_interval
        if interval and report.step and (report.ending or report.step % interval == 0):
            self._take_sample(training)
        if report.is_best or time.monotonic() >= self._next_save:
            self._save(training)
        if report.is_best:
            # After the state, which therefore never goes back to before what is called the best.
            self._keep_best(training)
        self._heartbeat.observe(report, training.progress)
        self._heartbeat.beat()
        self._on_record(record)

    def _save(self, training: Training) -> None:
        started = time.monotonic()
        state = training.export_state()
        about = {"commands_offset": self._commands.offset, "seconds": self._heartbeat.seconds}
        self._recorder.state(SavedState(state.arrays, state.values | about))
        now = time.monotonic()
        rest = (now - started) / SAVING_SHARE
        self._next_save = now + max(self._config.recording.save_interval, rest)

    def _keep_weights(self, training: Training) -> None:
        step = training.progress.step
        if not self._run.checkpoint_file(step).exists():
            self._recorder.checkpoint(step, training.weights())

    def _keep_best(self, training: Training) -> None:
        self._recorder.best(training.progress.step, training.weights())

    def _repair_best(self, training: Training) -> None:
        # The process may have been killed after saving the state and before keeping the best.
        step = training.progress.step
        if training.progress.best_step == step and not self._run.best_file(step).exists():
            self._keep_best(training)

    def _take_sample(self, training: Training) -> None:
        if self._config.recording.sample_interval:
            self._recorder.sample(training.progress.step, training.sample())

    def _fail(self, error: Exception) -> None:
        """Says why in the status, or raises the error again if that is nobody's to mend."""
        sentence = _sentence_for(error, self._run)
        with suppress(OSError):
            self._heartbeat.enter(
                "failed",
                sentence or f"It failed unexpectedly: {error!r}.",
                has_diverged=isinstance(error, TrainingDiverged),
            )
        if sentence is None:
            raise error
        if self._heartbeat.status.state != "failed":
            # Not even the status could be written: then it is said aloud.
            raise RunError(sentence) from None


def _open_as_it_stands(run: Run, workers: Workers) -> tuple[Training, bool]:
    """The training of a run where it was last saved, and whether that is before its beginning."""
    config = run.config()
    origin = read_arrays(run.checkpoint_file(0)).arrays if config.origin else None
    training = open_training(config, run.corpus(), origin, workers)
    state = read_state(run)
    if state is not None:
        training.import_state(state)
    return training, state is None


def _reason(report: Report) -> str | None:
    if report.ending == "out of patience":
        return "It stopped early, for the validation loss no longer fell."
    return None


def _sentence_for(error: Exception, run: Run) -> str | None:
    """What a person is told about an error that they can do something about; None for others."""
    if isinstance(error, TrainingDiverged | WorkerLost | ValueError):
        return str(error)
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "The disk is full; make room and resume, and nothing is lost."
        return f"{run.path} cannot be written: {error.strerror or error}."
    # torch has no error of its own for this, but always this word.
    if isinstance(error, MemoryError | RuntimeError) and "memory" in f"{error!r}".lower():
        return "There is not enough memory for this model; make it or its batch smaller."
    return None
