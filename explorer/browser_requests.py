"""What the browser asks for: two things that were done at once are both obeyed, and each once.

A change or a press is noted in the browser and sent by a timer, together with whatever else is
noted until then, and with the state of all that can be changed. Each request names one fragment
that is to run, or none for the whole page (Streamlit 1.67).
"""

from __future__ import annotations

from functools import cache

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.common import unpack_widget_state_value
from streamlit.runtime.state.session_state import SessionState

PRESSES = ("trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value")

# Its value is made of a file, which belongs to the run of a script.
UPLOADED = "file_uploader_state_value"


@cache
def obey_each_once() -> None:
    """From now on, in every visit."""
    take_up = AppSession.request_rerun

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None:
            if client_state.is_auto_rerun:
                leave_out_presses(client_state)
            elif client_state.fragment_id and changes_elsewhere(
                session.session_state, client_state
            ):
                client_state.fragment_id = ""
        take_up(session, client_state)

    AppSession.request_rerun = request_rerun  # type: ignore[assignment, method-assign]


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
    keys = known._key_id_mapper.id_key_mapping
    for widget in asked.widget_states.widgets:
        about = known._new_widget_state.widget_metadata.get(widget.id)
        if about is None or about.fragment_id == asked.fragment_id:
            continue
        if widget.WhichOneof("value") in (None, UPLOADED):
            continue
        try:
            before = known._getitem(widget.id, keys.get(widget.id))
        except KeyError:
            before = about.deserializer(None)  # it was not used before
        if before != about.deserializer(unpack_widget_state_value(widget)):
            return True
    return False
