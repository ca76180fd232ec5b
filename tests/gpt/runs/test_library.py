from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunError
from gpt.runs.library import (
    DEMOS_FOLDER,
    create_run,
    delete_run,
    find_run,
    list_runs,
    runs_folder,
)
from gpt.runs.presets import PRESETS, configure
from gpt.runs.process import own_process
from gpt.runs.run import checkpoint_steps, parse_which
from gpt.runs.status import Status

NAMES = load_corpus("names")
VERSE = Corpus("verse", "Shall I compare thee to a summer's day?\n" * 9, "text")


def test_a_new_run_is_queued_and_complete(tiny: Any, runs: Path) -> None:
    run = tiny.run()
    assert run.path == runs / "microgpt-on-tiny-names"
    assert run.config() == replace(tiny.config(), created=run.config().created)
    assert (run.status().state, run.status().steps) == ("queued", 24)
    assert run.corpus() == tiny.corpus
    assert sorted(os.listdir(run.path)) == [
        "checkpoints",
        "config.json",
        "corpus.txt",
        "status.json",
    ]
    assert os.listdir(runs) == ["microgpt-on-tiny-names"]


def test_runs_of_the_same_title_get_folders_of_their_own(tiny: Any) -> None:
    assert [tiny.run().name for _ in range(3)] == [
        "microgpt-on-tiny-names",
        "microgpt-on-tiny-names-2",
        "microgpt-on-tiny-names-3",
    ]


def test_a_run_is_never_called_as_one_that_ships(runs: Path) -> None:
    shipped = {each.run.name for each in list_runs(DEMOS_FOLDER).runs}
    assert "copy" in shipped
    run = create_run(configure(PRESETS["bigram"], VERSE, title="copy"), VERSE)
    assert run.name == "copy-2"
    assert find_run("copy").path == DEMOS_FOLDER / "copy"


def test_a_text_of_ones_own_is_kept_with_the_run(runs: Path) -> None:
    run = create_run(configure(PRESETS["bigram"], VERSE), VERSE)
    assert run.corpus() == VERSE
    run.corpus_file.write_text("another text " * 20)
    with pytest.raises(RunError) as refusal:
        run.corpus()
    assert str(refusal.value) == (
        "The text of verse is not the one that bigram-on-verse learns from: its SHA-256 is another."
    )
    run.corpus_file.unlink()
    with pytest.raises(RunError, match=r"corpus\.txt cannot be read: No such file or directory\."):
        run.corpus()


