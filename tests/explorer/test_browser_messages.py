"""When what a run says is sent, with a session that only notes what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession

from explorer import browser_messages
from explorer.browser_messages import MOST_WAITING, enqueue, send_now


class Loop:
    """Does later what it is told to, when the test says that it is later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, do: Callable[..., None], *arguments: Any) -> None:
        self.later.append((seconds, lambda: do(*arguments)))


class Session:
    """What `enqueue` needs of a session; `lots` are the messages that went out together."""

    def __init__(self) -> None:
        self.id = "visit"
        self.noted: list[ForwardMsg] = []
        self.lots: list[int] = []
        self._browser_queue = self
        self._event_loop = Loop()

    def enqueue(self, message: ForwardMsg) -> None:
        self.noted.append(message)

    def _message_enqueued_callback(self) -> None:
        if self.noted:
            self.lots.append(len(self.noted))
            self.noted = []


def say(session: Session, *kinds: str) -> None:
    for kind in kinds:
        message = ForwardMsg()
        if kind == "script_finished":
            message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
        else:
            getattr(message, kind).SetInParent()
        enqueue(cast(AppSession, session), message)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    browser_messages._waiting.discard(cast(AppSession, session))


def test_a_short_run_is_one_lot(session: Session) -> None:
    say(session, "new_session", "delta", "delta", "delta")
    assert session.lots == []
    say(session, "script_finished")
    assert session.lots == [5]


def test_a_long_run_is_seen_after_its_first_moments(session: Session) -> None:
    say(session, "new_session", "delta")
    [(seconds, come)] = session._event_loop.later
    assert seconds == MOST_WAITING
    come()
    assert session.lots == [2]
    say(session, "delta", "delta", "script_finished")
    assert session.lots == [2, 1, 1, 1]


def test_an_address_is_written_before_the_page_is_left(session: Session) -> None:
    say(session, "new_session", "delta", "page_info_changed")
    assert session.lots == [3]


def test_what_comes_between_runs_does_not_wait(session: Session) -> None:
    say(session, "new_session", "script_finished", "session_status_changed")
    assert session.lots == [2, 1]


def test_the_next_run_waits_again(session: Session) -> None:
    say(session, "new_session", "script_finished", "new_session", "delta", "script_finished")
    assert session.lots == [2, 3]


def test_a_run_can_have_it_sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_messages, "get_script_run_ctx", lambda: Context())
    say(session, "new_session", "delta", "delta")
    send_now()
    assert session.lots == [3]
    say(session, "delta")
    assert session.lots == [3, 1]


def test_without_a_visit_there_is_nothing_to_send(session: Session) -> None:
    say(session, "new_session", "delta")
    send_now()  # in a script that runs by itself, as in a test
    assert session.lots == []


class Context:
    session_id = "visit"
