"""Training into a folder, in this process: what it leaves, how it is steered, how it fails."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.arrays import read_arrays, read_metadata
from gpt.runs.config import Origin, RunError
from gpt.runs.control import ask_to_train, pause_run, set_learning_rate, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.recorder import read_state_values
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.runs.status import Status

KINDS = pytest.mark.parametrize("kind", ["scalar", "tensor"])


@pytest.fixture(scope="module")
def undisturbed(
    tiny_runs: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """What a run leaves that nobody touched, by its kind."""

    @cache
    def train(kind: str) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GPT_RUNS", str(tmp_path_factory.mktemp("undisturbed")))
            left: dict[str, Any] = tiny_runs.everything(tiny_runs.trained(kind))
            return left

    return train


def at_step(step: int, do: Callable[[], object]) -> Callable[[Record], None]:
    """Does something once, right after a step."""

    def watch(record: Record) -> None:
        if record["step"] == step:
            do()

    return watch


def events(run: Run) -> list[tuple[int, str, str]]:
    return [(e["step"], e["who"], e["what"]) for e in read_records(run.events_file)]


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


class Killed(BaseException):
    """Stands for a kill: nothing after it runs."""


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


def test_steering_is_obeyed_in_order_and_noted(tiny: Any) -> None:
    run = tiny.run()

    def steer(record: Record) -> None:
        if record["step"] == 5:
            set_learning_rate(run, 0.5, "Ann")
            set_learning_rate(run, 0.25, "Ben")
        if record["step"] == 9:
            set_learning_rate(run, None, "Ann")

    train_run(run, on_record=steer)
    rates = {m["step"]: m.get("learning_rate") for m in read_records(run.metrics_file)}
    schedule = {step: 0.01 * (1 - (step - 1) / 24) for step in range(1, 25)}
    assert [step for step in schedule if rates[step] == 0.25] == [6, 7, 8, 9]
    assert all(rates[s] == pytest.approx(schedule[s]) for s in (*range(1, 6), *range(10, 25)))
    noted = [
        (e["step"], e["who"], e["value"])
        for e in read_records(run.events_file)
        if e["what"] == "learning_rate"
    ]
    assert noted == [(5, "Ann", 0.5), (5, "Ben", 0.25), (9, "Ann", None)]


@KINDS
def test_a_new_learning_rate_outlives_a_kill(tiny: Any, kind: str) -> None:
    run = tiny.run(kind, save_interval=1e9)

    def watch(record: Record) -> None:
        if record["step"] == 8:
            set_learning_rate(run, 0.125, "test")
        if record["step"] == 10:
            raise Killed

    with pytest.raises(Killed):
        train_run(run, on_record=watch)
    assert train_run(run).state == "finished"
    rates = {m["step"]: m.get("learning_rate") for m in read_records(run.metrics_file)}
    assert rates[8] != 0.125
    assert {rates[step] for step in range(9, 25)} == {0.125}


def test_a_learning_rate_for_a_run_that_rests_is_taken_up_when_it_goes_on(tiny: Any) -> None:
    run = tiny.run()
    set_learning_rate(run, 0.125, "test")
    train_run(run, on_record=at_step(3, lambda: stop_run(run, "test")))
    set_learning_rate(run, 0.5, "test")
    ask_to_train(run, "test")
    train_run(run)
    rates = [m.get("learning_rate") for m in read_records(run.metrics_file)]
    assert rates[1:] == [0.125] * 3 + [0.5] * 21


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "fast", True])
def test_what_is_no_learning_rate_is_refused(tiny: Any, value: Any) -> None:
    run = tiny.run()
    with pytest.raises(RunError, match="A learning rate is a number from 0 up, not "):
        set_learning_rate(run, value, "test")
    assert not run.commands_file.exists()


def test_nonsense_among_the_commands_is_passed_over(tiny: Any) -> None:
    run = tiny.run(steps=3)
    run.commands_file.write_text(
        'hello\n{"action": "explode"}\n{"action": "learning_rate", "value": "fast"}\n'
        '{"action": "learning_rate", "value": -1, "who": "x"}\n{"action": "stop", "who": 3}\n'
        '{"action": "stop", "value": 3, "who": "x"}\n[]\n'
    )
    assert train_run(run).state == "finished"
    assert events(run) == [(0, "trainer", "began"), (3, "trainer", "finished")]


def test_a_stop_that_was_taken_back_is_none(tiny: Any) -> None:
    run = tiny.run()

    def change_ones_mind() -> None:
        stop_run(run, "Ann")
        ask_to_train(run, "Ben")

    assert train_run(run, on_record=at_step(3, change_ones_mind)).state == "finished"
    assert events(run)[1:3] == [(3, "Ann", "stop"), (3, "Ben", "resume")]


def test_a_run_asked_to_go_on_just_as_it_stops_goes_on(tiny: Any) -> None:
    """Whoever asks while the status is not yet "stopped" starts no new process: this one must."""
    run = tiny.run()

    def resume_at_the_last_moment(status: Status) -> None:
        if status.state == "stopped":
            ask_to_train(run, "test")

    status = train_run(
        run,
        on_record=at_step(3, lambda: stop_run(run, "test")),
        on_state=resume_at_the_last_moment,
    )
    assert status.state == "finished"


def test_a_paused_run_rests_and_goes_on(tiny: Any, undisturbed: Any, wait_until: Any) -> None:
    run = tiny.run()
    states: list[str] = []
    trainer = threading.Thread(
        target=train_run,
        args=(run,),
        kwargs={
            "on_record": at_step(5, lambda: pause_run(run, "test")),
            "on_state": lambda status: states.append(status.state),
        },
    )
    trainer.start()
    wait_until(lambda: run.status().state == "paused")
    assert run.status().step == 5
    values = read_state_values(run)
    assert values is not None and values["progress"]["step"] == 5
    with pytest.raises(RunError, match="is being trained by another process already"):
        train_run(run)
    # Its turn is another's.
    other = tiny.trained(steps=3)
    assert other.status().state == "finished"
    assert run.status().step == 5
    ask_to_train(run, "test")
    trainer.join(30)
    assert states == ["running", "paused", "running", "finished"]
    assert tiny.everything(run) == undisturbed("scalar")


def test_a_paused_run_can_be_stopped(tiny: Any, wait_until: Any) -> None:
    run = tiny.run()
    trainer = threading.Thread(
        target=train_run,
        args=(run,),
        kwargs={"on_record": at_step(5, lambda: pause_run(run, "test"))},
    )
    trainer.start()
    wait_until(lambda: run.status().state == "paused")
    stop_run(run, "test")
    trainer.join(30)
    assert (run.status().state, run.status().step) == ("stopped", 5)
    for steer in (pause_run, stop_run):
        with pytest.raises(
            RunError, match=r"microgpt-on-tiny-names cannot be .*, for it is stopped"
        ):
            steer(run, "test")


def test_a_signal_stops_the_run_with_a_checkpoint(tiny: Any) -> None:
    run, seen = tiny.run(), []
    status = train_run(
        run, on_record=seen.append, interruption=lambda: "terminal" if len(seen) == 8 else None
    )
    assert (status.state, status.step) == ("stopped", 7)
    assert run.checkpoint().step == 7
    assert events(run)[-1] == (7, "terminal", "stop")


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
    set_learning_rate(run, 0.001, "test")
    ask_to_train(run, "test")
    assert train_run(run).state == "finished"
    assert [m["step"] for m in read_records(run.metrics_file)] == list(range(25))


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
