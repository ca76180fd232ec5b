"""The report of a model from outside tells what is known of it, and reads its very tokens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gpt.lens.opening import open_model
from gpt.report.heads import read_text, tokens_to_read
from gpt.report.report import write_report
from gpt.report.settings_tables import chosen_settings
from gpt.runs.outside import adopt_model
from gpt.runs.run import Run
from tests.byte_model import write_byte_model


@pytest.fixture
def run(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A GPT of bytes, most of which are no character of their own, adopted by a relative path."""
    write_byte_model(tmp_path / "bytes")
    monkeypatch.chdir(tmp_path)
    return adopt_model("bytes")


def test_what_nobody_knows_is_said_and_not_listed(run: Run, tmp_path: Path) -> None:
    report = write_report(run)
    assert (
        "How it was trained is not known here: neither from which text, nor in how many steps, nor"
        " to which loss." in report
    )
    assert "<b>as it was adopted</b>" in report
    assert "As it was adopted, it reads what it wrote" in report
    assert "step 0" not in report.lower()
    assert not {"initialisation", "dropout"} & set(chosen_settings(run.config())["model"])
    command = re.sub(r"<[^>]+>", "", report[report.index("Open it again") :])
    assert f"python -m gpt runs adopt {tmp_path / 'bytes'} --title bytes" in command


def test_the_heads_read_the_tokens_that_were_written(run: Run) -> None:
    opened = open_model(run)
    (sample,) = [json.loads(line)["text"] for line in run.samples_file.read_text().splitlines()]
    assert "�" in sample, "some bytes are no character"
    tokens = tokens_to_read(opened, [sample])
    assert tokens != opened.encode(sample).tokens[:24]
    assert len(tokens) == 24
    assert sample.startswith(read_text(opened, tokens).rstrip("�"))
