"""One run trains at a time: who is next, and whether it may begin.

Whoever wants to train leaves a ticket and tries for a lock when all earlier tickets are gone. The
lock is the operating system's, which frees it when its process ends, however it ends; a ticket
whose process has ended counts for nothing. So nobody has to be running for the queue to move on.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from gpt.files import write_whole
from gpt.runs.process import ProcessIdentity, own_process

FOLDER = ".queue"


class Ticket(NamedTuple):
    """Somebody's place in the queue.

    Attributes:
        run: the folder of the run that waits.
        process: who waits for it.
        path: the file that says so; in the order of their names they are served.
    """

    run: Path
    process: ProcessIdentity
    path: Path


class Turn:
    """One process' place in the queue of a folder, and in time its turn."""

    def __init__(self, runs: Path, run: Path) -> None:
        self._folder = runs / FOLDER
        self._run = run
        self._ticket: Path | None = None
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._folder / "training.lock")

    def take(self) -> bool:
        """Joins the queue if need be, and says whether the turn has come. Raises OSError."""
        if self._lock.is_locked:
            return True
        ticket = self._own_ticket()
        if ticket is None:
            ticket = self._join()
        if waiting(self._folder.parent)[:1] != [ticket]:
            return False
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        self._leave_queue()
        return True

    def leave(self) -> None:
        """Gives up the turn, or the place in the queue; either may be taken again."""
        self._leave_queue()
        self._lock.release()

    def _join(self) -> Ticket:
        _discard_the_dead(self._folder)
        process = own_process()
        self._ticket = self._folder / f"{time.time_ns():020}-{process.pid}.json"
        values = {"run": str(self._run), **process.to_dict()}
        write_whole(self._ticket, json.dumps(values).encode())
        return Ticket(self._run, process, self._ticket)

    def _own_ticket(self) -> Ticket | None:
        return _read_ticket(self._ticket) if self._ticket else None

    def _leave_queue(self) -> None:
        if self._ticket:
            self._ticket.unlink(missing_ok=True)
            self._ticket = None


def waiting(runs: Path) -> list[Ticket]:
    """Who waits in the queue of a folder, the next first; those who have died are left out."""
    return [ticket for ticket in _tickets(runs / FOLDER) if ticket.process.is_alive()]


def _tickets(folder: Path) -> list[Ticket]:
    tickets = (_read_ticket(path) for path in sorted(folder.glob("[0-9]*.json")))
    return [ticket for ticket in tickets if ticket]


def _discard_the_dead(folder: Path) -> None:
    for ticket in _tickets(folder):
        if ticket.process.is_of_this_machine and not ticket.process.is_alive():
            ticket.path.unlink(missing_ok=True)


def _read_ticket(path: Path) -> Ticket | None:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        values = json.loads(path.read_bytes())
        run = Path(values.pop("run"))
        return Ticket(run, ProcessIdentity.from_dict(values), path)
    return None
