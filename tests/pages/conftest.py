"""What every test of a page begins with: no runs, no downloads, no measuring, nothing kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

import explorer.measures
from gpt.runs.config import RunError
from gpt.runs.demos import list_demos
from gpt.runs.run import Run


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a visitor's own runs: there are none yet. The names that ship are the text."""

    def refuse(*question: object, **options: object) -> None:
        raise RunError("Not measured in tests.")

    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GPT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(explorer.measures, "measure_pace", refuse)
    # A server keeps corpora for all visits; here each test may have other folders.
    st.cache_resource.clear()
    return tmp_path / "runs"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that would have been started."""
    names: list[str] = []

    def note(run: Run) -> None:
        names.append(run.name)

    monkeypatch.setattr("explorer.run_steering.start_run", note)
    return names


@pytest.fixture
def copy() -> Run:
    """The run that ships and has learnt to copy."""
    return next(each.run for each in list_demos().runs if each.run.name == "copy")
