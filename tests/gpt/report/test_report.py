"""A report stands alone, tells what the run's files hold, and runs nothing that they say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gpt.report.report import write_report
from gpt.runs.journal import Journal, read_records
from gpt.runs.run import Run

EVIL = "<script>alert('x')</script><img src=http://example.org/x onerror=alert(1)>"


class Reader(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(report: str) -> Reader:
    reader = Reader()
    reader.feed(report)
    return reader


@pytest.fixture(params=["tensor", "scalar"])
def run(tiny: Any, request: pytest.FixtureRequest) -> Run:
    return tiny.trained(request.param, title="A try")


def test_it_tells_what_the_files_hold_and_needs_nothing_else(run: Run) -> None:
    page = read(write_report(run))
    status = run.status()
    assert f"{status.validation_loss:.4f}" in page.text
    assert f"{status.best_validation_loss:.4f}" in page.text
    for step in (0, status.step):
        (sample,) = [s for s in read_records(run.samples_file) if s["step"] == step] or [None]
        if sample:
            assert sample["text"] in page.text
    model = run.config().model.to_dict()
    assert f"n_embd{model['n_embd']}" in page.text
    assert "python -m gpt train --corpus corpus.txt --documents --preset" in page.text
    drawn = [a["aria-label"] for tag, a in page.tags if tag == "svg"]
    heads = [label for label in drawn if label and label.startswith("Attention of layer")]
    assert len(heads) == model["n_layer"] * model["n_head"]
    assert "Train and validation loss over the steps" in drawn
    assert not {"script", "link", "img", "iframe", "a", "object"} & {tag for tag, _ in page.tags}
    assert not any({"src", "href", "onclick"} & set(a) for _, a in page.tags)
    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_nothing_that_a_run_says_becomes_markup(tiny: Any) -> None:
    run = tiny.trained("scalar", title="A try")
    run.rename(EVIL[:70])
    run.samples_file.unlink()
    with Journal(run.samples_file) as samples:
        samples.append({"step": 0, "text": EVIL})
        samples.append({"step": 24, "text": "an" + EVIL})
    stored = json.loads(run.config_file.read_text())
    stored["versions"][EVIL] = EVIL
    stored["preset"] = EVIL
    run.config_file.write_text(json.dumps(stored))
    page = read(write_report(run))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert page.text.count(EVIL) >= 4


def test_a_run_that_has_not_begun_has_a_report(tiny: Any) -> None:
    page = read(write_report(tiny.run("tensor")))
    assert "0 of 24 steps, queued" in page.text
    assert "How it learnt" not in page.text
    assert "Every setting" in page.text


def test_the_command_writes_it(tiny: Any, gpt: Any, tmp_path: Path) -> None:
    run = tiny.trained("scalar")
    file = tmp_path / "report.html"
    done = gpt("runs", "report", run.name, "--out", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text(encoding="utf-8") == write_report(run)
    assert re.fullmatch(rf"{re.escape(str(file))}: [\d,]+ bytes\n", done.stdout)
    refused = gpt("runs", "report", run.name, "--out", tmp_path / "no" / "such.html")
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
