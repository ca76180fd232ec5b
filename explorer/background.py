"""Work that takes seconds, done beside the page that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

MOST_ANSWERS = 200


class Background:
    """Answers questions one after another, each only once, for all who ask."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._lock = Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def ask(self, key: Hashable, work: Callable[[], Any]) -> Future[Any]:
        """The answer that `work` gives, or will give; what is asked under the same key is the same.

        An answer that nobody has begun to work out gives way to a newer question of its kind, which
        is the first part of a key that is a tuple.
        """
        with self._lock:
            if key not in self._answers:
                self._make_way(key)
                self._answers[key] = self._pool.submit(work)
            return self._answers[key]

    def _make_way(self, key: Hashable) -> None:
        kind = key[0] if isinstance(key, tuple) else key
        for old, answer in list(self._answers.items()):
            is_of_kind = isinstance(old, tuple) and old[0] == kind
            if (is_of_kind and answer.cancel()) or (
                answer.done() and len(self._answers) >= MOST_ANSWERS
            ):
                del self._answers[old]
