"""A file that cannot be made leaves a sentence, and none when it can be made after all."""

from __future__ import annotations

import errno
import time

import pytest

from explorer.downloads import Download
from gpt.runs.config import RunError


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RunError("It is gone."), "It is gone."),
        (OSError(errno.ENOSPC, "No space left on device"), "a.zip cannot be made: No space left on "
         "device."),
        (ZeroDivisionError("by zero"), "a.zip cannot be made: ZeroDivisionError('by zero')."),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_kept_as_a_sentence(error: Exception, sentence: str) -> None:
    contents = iter([error, b"a zip file"])

    def make() -> bytes:
        made = next(contents)
        if isinstance(made, Exception):
            raise made
        return made

    download = Download("Save", "a.zip", make, icon=":material/download:")
    with pytest.raises(type(error)):
        download.contents()
    assert download.mistake == sentence
    assert download.contents() == b"a zip file"
    assert download.mistake is None


def test_it_is_awaited_from_the_click_until_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seen = []
    download = Download("Save", "a.csv", lambda: seen.append(download.is_awaited) or "", icon="")
    assert not download.is_awaited
    download.ask()
    assert download.is_awaited
    now += 5
    assert not download.is_awaited
    download.contents()
    assert seen == [True]
    assert not download.is_awaited
