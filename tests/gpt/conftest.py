"""Runs so small that a test can train them, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run

TINY_TENSOR = {
    "steps": 24,
    "batch_size": 4,
    "n_embd": 8,
    "n_head": 2,
    "block_size": 8,
    "evaluation_interval": 6,
    "evaluation_windows": 4,
    "inspection_interval": 8,
    "dropout": 0.1,
    "checkpoints": 5,
    "sample_tokens": 4,
}
TINY_SCALAR = {
    "steps": 24,
    "n_embd": 4,
    "n_head": 2,
    "block_size": 6,
    "evaluation_interval": 6,
    "evaluation_documents": 3,
    "inspection_interval": 8,
    "checkpoints": 5,
    "sample_tokens": 4,
}
# Of the metrics, what differs from one run to another of the same seed.
TIMES = ("milliseconds", "tokens_per_second")


# Every two-hundredth of the bundled names.
NAMES = "\n".join(load_corpus("names").documents[::200])


class Tiny:
    """Makes runs on a few names, and says what is in them."""

    corpus = Corpus("tiny-names", NAMES, "documents")

    def config(
        self, kind: str = "scalar", *, title: str | None = None, **changes: Any
    ) -> RunConfig:
        preset = PRESETS["gpt-small" if kind == "tensor" else "microgpt"]
        settings = TINY_TENSOR if kind == "tensor" else TINY_SCALAR
        return configure(preset, self.corpus, settings | changes, title=title)

    def run(self, kind: str = "scalar", **changes: Any) -> Run:
        """A new run, not yet trained."""
        return create_run(self.config(kind, **changes), self.corpus)

    def trained(self, kind: str = "scalar", **changes: Any) -> Run:
        run = self.run(kind, **changes)
        assert train_run(run).state == "finished"
        return run

    def metrics(self, run: Run) -> list[Record]:
        """The metrics of a run without its times."""
        records = read_records(run.metrics_file)
        return [{k: v for k, v in record.items() if k not in TIMES} for record in records]

    def everything(self, run: Run) -> dict[str, Any]:
        """All that a run leaves and that must not depend on interruptions."""
        return {
            "metrics": self.metrics(run),
            "samples": read_records(run.samples_file),
            "histograms": read_records(run.histograms_file),
            "weights": {path.name: path.read_bytes() for path in run.checkpoints_folder.iterdir()},
        }


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs, at first not there. No process is left at work in it."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("GPT_RUNS", str(folder))
    yield folder
    for summary in list_runs(folder).runs:
        if summary.status.is_active and summary.status.pid not in (None, os.getpid()):
            psutil.Process(summary.status.pid).kill()


@pytest.fixture(scope="session")
def tiny_runs() -> Tiny:
    """For fixtures that live longer than a test, and say themselves where the runs go."""
    return Tiny()


@pytest.fixture
def tiny(runs: Path, tiny_runs: Tiny) -> Tiny:
    return tiny_runs


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    def wait(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Returns the condition's first true answer."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.03)
        raise AssertionError(f"waited {seconds} seconds in vain")

    return wait


@pytest.fixture
def gpt(runs: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of `python -m gpt` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gpt", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            timeout=120,
        )

    return run
