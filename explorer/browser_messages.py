"""What the browser is told: all that a run of a page says in its first moments comes together.

Streamlit sends every few milliseconds what there is, and at each lot the browser renders the whole
page anew. An answer of thirty small parts came in five lots, and was seen later for it; a page that
follows a training kept the browser busy for a fifth more of its time (Streamlit 1.67).
"""

from __future__ import annotations

from functools import cache
from weakref import WeakSet, WeakValueDictionary

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Who leaves for another page drops what has not been sent, and goes on with the address written.
SENDING = ("script_finished", "page_info_changed")
MOST_WAITING = 0.15  # seconds, after which there is something to see of a run that takes longer

_waiting: WeakSet[AppSession] = WeakSet()
_sessions: WeakValueDictionary[str, AppSession] = WeakValueDictionary()


@cache
def send_together() -> None:
    """From now on, in every visit."""
    AppSession._enqueue_forward_msg = enqueue  # type: ignore[assignment, method-assign]


def enqueue(session: AppSession, message: ForwardMsg) -> None:
    """Notes what the browser is to be told; sent at once, but in the first moments of a run."""
    session._browser_queue.enqueue(message)
    kind = message.WhichOneof("type")
    if kind == "new_session":
        _sessions[session.id] = session
        _waiting.add(session)
        session._event_loop.call_later(MOST_WAITING, send, session)
    elif kind in SENDING or session not in _waiting:
        send(session)


def send_now() -> None:
    """What the run that asks has said so far is sent, however young it is."""
    context = get_script_run_ctx()
    session = _sessions.get(context.session_id) if context is not None else None
    if session is not None:
        send(session)


def send(session: AppSession) -> None:
    _waiting.discard(session)
    if session._message_enqueued_callback is not None:
        session._message_enqueued_callback()