def test_a_folder_can_be_chosen_but_not_taken(tiny: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.mkdir()
    config, corpus = tiny.config(), tiny.corpus
    assert create_run(config, corpus, path=path).path == path
    before = sorted(path.rglob("*"))
    with pytest.raises(RunError, match="mine exists already; resume it, or choose another folder"):
        create_run(config, corpus, path=path)
    assert sorted(path.rglob("*")) == before


@pytest.mark.parametrize("blocked", ["file", "proc"])
def test_a_folder_that_cannot_be_written_is_named(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocked: str
) -> None:
    folder = Path("/proc/runs")
    if blocked == "file":
        (tmp_path / "file").touch()
        folder = tmp_path / "file" / "runs"
    elif not Path("/proc/self").exists():
        pytest.skip("there is no /proc on this system")
    monkeypatch.setenv("GPT_RUNS", str(folder))
    with pytest.raises(RunError, match=r"cannot be written: .*; make room or let GPT_RUNS name"):
        tiny.run()


def test_runs_are_found_by_name_and_by_folder(tiny: Any, runs: Path) -> None:
    run = tiny.run()
    assert find_run(run.name) == find_run(run.path) == run
    with pytest.raises(RunError, match=f"There is no run nothing in {runs}"):
        find_run("nothing")


def test_runs_go_under_data_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPT_RUNS", raising=False)
    assert runs_folder().parts[-2:] == ("data", "runs")


def test_of_two_runs_that_are_begun_in_one_second_the_later_one_is_the_newer(tiny: Any) -> None:
    earlier, later = tiny.run(title="z"), tiny.run(title="a")
    assert [each.run for each in list_runs().runs] == [later, earlier]


def test_a_list_shows_the_newest_first_and_says_what_it_cannot_read(tiny: Any, runs: Path) -> None:
    assert list_runs() == ([], {})
    older, newer, broken, headless = (tiny.run(title=t) for t in ("a", "b", "c", "d"))
    for run, created in ((older, "2020-01-01"), (newer, "2030-01-01")):
        run.config_file.write_bytes(replace(run.config(), created=created).to_json())
    broken.config_file.write_text("{}")
    headless.status_file.unlink()
    (runs / "notes.txt").touch()
    (runs / "empty").mkdir()
    (runs / ".new-123").mkdir()
    shutil.copy(older.config_file, runs / ".new-123")
    listing = list_runs()
    assert [(s.run, s.status.state) for s in listing.runs] == [
        (newer, "queued"),
        (older, "queued"),
    ]
    assert listing.runs[0].config == newer.config()
    assert listing.unreadable.keys() == {"c", "d"}
    assert listing.unreadable["c"] == "c: config.json lacks 'format'."


def test_a_list_follows_what_changes(tiny: Any) -> None:
    run = tiny.run()
    list_runs()
    run.rename("Another")
    run.write_status(Status("stopped", time.time(), 24, step=7))
    (summary,) = list_runs().runs
    assert (summary.config.title, summary.status.step) == ("Another", 7)


def test_two_hundred_runs_are_listed_again_in_a_blink(tiny: Any, runs: Path) -> None:
    run = tiny.run()
    run.write_status(replace(run.status(), state="finished"))
    for i in range(200):
        shutil.copytree(run.path, runs / f"copy-{i}")
    list_runs()
    started = time.process_time()
    assert len(list_runs().runs) == 201
    assert time.process_time() - started < 0.1


def test_a_title_is_changed_without_moving_the_folder(tiny: Any) -> None:
    run = tiny.run()
    run.rename("  Names,   again ")
    assert (run.config().title, run.name) == ("Names, again", "microgpt-on-tiny-names")
    for title in ("", " ", "x" * 81, "a\x00b"):
        with pytest.raises(RunError, match="A title has 1 to 80 printable characters"):
            run.rename(title)
    assert run.config().title == "Names, again"


def test_a_run_is_deleted_whole_but_not_from_under_its_trainer(tiny: Any, runs: Path) -> None:
    run = tiny.run()
    run.write_status(Status("running", time.time(), 24).taken_by(own_process()))
    with pytest.raises(RunError, match="is running; stop it before deleting it"):
        delete_run(run)
    run.write_status(Status("stopped", time.time(), 24))
    delete_run(run)
    assert os.listdir(runs) == []
    with pytest.raises(RunError, match="cannot be deleted: No such file"):
        delete_run(run)


def test_what_a_killed_process_left_is_cleared_away_in_time(tiny: Any, runs: Path) -> None:
    old, young = runs / ".deleted-1", runs / ".new-2"
    for folder in (old, young):
        (folder / "checkpoints").mkdir(parents=True)
    os.utime(old, (0, 0))
    tiny.run()
    assert not old.exists()
    assert young.exists()


def test_a_broken_run_can_still_be_deleted(tiny: Any, runs: Path) -> None:
    run = tiny.run()
    run.status_file.write_text("broken")
    delete_run(run)
    assert os.listdir(runs) == []


@pytest.mark.parametrize(("steps", "count"), [(50, 20), (2000, 20), (7, 20), (5000, 12), (1, 2)])
def test_checkpoints_are_dense_early_and_include_both_ends(steps: int, count: int) -> None:
    chosen = sorted(checkpoint_steps(steps, count))
    assert chosen[0] == 0 and chosen[-1] == steps
    assert len(chosen) <= count
    gaps = [b - a for a, b in pairwise(chosen)]
    assert max(gaps[: len(gaps) // 2], default=0) <= max(gaps)
    if steps >= 1000:
        assert len(chosen) == count
        assert gaps == sorted(gaps)


def test_checkpoints_are_found_by_step_best_and_last(tiny: Any) -> None:
    run = tiny.run()
    with pytest.raises(RunError, match="microgpt-on-tiny-names has no checkpoint yet"):
        run.checkpoint()
    for name in ("step-000000", "step-000012", "step-1000000", "best-000012", "best-000007"):
        (run.checkpoints_folder / f"{name}.safetensors").touch()
    for other in ("step-12.safetensors", "step-000013.bin", ".step-000014.safetensors.123"):
        (run.checkpoints_folder / other).touch()
    assert [(c.step, c.path.name, c.is_best) for c in run.checkpoints()] == [
        (0, "step-000000.safetensors", False),
        (7, "best-000007.safetensors", False),
        (12, "step-000012.safetensors", True),
        (1_000_000, "step-1000000.safetensors", False),
    ]
    assert run.checkpoint().step == 1_000_000
    assert run.checkpoint("best").step == run.checkpoint(12).step == 12
    with pytest.raises(RunError, match="has no checkpoint of step 3; it has 0, 7, 12, 1000000"):
        run.checkpoint(3)
    (run.checkpoints_folder / "best-000012.safetensors").unlink()
    (run.checkpoints_folder / "best-000007.safetensors").unlink()
    with pytest.raises(RunError, match="has no best checkpoint, for it measures no validation"):
        run.checkpoint("best")


@pytest.mark.parametrize(("text", "which"), [("best", "best"), ("last", "last"), ("0012", 12)])
def test_a_checkpoint_is_called_by_step_best_or_last(text: str, which: object) -> None:
    assert parse_which(text) == which
    for wrong in ("-1", "1.5", "", "worst"):
        with pytest.raises(RunError, match="A checkpoint is a step, best or last, not "):
            parse_which(wrong)


def test_a_corpus_that_is_not_at_hand_is_named(tiny: Any, runs: Path) -> None:
    run = create_run(configure(PRESETS["bigram"], NAMES), NAMES)
    assert run.corpus() == NAMES
    assert not run.corpus_file.exists()
    values = run.config().to_dict()
    for change, sentence in (
        ({"name": "names-33k"}, "There is neither a corpus nor a file called names-33k"),
        ({"sha256": "0" * 64}, "The text of names is not the one that bigram-on-names learns from"),
    ):
        changed = values | {"corpus": values["corpus"] | change}
        run.config_file.write_text(json.dumps(changed))
        with pytest.raises(ValueError, match=sentence):
            run.corpus()
