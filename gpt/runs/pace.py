"""How long a run will take and how much memory: measured on this machine, in a process of its own.

A few real steps are taken with the very configuration; what they need is remembered, so that only
the first question about a model costs seconds. A machine that is busy with something else makes
every step look slow: such steps are left out, and where no others were to be had, nothing is
remembered.
"""

from __future__ import annotations

import hashlib
import json
import platform
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from gpt.corpus.corpus import Corpus
from gpt.files import write_whole
from gpt.runs.config import RunConfig, RunError
from gpt.runs.launch import environment, lower_priority
from gpt.runs.library import list_runs, runs_folder
from gpt.runs.settings import ScalarTrainingConfig
from gpt.tensor.report import Report
from gpt.tensor.settings import Settings
from gpt.tensor.training_config import TrainingConfig

# What is measured: undisturbed steps for so long, at least so many, and evaluations between them.
MEASURING_SECONDS = 1.0
FEWEST_STEPS, MOST_STEPS = 3, 100_000
EVALUATION_INTERVAL = 2
# Where they do not come, any steps will do after this time.
MOST_SECONDS = 4.0
# Steps are looked at in stretches of this length: some machines count processor time in ticks.
STRETCH_SECONDS = 0.1
# Undisturbed is who had a processor for this share of the time.
QUIET_SHARE = 0.85
EVALUATED = 32
TEXT_LENGTH = 100_000


@dataclass(frozen=True)
class Pace(Settings):
    """What a configuration needs on this machine.

    Attributes:
        step_seconds: for one step of training.
        evaluation_seconds: for one window, or document, of a validation loss.
        sample_seconds: for one sample.
        memory: bytes that the process held at its peak.
        was_disturbed: whether others kept the processors busy, so that all of it is too slow.
    """

    step_seconds: float
    evaluation_seconds: float
    sample_seconds: float
    memory: int
    was_disturbed: bool

    def seconds_for(self, config: RunConfig, corpus: Corpus) -> float:
        """How long the whole run takes at that pace, with its evaluations and samples."""
        training, recording = config.training, config.recording
        evaluations = training.steps // training.evaluation_interval + 1
        samples = training.steps // (recording.sample_interval or training.steps + 1)
        return (
            training.steps * self.step_seconds
            + evaluations * _evaluated(config, corpus) * self.evaluation_seconds
            + samples * self.sample_seconds
        )


