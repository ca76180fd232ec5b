"""How long a run will take and how much memory: measured on this machine, in a process of its own.

A few real steps are taken with the very configuration; what they need is remembered, so that only
the first question about a model costs seconds.
"""

from __future__ import annotations

import hashlib
import json
import platform
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median

import psutil

from gpt.corpus.corpus import Corpus
from gpt.files import write_whole
from gpt.runs.config import RunConfig, RunError
from gpt.runs.launch import environment, lower_priority
from gpt.runs.library import list_runs, runs_folder
from gpt.runs.settings import ScalarTrainingConfig
from gpt.tensor.settings import Settings
from gpt.tensor.training_config import TrainingConfig

# What is measured: steps until the time is over, at least so many, and these evaluations between.
MEASURING_SECONDS = 1.0
FEWEST_STEPS, MOST_STEPS = 3, 60
EVALUATION_INTERVAL = 2
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
    """

    step_seconds: float
    evaluation_seconds: float
    sample_seconds: float
    memory: int

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

    It is not remembered if another run trains meanwhile. Raises RunError if the model does not fit
    into memory, or if not even a few steps are done after `patience` seconds.
    """
    known = known_pace(config)
    if known:
        return known
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
                f"A few steps of this model take more than {patience:.0f} seconds here."
            ) from None
    try:
        pace = Pace.from_dict(json.loads(answer))
    except ValueError:
        raise RunError(
            "This model cannot be trained here, most likely for lack of memory."
        ) from None
    if not any(summary.status.state == "running" for summary in list_runs().runs):
        _remember(config, pace)
    return pace


def _measure(config: RunConfig, corpus: Corpus) -> Pace:
    """Takes steps, evaluations and a sample, and says what each needed."""
    from gpt.runs.training import open_training

    training = open_training(config, corpus, None)
    reports = training.reports()
    steps: list[float] = []
    evaluations = [0.0]
    started = time.perf_counter()
    while len(steps) < FEWEST_STEPS or time.perf_counter() - started < MEASURING_SECONDS:
        before = time.perf_counter()
        report = next(reports, None)
        if report is None:
            break
        spent = time.perf_counter() - before
        if report.milliseconds is None:
            continue
        steps.append(report.milliseconds / 1000)
        if report.validation_loss is not None:
            evaluations.append(spent - steps[-1])
    before = time.perf_counter()
    training.sample()
    sample_seconds = time.perf_counter() - before
    return Pace(
        # The first step is slower: it allocates what the others use again.
        step_seconds=median(steps[1:]),
        evaluation_seconds=median(evaluations[1:] or evaluations) / _evaluated(config, corpus),
        sample_seconds=sample_seconds,
        memory=_peak_memory(),
    )


def _evaluated(config: RunConfig, corpus: Corpus) -> int:
    """How many windows or documents a validation loss reads, and at least 1."""
    if not corpus.has_validation:
        return 1
    if isinstance(config.training, ScalarTrainingConfig):
        return max(1, min(config.training.evaluation_documents, len(corpus.documents) // 10))
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
    print(json.dumps(_measure(config, corpus).to_dict()))


if __name__ == "__main__":
    _answer()
