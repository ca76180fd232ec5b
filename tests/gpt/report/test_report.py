"""A report stands alone, tells what the run's files hold, and runs nothing that they say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gpt.lens.opening import open_model
from gpt.report.heads import read_text, tokens_to_read
from gpt.report.report import write_report
from gpt.report.settings_tables import chosen_settings
from gpt.runs.journal import Journal, read_records
from gpt.runs.library import find_run
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


def test_documents_are_read_as_many_as_fit_and_of_plain_numbers_the_longest(tiny: Any) -> None:
    names = "an\nemma\nnina\n" + "a" * 40
    opened = open_model(tiny.trained("tensor"))
    most = opened.model.config.block_size
    tokens = tokens_to_read(opened, ["nina", names])
    assert len(tokens) == most > 4
    assert read_text(opened, tokens) == ("⊢an⊢emma⊢nina⊢" + "a" * 24)[:most]
    plain = open_model(tiny.trained("scalar"))
    assert (
        tokens_to_read(plain, ["an\nhannah\nnina"])
        == [
            plain.tokenizer.bos,
            *plain.tokenizer.encode("hannah"),
        ][: plain.model.config.block_size]
    )
    assert tokens_to_read(plain, [""]) == []


def test_settings_without_an_effect_are_left_out() -> None:
    config = find_run("copy").config()
    training = chosen_settings(config)["training"]
    assert training["minimum_learning_rate"] == 0.0004
    assert not {"muon_momentum", "muon_iterations"} & set(training)
    fast = chosen_settings(find_run("shakespeare").config())
    assert "minimum_learning_rate" not in fast["training"]
    assert fast["training"]["muon_iterations"] == 3
    assert fast["compute"]["device"] == "cpu (chosen by itself)"


def test_what_ships_is_dated_told_once_and_done_again_after_a_fetch() -> None:
    page = read(write_report(find_run("shakespeare")))
    assert "Text: Tiny Shakespeare. Preset: fast (What the field has learnt since" in page.text
    assert "Begun on 21 November 2026, 05:42 UTC; 2,000 of 2,000 steps, finished." in page.text
    assert page.text.count("1.6972") == 2, "the headline and its dot in the curve"
    assert "validation loss, nats per token, the best so far" in page.text
    assert "fetch it first:python -m gpt fetch shakespeare" in page.text
    options = [a for tag, a in page.tags if tag == "span" and a.get("class") == "option"]
    command = page.text[page.text.index("python -m gpt train") :]
    assert len(options) == command.count(" --") + 1
    assert "guessing 4.17" in page.text
