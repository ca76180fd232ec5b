"""Which process is at work, in a way that a recycled process number does not fool."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache

import psutil

from gpt.tensor.settings import Settings

# psutil derives the start from the machine's boot time, which a corrected clock shifts a little.
_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True)
class ProcessIdentity(Settings):
    """A process of some machine.

    Attributes:
        pid: its number, which another process may get after it.
        started: when it began, in seconds since 1970; no other has both number and start.
        host: the machine's name.
    """

    pid: int
    started: float
    host: str

    @property
    def is_of_this_machine(self) -> bool:
        return self.host == platform.node()

    def is_alive(self) -> bool:
        """Whether it still runs, as far as can be seen from this machine."""
        if not self.is_of_this_machine:
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return abs(process.create_time() - self.started) < _TOLERANCE_SECONDS
        except psutil.Error:
            return False


@cache
def own_process() -> ProcessIdentity:
    """The process that asks."""
    return ProcessIdentity(os.getpid(), psutil.Process().create_time(), platform.node())
