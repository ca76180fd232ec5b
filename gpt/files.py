"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, contents: bytes, *, is_durable: bool = False) -> None:
    """Writes beside the place and renames, so that no reader ever sees half a file.

    A durable file is on the disk itself when this returns, and so survives a loss of power. Raises
    OSError where it cannot be written; what was there before is then still there.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(contents)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    if is_durable and os.name == "posix":
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Puts the new name on the disk: a file is only found again if its folder knows it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
