from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpt import files
from gpt.files import write_whole


@pytest.mark.parametrize("is_durable", [False, True])
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path, is_durable: bool) -> None:
    path = tmp_path / "file"
    write_whole(path, b"one", is_durable=is_durable)
    write_whole(path, b"two", is_durable=is_durable)
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_whole(path, b"one")
    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"two", is_durable=True)
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["file"]
