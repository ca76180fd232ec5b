"""Runs that ship: small copies of finished ones, and what they lose."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.arrays import read_arrays
from gpt.runs.config import RunError
from gpt.runs.demos import KEPT_METRICS, list_all, ship_run
from gpt.runs.library import create_run, find_run, list_runs, runs_folder
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.runs.tensor_training import load_model


@pytest.fixture
def finished(tmp_path, monkeypatch) -> Run:
    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "runs"))
    corpus = load_corpus("eight-names")
    changes = {"steps": 6, "evaluation_interval": 3, "checkpoints": 3}
    run = create_run(configure(PRESETS["eight-names"], corpus, changes), corpus)
    train_run(run)
    return run


def test_a_shipped_run_is_the_run_in_half_precision(finished: Run, tmp_path: Path) -> None:
    shipped = ship_run(finished, tmp_path / "demos" / "small")
    (summary,) = list_runs(tmp_path / "demos").runs
    assert summary.config == finished.config()
    assert summary.status.state == "finished"
    assert summary.status.pid is None
    assert [c.step for c in shipped.checkpoints()] == [c.step for c in finished.checkpoints()]
    for name, weights in read_arrays(finished.checkpoint().path).arrays.items():
        halved = read_arrays(shipped.checkpoint().path).arrays[name]
        assert halved.dtype == np.float16
        np.testing.assert_allclose(halved, weights, rtol=1e-3, atol=1e-7)
    assert next(load_model(shipped).parameters()).dtype.is_floating_point
    lines = shipped.metrics_file.read_text().splitlines()
    assert len(lines) == len(finished.metrics_file.read_text().splitlines())
    assert set(json.loads(lines[-1])) <= set(KEPT_METRICS)
    assert not shipped.resume_file.exists()


def test_ones_own_run_of_a_shipped_name_is_found_and_listed_alike(finished: Run) -> None:
    """As one may be called that was made before, or put there by hand."""
    finished.path.rename(runs_folder() / "copy")
    listed = [each.run for each in list_all().runs if each.run.name == "copy"]
    assert listed == [find_run("copy")] == [Run(runs_folder() / "copy")]


def test_nothing_is_written_over(finished: Run, tmp_path: Path) -> None:
    ship_run(finished, tmp_path / "small")
    with pytest.raises(RunError, match="exists already"):
        ship_run(finished, tmp_path / "small")


def test_only_a_finished_run_ships(tmp_path: Path) -> None:
    corpus = load_corpus("eight-names")
    run = create_run(configure(PRESETS["eight-names"], corpus), corpus, path=tmp_path / "queued")
    with pytest.raises(RunError, match="only a finished run can ship"):
        ship_run(run, tmp_path / "small")
