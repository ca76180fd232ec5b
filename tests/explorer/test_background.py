"""Questions are answered once, in turn, and an answer nobody waits for any more is not begun."""

from __future__ import annotations

from threading import Event

import pytest

from explorer.background import Background, Outcome, outcome


def test_the_same_question_is_worked_out_once() -> None:
    background, calls = Background(), []
    first = background.ask("key", lambda: calls.append(1))
    assert background.ask("key", lambda: calls.append(2)) is first
    first.result(5)
    assert calls == [1]


def test_a_newer_question_of_a_kind_takes_the_place_of_one_not_begun() -> None:
    background, gate = Background(), Event()
    running = background.ask(("pace", 1), gate.wait)
    given_up = background.ask(("pace", 2), lambda: "two", only_newest_of="pace")
    other_kind = background.ask(("text", 2), lambda: "text")
    newest = background.ask(("pace", 3), lambda: "three", only_newest_of="pace")
    assert given_up.cancelled()
    assert outcome(newest).is_awaited
    gate.set()
    assert (newest.result(5), other_kind.result(5), running.result(5)) == ("three", "text", True)


def test_what_is_forgotten_is_worked_out_anew_but_never_twice_at_once() -> None:
    background, gate, answers = Background(), Event(), iter("ab")

    def work() -> str:
        gate.wait()
        return next(answers)

    first = background.ask("key", work)
    background.forget("key")
    assert background.ask("key", work) is first
    gate.set()
    assert first.result(5) == "a"
    background.forget("key")
    assert background.ask("key", work).result(5) == "b"
    background.forget("never asked")


def test_what_goes_wrong_is_kept_for_whoever_asks() -> None:
    def fail() -> None:
        raise ValueError("It cannot be.")

    answer = Background().ask("key", fail)
    with pytest.raises(ValueError, match="It cannot be"):
        answer.result(5)
    assert outcome(answer) == Outcome(None, "It cannot be.")
    assert not outcome(answer).is_awaited
