"""Files of JSON lines: written by one, read by many while they grow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from gpt.files import write_whole

Record = dict[str, Any]

# So much is read at once: a long file never lies in memory as a whole.
PIECE_BYTES = 4_000_000


class Journal:
    """A file to which whole lines are appended, each in a single write.

    Several processes may append to the same file. A line that a crash cut in half is closed first,
    so that it spoils nobody else's.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._is_clean = _ends_with_a_line(path)

    def append(self, record: Mapping[str, Any]) -> None:
        """Adds one line. Raises OSError, and ValueError for what JSON does not have, such as NaN.

        If only a part of the line could be written, the rest is missing and readers skip it.
        """
        line = json.dumps(record, allow_nan=False, ensure_ascii=False).encode() + b"\n"
        if not self._is_clean:
            line = b"\n" + line
        self._is_clean = False
        written = self._file.write(line)
        if written < len(line):
            # The disk took what it could; asking again says why it takes no more.
            self._file.write(line[written:])
        self._is_clean = True

    def sync(self) -> None:
        """Returns once every line is on the disk itself."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Update(NamedTuple):
    """What a tail has read.

    Attributes:
        records: the new lines, oldest first.
        is_whole: whether they are all there is, and replace what was read before.
    """

    records: list[Record]
    is_whole: bool


class Tail:
    """Reads a growing file of JSON lines, each time only what is new.

    A last line without its end is left for the next time; a line that is no JSON object is skipped.
    When a run is resumed, the lines past the resumed step are cut off: the file is then read anew.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._inode: int | None = None

    def has_grown(self) -> bool:
        """Whether the file is another size than it was read to: one look, without opening it."""
        try:
            return self.path.stat().st_size != self.offset
        except FileNotFoundError:
            return False

    def read_all(self) -> Iterator[Update]:
        """Every line since the last call, piece by piece."""
        while self.has_grown():
            before = self.offset
            yield self.read()
            if self.offset == before:  # the rest is a line that is being written
                return

    def read(self) -> Update:
        """The lines since the last call, of a long file only the first of them. A file that is not
        there yet has none.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return Update([], is_whole=False)
        with file:
            about = os.fstat(file.fileno())
            was_cut = about.st_size < self.offset or self._inode not in (None, about.st_ino)
            if was_cut:
                self.offset = 0
            is_whole = self.offset == 0
            self._inode = about.st_ino
            file.seek(self.offset)
            fresh = file.read(PIECE_BYTES)
            if len(fresh) == PIECE_BYTES:
                fresh += file.readline()
        fresh = fresh[: fresh.rfind(b"\n") + 1]
        self.offset += len(fresh)
        return Update(list(_parsed(fresh)), is_whole)


def read_records(path: Path) -> list[Record]:
    """Every whole line of a file of JSON lines."""
    return [record for update in Tail(path).read_all() for record in update.records]


def cut_after(path: Path, step: int) -> None:
    """Removes the first line of a later step, everything after it, and a half-written last line.

    The file is replaced, not shortened, so that a reader notices even if it has grown since.
    """
    if not path.exists():
        return
    contents = path.read_bytes()
    kept = 0
    for line in contents.splitlines(keepends=True):
        record = parse_line(line)
        is_kept = line.endswith(b"\n") and record is not None and _step(record) <= step
        if not is_kept:
            break
        kept += len(line)
    if kept < len(contents):
        write_whole(path, contents[:kept], is_durable=True)


def parse_line(line: bytes) -> Record | None:
    """The JSON object in a line, or None if it holds none."""
    try:
        record = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _parsed(lines: bytes) -> Iterator[Record]:
    for line in lines.splitlines():
        record = parse_line(line)
        if record is not None:
            yield record


def _step(record: Record) -> float:
    step = record.get("step")
    return step if isinstance(step, int) else float("inf")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
