"""A training that is steered from outside: stopped, paused, resumed, given another rate."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from gpt.runs.config import RunError
from gpt.runs.control import ask_to_train, pause_run, set_learning_rate, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.recorder import read_state_values
from gpt.runs.session import train_run
from gpt.runs.status import Status
from tests.gpt.runs.watching import KINDS, Killed, at_step, events


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
