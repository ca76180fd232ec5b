"""Training into a folder, in this process: what it leaves, and how it goes on."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.arrays import read_arrays, read_metadata
from gpt.runs.config import Origin
from gpt.runs.control import ask_to_train, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.session import train_run
from gpt.runs.status import Status
from tests.gpt.runs.watching import KINDS, Killed, at_step, events


@KINDS
def test_a_run_leaves_all_that_it_promises(tiny: Any, kind: str) -> None:
    run = tiny.run(kind)
    shown: list[Record] = []
    states: list[str] = []
    status = train_run(run, on_record=shown.append, on_state=lambda s: states.append(s.state))
    assert states == ["running", "finished"]
    assert run.status() == status
    assert (status.state, status.step, status.steps) == ("finished", 24, 24)

    metrics = read_records(run.metrics_file)
    assert metrics == shown
    assert [m["step"] for m in metrics] == list(range(25))
    assert [m["step"] for m in metrics if "validation_loss" in m] == [0, 6, 12, 18, 24]
    assert [m["step"] for m in metrics if "update_ratios" in m] == [8, 16, 24]
    assert metrics[-1]["ending"] == "finished"
    assert all(m.keys() >= {"train_loss", "learning_rate", "gradient_norm"} for m in metrics[1:])
    assert [s["step"] for s in read_records(run.samples_file)] == [0, 6, 12, 18, 24]
    assert [h["step"] for h in read_records(run.histograms_file)] == [8, 16, 24]
    assert events(run) == [(0, "trainer", "began"), (24, "trainer", "finished")]

    best = min((m for m in metrics if "validation_loss" in m), key=lambda m: m["validation_loss"])
    assert [c.step for c in run.checkpoints() if c.is_best] == [best["step"]]
    assert (status.best_step, status.best_validation_loss) == (
        best["step"],
        best["validation_loss"],
    )
    assert {c.step for c in run.checkpoints()} == {0, 2, 6, 14, 24}
    assert read_metadata(run.checkpoint(6).path) == {"step": "6"}
    state = read_arrays(run.resume_file).arrays
    for name, weights in read_arrays(run.checkpoint(24).path).arrays.items():
        assert (state[f"weights.{name}"] == weights).all()


@KINDS
def test_the_same_seed_is_the_same_run_and_another_seed_is_not(
    tiny: Any, undisturbed: Any, kind: str
) -> None:
    assert tiny.everything(tiny.trained(kind)) == undisturbed(kind)
    other = tiny.trained(kind, seed=7)
    assert tiny.metrics(other) != undisturbed(kind)["metrics"]
    # Whatever the seed, all are tested on the same names.
    assert other.corpus() == tiny.corpus


@KINDS
@pytest.mark.parametrize("steps", [[0], [1], [6, 7], [3, 9, 15, 23], [24]])
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    tiny: Any, undisturbed: Any, kind: str, steps: list[int]
) -> None:
    expected = undisturbed(kind)
    run = tiny.run(kind)
    for step in steps:
        status = train_run(run, on_record=at_step(step, lambda: stop_run(run, "test")))
        assert (status.state, status.step) == ("finished" if step == 24 else "stopped", step)
        assert run.checkpoint().step == step
        ask_to_train(run, "test")
    assert train_run(run).state == "finished"
    found = tiny.everything(run)
    # The stops have kept weights of their own.
    assert found["weights"].items() >= expected["weights"].items()
    assert {k: v for k, v in found.items() if k != "weights"} == {
        k: v for k, v in expected.items() if k != "weights"
    }


@KINDS
@pytest.mark.parametrize("step", [0, 5, 6, 13])
def test_what_a_killed_run_wrote_too_much_is_cut_off(
    tiny: Any, undisturbed: Any, kind: str, step: int
) -> None:
    expected = undisturbed(kind)
    run = tiny.run(kind, save_interval=1e9)

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        train_run(run, on_record=at_step(step, kill))
    for journal in (run.metrics_file, run.samples_file, run.histograms_file):
        with journal.open("ab") as file:
            file.write(b'{"step": 1000}\n{"step": 10')
    (run.checkpoints_folder / ".step-000099.safetensors.0123").write_bytes(b"half")
    (run.checkpoints_folder / "step-000099.safetensors").write_bytes(b"later")
    assert train_run(run).state == "finished"
    assert tiny.everything(run) == expected


def test_the_best_weights_are_kept_even_if_the_kill_came_just_before(tiny: Any) -> None:
    run = tiny.run()

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        train_run(run, on_record=at_step(12, kill))
    assert run.checkpoint("best").step == 12
    # The state was saved, the weights were not yet.
    run.best_file(12).replace(run.best_file(6))
    train_run(run, on_record=at_step(13, lambda: stop_run(run, "test")))
    assert run.checkpoint("best").step == 12


def test_a_run_without_anything_held_out_shows_no_validation(runs: Path) -> None:
    corpus = load_corpus("eight-names")
    run = create_run(configure(PRESETS["eight-names"], corpus, {"steps": 4}), corpus)
    assert train_run(run).state == "finished"
    metrics = read_records(run.metrics_file)
    assert [m["step"] for m in metrics] == [1, 2, 3, 4]
    assert not any("validation_loss" in m for m in metrics)
    assert run.checkpoints()[0].step == 0
    assert not any(c.is_best for c in run.checkpoints())


@KINDS
def test_fine_tuning_starts_from_the_other_runs_weights_and_outlives_it(
    tiny: Any, kind: str
) -> None:
    first = tiny.trained(kind)
    best = first.checkpoint("best")
    corpus = load_corpus("eight-names")
    config = configure(
        PRESETS[first.config().preset],
        corpus,
        {"steps": 3},
        origin=(Origin(first.name, best.step), first.config()),
    )
    second = create_run(config, corpus, origin=best.path)
    weights = read_arrays(best.path).arrays
    train_run(second, on_record=at_step(1, lambda: stop_run(second, "test")))
    ask_to_train(second, "test")
    assert train_run(second).state == "finished"
    start = read_arrays(second.checkpoint(0).path).arrays
    assert start.keys() == weights.keys()
    assert all((start[name] == weights[name]).all() for name in weights)


def test_the_time_left_is_told(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpt.runs.heartbeat.BEAT_SECONDS", 0.0)
    run = tiny.run()
    seen: list[Status] = []
    train_run(run, on_record=lambda record: seen.append(run.status()))
    left = [status.seconds_left for status in seen if status.seconds_left is not None]
    assert len(left) > 20
    assert left[-1] == 0.0
    assert all(seconds >= 0 for seconds in left)
    assert seen[12].seconds > 0
    assert replace(seen[12], step=12).steps == 24
    assert os.getpid() == seen[12].pid


def test_the_speed_and_the_time_left_tell_of_the_same_time(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpt.runs.heartbeat.BEAT_SECONDS", 0.0)
    run = tiny.run("tensor")
    settings = run.config().settings()
    tokens_per_step = settings["training"]["batch_size"] * settings["model"]["block_size"]
    seen: list[Status] = []
    train_run(run, on_record=lambda record: seen.append(run.status()))
    told = [status for status in seen if status.seconds_left]
    assert len(told) > 15
    for status in told:
        tokens_left = tokens_per_step * (status.steps - status.step)
        assert status.tokens_per_second is not None
        assert tokens_left / status.tokens_per_second == pytest.approx(status.seconds_left)


def test_a_run_of_a_single_beat_tells_its_speed(tiny: Any) -> None:
    run = tiny.run(steps=1)
    assert (train_run(run).tokens_per_second or 0) > 0