def known_pace(config: RunConfig) -> Pace | None:
    """The pace if it has been measured here before; None otherwise. Takes no time."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return Pace.from_dict(json.loads(_store().read_bytes())[_key(config)])
    return None


def measure_pace(config: RunConfig, corpus: Corpus, *, patience: float = 60.0) -> Pace:
    """Takes a few steps and says what they needed; takes some seconds itself, once per model.

    It is not remembered if it was disturbed, or another run trains meanwhile. Raises RunError if
    the model does not fit into memory, if it cannot learn from this text, or if a few steps are not
    done after `patience` seconds.
    """
    known = known_pace(config)
    if known:
        return known
    pace = _measure_apart(config, corpus, patience)
    if _is_alone() and not pace.was_disturbed:
        _remember(config, pace)
    return pace


def _is_alone() -> bool:
    """Whether surely no run trains."""
    try:
        return not any(summary.status.state == "running" for summary in list_runs().runs)
    except RunError:
        return False


def _measure_apart(config: RunConfig, corpus: Corpus, patience: float) -> Pace:
    """The pace as a process of its own finds it."""
    excerpt = _excerpt(corpus, config.model.block_size)
    question = {
        "config": _to_measure(config).to_dict(),
        "corpus": {field.name: getattr(excerpt, field.name) for field in fields(excerpt)},
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gpt.runs.pace"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment(config.compute.threads),
    ) as process:
        lower_priority(process.pid)
        try:
            answer, _ = process.communicate(json.dumps(question), timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RunError(
                f"A few steps of this model take more than {patience:.0f} seconds here, with all "
                "that this machine is doing now."
            ) from None
    try:
        told: dict[str, Any] = json.loads(answer)
    except ValueError:
        raise RunError(
            "This model cannot be trained here, most likely for lack of memory."
        ) from None
    if "mistake" in told:
        raise RunError(told["mistake"])
    return Pace.from_dict(told)


@dataclass
class _Stretch:
    """Some steps in a row, and how much of their time they had a processor."""

    steps: list[float]
    evaluations: list[float]
    seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def is_quiet(self) -> bool:
        return self.processor_seconds >= QUIET_SHARE * self.seconds


def _measure(config: RunConfig, corpus: Corpus) -> Pace:
    """Takes steps, evaluations and a sample, and says what each needed."""
    from gpt.runs.training import open_training

    training = open_training(config, corpus, None)
    # Where a graphics card computes, the processor rests: nothing can be told from that.
    is_elsewhere = config.kind == "tensor" and _is_on_a_graphics_card(config)
    stretches = _take_steps(training.reports())
    quiet = [each for each in stretches if each.is_quiet or is_elsewhere]
    was_disturbed = sum(len(each.steps) for each in quiet) < FEWEST_STEPS
    counted = stretches if was_disturbed else quiet
    evaluations = [seconds for each in counted for seconds in each.evaluations]
    before = time.perf_counter()
    training.sample()
    sample_seconds = time.perf_counter() - before
    return Pace(
        step_seconds=median(seconds for each in counted for seconds in each.steps),
        evaluation_seconds=median(evaluations or [0.0]) / _evaluated(config, corpus),
        sample_seconds=sample_seconds,
        memory=_peak_memory(),
        was_disturbed=was_disturbed,
    )


def _take_steps(reports: Iterator[Report]) -> list[_Stretch]:
    """Steps until enough were undisturbed, or until that has taken too long."""
    # The first step is slower: it allocates what the others use again.
    while (report := next(reports, None)) is not None and report.milliseconds is None:
        pass
    stretches = [_Stretch([], [])]
    started = time.perf_counter()
    while True:
        now = time.perf_counter() - started
        quiet = sum(each.seconds for each in stretches if each.is_quiet)
        count = sum(len(each.steps) for each in stretches)
        if count >= FEWEST_STEPS and (quiet >= MEASURING_SECONDS or now >= MOST_SECONDS):
            return stretches
        if stretches[-1].seconds >= STRETCH_SECONDS:
            stretches.append(_Stretch([], []))
        before, processor_before = time.perf_counter(), time.thread_time()
        report = next(reports, None)
        if report is None:
            return stretches
        spent = time.perf_counter() - before
        stretch = stretches[-1]
        stretch.seconds += spent
        stretch.processor_seconds += time.thread_time() - processor_before
        if report.milliseconds is not None:
            stretch.steps.append(report.milliseconds / 1000)
            if report.validation_loss is not None:
                stretch.evaluations.append(spent - stretch.steps[-1])


def _is_on_a_graphics_card(config: RunConfig) -> bool:
    from gpt.tensor.device import choose_device

    return choose_device(config.compute.device).type != "cpu"


def _evaluated(config: RunConfig, corpus: Corpus) -> int:
    """How many windows, documents or examples a validation loss reads, and at least 1."""
    if not corpus.has_validation:
        return 1
    if isinstance(config.training, ScalarTrainingConfig):
        return max(1, min(config.training.evaluation_documents, len(corpus.documents) // 10))
    if corpus.task:
        windows = len(corpus.documents) // 10
    else:
        windows = len(corpus.text) // 10 // config.model.block_size
    return max(1, min(config.training.evaluation_windows, windows))


def _to_measure(config: RunConfig) -> RunConfig:
    """The same model and batch, trained briefly, at a learning rate at which nothing goes wrong."""
    brief = {"steps": MOST_STEPS, "learning_rate": 0.0, "inspection_interval": None}
    brief["evaluation_interval"] = EVALUATION_INTERVAL
    training: TrainingConfig | ScalarTrainingConfig
    if isinstance(config.training, TrainingConfig):
        training = TrainingConfig.from_dict(
            config.training.to_dict()
            | brief
            | {"minimum_learning_rate": 0.0, "warmup_steps": 0, "patience": None}
            | {"evaluation_windows": EVALUATED}
        )
    else:
        training = ScalarTrainingConfig.from_dict(
            config.training.to_dict() | brief | {"evaluation_documents": EVALUATED}
        )
    return replace(config, training=training)


def _excerpt(corpus: Corpus, block_size: int) -> Corpus:
    """Enough of the text to measure with."""
    length = max(TEXT_LENGTH, 20 * EVALUATED * block_size)
    if len(corpus.text) <= length:
        return corpus
    if corpus.kind == "text":
        return replace(corpus, text=corpus.text[:length])
    some = random.Random(0).sample(corpus.documents, length // 50)
    return replace(corpus, text="\n".join(some))


def _peak_memory() -> int:
    try:
        # Not getrusage: its peak is that of whoever started us, if that was higher.
        status = Path("/proc/self/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return int(psutil.Process().memory_info().rss)


def _store() -> Path:
    return runs_folder() / ".paces.json"


def _key(config: RunConfig) -> str:
    what = [
        platform.node(),
        config.model.to_dict(),
        getattr(config.training, "batch_size", 1),
        config.recording.sample_tokens,
        config.compute.to_dict(),
        dict(config.versions),
    ]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _remember(config: RunConfig, pace: Pace) -> None:
    paces: dict[str, object] = {}
    with suppress(OSError, ValueError):
        paces = dict(json.loads(_store().read_bytes()))
    # What cannot be remembered is measured again.
    with suppress(OSError):
        runs_folder().mkdir(parents=True, exist_ok=True)
        write_whole(_store(), json.dumps(paces | {_key(config): pace.to_dict()}).encode())


def _answer() -> None:
    question = json.loads(sys.stdin.read())
    config = RunConfig.from_json(json.dumps(question["config"]).encode())
    corpus = Corpus(**question["corpus"])
    try:
        told: dict[str, Any] = _measure(config, corpus).to_dict()
    except ValueError as error:
        told = {"mistake": str(error)}
    print(json.dumps(told))


if __name__ == "__main__":
    _answer()
