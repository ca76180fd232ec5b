"""Work that takes seconds, done beside the page that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, NamedTuple

MOST_ANSWERS = 200


class Background:
    """Answers questions one after another, each only once, for all who ask."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._lock = Lock()
        self._answers: dict[Hashable, Future[Any]] = {}
        self._newest: dict[str, Hashable] = {}

    def ask(
        self, key: Hashable, work: Callable[[], Any], *, only_newest_of: str | None = None
    ) -> Future[Any]:
        """The answer that `work` gives, or will give; what is asked under the same key is the same.

        With `only_newest_of`, an earlier question of that kind which nobody has begun to work out
        gives way: its answer is cancelled.
        """
        with self._lock:
            if only_newest_of and self._newest.get(only_newest_of) != key:
                self._give_way(only_newest_of)
                self._newest[only_newest_of] = key
            if key not in self._answers:
                self._forget_the_oldest()
                self._answers[key] = self._pool.submit(work)
            return self._answers[key]

    def forget(self, key: Hashable) -> None:
        """Let the next who asks this get a new answer, unless one is being worked out."""
        with self._lock:
            if key in self._answers and self._answers[key].done():
                del self._answers[key]

    def _give_way(self, kind: str) -> None:
        earlier = self._answers.get(self._newest.get(kind))
        if earlier and earlier.cancel():
            del self._answers[self._newest[kind]]

    def _forget_the_oldest(self) -> None:
        done = [key for key, answer in self._answers.items() if answer.done()]
        for key in done[: max(0, len(self._answers) + 1 - MOST_ANSWERS)]:
            del self._answers[key]


class Outcome(NamedTuple):
    """What is known of an answer by now.

    Attributes:
        value: the answer, or None.
        reason: why there is none and will be none, or None.
    """

    value: Any
    reason: str | None

    @property
    def is_awaited(self) -> bool:
        return self.value is None and self.reason is None


def outcome(answer: Future[Any]) -> Outcome:
    """The answer as far as it is there; never waits."""
    try:
        return Outcome(answer.result(timeout=0), None)
    except (TimeoutError, CancelledError):
        return Outcome(None, None)
    except (ValueError, OSError) as error:
        return Outcome(None, str(error))
