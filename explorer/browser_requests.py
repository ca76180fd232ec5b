"""What the browser asks for: two things that were done at once are both obeyed, and each once, and
nothing is obeyed that was sent for a page or a view that has been left.

A change or a press is noted in the browser and sent by a timer, together with whatever else is
noted until then, and with the state of all that can be changed. Each request names one fragment
that is to run, or none for the whole page, and the page that the browser shows (Streamlit 1.67).
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)
from streamlit.runtime.state.common import unpack_widget_state_value
from streamlit.runtime.state.session_state import SessionState

PRESSES = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")

# Its value is made of a file, which belongs to the run of a script.
UPLOADED = "file_uploader_state_value"

LATE = 2.0  # seconds in which a browser has heard of a run's first elements


class Left(NamedTuple):
    """What stood on the page when its reader went back or forward, by the ids of what can change.

    Attributes:
        sent: what the browser had sent last, as it sends it.
        known: what the page knew, which the browser may hold though it never sent it.
        until: when it will have heard what they are now; in seconds of the monotonic clock.
    """

    sent: dict[str, bytes]
    known: dict[str, Any]
    until: float


class Visits:
    """What each browser sent last, and what stood there when its reader last went back or forward.

    Attributes:
        sent: by session, by the ids of what can be changed.
        left: by session.
    """

    def __init__(self) -> None:
        self.sent: WeakKeyDictionary[AppSession, dict[str, bytes]] = WeakKeyDictionary()
        self.left: WeakKeyDictionary[AppSession, Left] = WeakKeyDictionary()

    def hear(self, session: AppSession, asked: ClientState) -> None:
        """Takes note of a request, and from one that the browser sent before it heard of the view
        that it went back to, takes what would bring the view that was left again.

        A request to go back or forward itself brings no values.
        """
        sent = self.sent.setdefault(session, {})
        if asked.is_history_navigation:
            known = session.session_state
            values = {
                each: value_of(known, each) for each in known._new_widget_state.widget_metadata
            }
            self.left[session] = Left(dict(sent), values, time.monotonic() + LATE)
        widgets = asked.widget_states.widgets
        now = [each for each in widgets if each.WhichOneof("value") not in PRESSES]
        sent |= {each.id: each.SerializeToString() for each in now}
        if session in self.left:
            leave_out_left(self.left[session], session.session_state, asked)


@cache
def obey_each_once() -> None:
    """From now on, in every visit."""
    visits = Visits()
    take_up, join, run = (
        AppSession.request_rerun,
        ScriptRequests.request_rerun,
        ScriptRunner._run_script,
    )

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None:
            visits.hear(session, client_state)
            if client_state.is_auto_rerun:
                leave_out_presses(client_state)
            elif client_state.fragment_id and changes_elsewhere(
                session.session_state, client_state
            ):
                client_state.fragment_id = ""
        take_up(session, client_state)

    def join_waiting(requests: ScriptRequests, asked: RerunData) -> bool:
        return calls_back(requests, asked) or join(requests, asked)

    def run_script(runner: ScriptRunner, asked: RerunData) -> None:
        if not is_of_page_left(runner, asked):
            run(runner, asked)

    AppSession.request_rerun = request_rerun  # type: ignore[assignment, method-assign]
    ScriptRequests.request_rerun = join_waiting  # type: ignore[assignment, method-assign]
    ScriptRunner._run_script = run_script  # type: ignore[assignment, method-assign]


def calls_back(requests: ScriptRequests, asked: RerunData) -> bool:
    """Whether a fragment asks while another page has been asked for, and waits to run.

    The two would become one request, for the page of the later.
    """
    with requests._lock:
        waiting = requests._state == ScriptRequestType.RERUN and requests._rerun_data
    return bool(
        waiting and asked.fragment_id and asked.page_script_hash != waiting.page_script_hash
    )


def is_of_page_left(runner: ScriptRunner, asked: RerunData) -> bool:
    """Whether a fragment is to run whose page was left before its request was taken up.

    There is nothing to run. But the browser would be told of a run of the page that was left, throw
    the new one away, and stay white.
    """
    shown = runner._pages_manager.current_page_script_hash
    return bool(asked.fragment_id_queue) and asked.page_script_hash != shown


def leave_out_left(left: Left, known: SessionState, asked: ClientState) -> None:
    """What is sent as it was left has not been heard of yet; what is sent otherwise has changed."""
    if time.monotonic() > left.until:
        return
    widgets = asked.widget_states.widgets
    kept = []
    for each in widgets:
        is_as_sent = each.SerializeToString() == left.sent.get(each.id)
        if is_as_sent or (each.id in left.known and told(known, each) == left.known[each.id]):
            continue
        left.sent.pop(each.id, None)
        left.known.pop(each.id, None)
        kept.append(each)
    del widgets[:]
    widgets.extend(kept)


def value_of(known: SessionState, widget: str) -> Any:
    """What the page knows of something that can be changed: by its default if it was not used."""
    try:
        return known._getitem(widget, known._key_id_mapper.id_key_mapping.get(widget))
    except KeyError:
        return known._new_widget_state.widget_metadata[widget].deserializer(None)


def told(known: SessionState, widget: WidgetState) -> Any:
    """What a request says of it, as the page would see it; None for what the page has not shown."""
    about = known._new_widget_state.widget_metadata.get(widget.id)
    if about is None or widget.WhichOneof("value") in (None, UPLOADED):
        return None
    return about.deserializer(unpack_widget_state_value(widget))


def leave_out_presses(tick: ClientState) -> None:
    """A tick that comes before a press is sent takes it along; the press itself always follows.

    Without this, one press of "Train" began two runs.
    """
    widgets = tick.widget_states.widgets
    kept = [each for each in widgets if each.WhichOneof("value") not in PRESSES]
    del widgets[:]
    widgets.extend(kept)


def changes_elsewhere(known: SessionState, asked: ClientState) -> bool:
    """Whether a request to run one fragment brings something from outside of it.

    Where things were done at once in several places, the request names one place, and the others
    would stay as they are: a text that was typed while a film was asked for was never read.
    """
    for widget in asked.widget_states.widgets:
        about = known._new_widget_state.widget_metadata.get(widget.id)
        if about is None or about.fragment_id == asked.fragment_id:
            continue
        if widget.WhichOneof("value") in (None, UPLOADED):
            continue
        if value_of(known, widget.id) != told(known, widget):
            return True
    return False
