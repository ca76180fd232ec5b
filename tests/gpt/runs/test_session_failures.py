"""How a training fails: with a sentence, and without losing what was good."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.config import RunError
from gpt.runs.control import ask_to_train, set_learning_rate, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.session import train_run
from tests.gpt.runs.watching import KINDS, at_step


@pytest.mark.parametrize(("kind", "rate"), [("tensor", 1e30), ("scalar", 1e200)])
def test_a_run_that_diverges_says_what_to_try_and_keeps_what_was_good(
    tiny: Any, kind: str, rate: float
) -> None:
    run = tiny.run(kind)
    status = train_run(run, on_record=at_step(9, lambda: set_learning_rate(run, rate, "test")))
    assert status.state == "failed"
    assert status.message is not None
    assert f"with a learning rate of {rate:.3g}; try a learning rate of 0.01" in status.message
    assert status.message.count(".  ") == 0
    assert run.status().message == status.message
    assert run.status().has_diverged
    set_learning_rate(run, 0.001, "test")
    ask_to_train(run, "test")
    assert train_run(run).state == "finished"
    assert not run.status().has_diverged
    assert [m["step"] for m in read_records(run.metrics_file)] == list(range(25))


def test_a_text_too_short_for_the_block_fails_with_a_sentence(tiny: Any) -> None:
    corpus = load_corpus("eight-names")
    config = configure(PRESETS["gpt-small"], corpus, {"block_size": 512})
    run = create_run(config, corpus)
    status = train_run(run)
    assert status.state == "failed"
    assert status.message == (
        "The text has 48 tokens; blocks of 512 need at least 513. Use a longer text or a smaller "
        "block_size."
    )
    assert not status.has_diverged


def test_a_device_that_is_not_there_fails_with_a_sentence(tiny: Any) -> None:
    status = train_run(tiny.run("tensor", device="abacus"))
    assert status.state == "failed"
    assert str(status.message).startswith("There is no device abacus on this machine; it has")


def test_a_state_of_another_model_is_refused_and_changes_nothing(tiny: Any) -> None:
    run, other = tiny.run(), tiny.trained(n_embd=6)
    train_run(run, on_record=at_step(5, lambda: stop_run(run, "test")))
    run.resume_file.write_bytes(other.resume_file.read_bytes())
    ask_to_train(run, "test")
    status = train_run(run)
    assert status.state == "failed"
    assert str(status.message).startswith("These weights are not for this model: ")
    run.resume_file.write_bytes(b"garbage")
    assert str(train_run(run).message).startswith("resume.safetensors is not a safetensors file")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command on this system")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@KINDS
def test_a_full_disk_is_a_sentence_and_loses_nothing(
    tiny: Any, small_disk: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    changes = {"steps": 48, "save_interval": 0.0, "checkpoints": 3}
    expected = tiny.trained(kind, **changes)
    monkeypatch.setenv("GPT_RUNS", str(small_disk))
    run = tiny.run(kind, **changes)
    ballast = small_disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(512))
            except OSError:
                pass

    status = train_run(run, on_record=at_step(20, fill))
    assert status.state == "failed"
    assert status.message == "The disk is full; make room and resume, and nothing is lost."
    assert run.status() == status
    ballast.unlink()
    ask_to_train(run, "test")
    # Whether all of it fits is not the question here.
    small = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(small, check=True, capture_output=True)
    assert train_run(run).state == "finished"
    assert tiny.everything(run) == tiny.everything(expected)


def test_a_folder_that_vanishes_is_a_sentence(tiny: Any, tmp_path: Path) -> None:
    run = tiny.run()
    with pytest.raises(RunError, match=r"cannot be written: No such file or directory\."):
        train_run(run, on_record=at_step(3, lambda: run.path.rename(tmp_path / "moved")))


def test_an_unexpected_error_is_both_noted_and_raised(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(record: Record) -> None:
        raise KeyError("a bug")

    run = tiny.run()
    with pytest.raises(KeyError, match="a bug"):
        train_run(run, on_record=fail)
    assert run.status().state == "failed"
    assert run.status().message == "It failed unexpectedly: KeyError('a bug')."
