"""Fetching a corpus from its public address, when someone asks for it and never before."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from gpt.corpus.catalogue import Entry, Source, downloads_folder, matches
from gpt.corpus.text import CorpusError
from gpt.files import write_whole

_CHUNK_BYTES = 64 * 1024
_PATIENCE_SECONDS = 30.0

Progress = Callable[[int, int], None]
"""Called with the bytes received so far and the bytes there are."""


class DownloadError(CorpusError):
    """A corpus could not be fetched; the message says why and what else there is to do."""


def fetch(entry: Entry, progress: Progress = lambda received, total: None) -> Path:
    """Download a corpus of the catalogue into the folder of downloads, and return its file.

    The file appears there whole and checked or not at all; what is there already is never
    overwritten. Raises DownloadError, and ValueError for a corpus that ships with the project.
    """
    if entry.source is None:
        raise ValueError(f"{entry.title} ships with the project and need not be fetched.")
    path = downloads_folder() / entry.source.filename
    if _is_in_place(entry, entry.source, path):
        return path
    contents = _receive(entry.title, entry.source, progress)
    if not matches(contents, entry.source):
        raise DownloadError(
            f"What came from {entry.source.url} is not {entry.title}, for its SHA-256 is another:"
            " it was thrown away."
        )
    return _save(entry, contents, path)


def store(entry: Entry, contents: bytes) -> Path:
    """Put a corpus that came by another way where `fetch` puts it, and return its file.

    What is there already is never overwritten. Raises DownloadError if these are not its bytes, or
    they cannot be saved.
    """
    if entry.source is None or not matches(contents, entry.source):
        raise DownloadError(
            f"This file is not {entry.title}, for its SHA-256 is another; as a text of your own it"
            " is welcome."
        )
    path = downloads_folder() / entry.source.filename
    return path if _is_in_place(entry, entry.source, path) else _save(entry, contents, path)


def _is_in_place(entry: Entry, source: Source, path: Path) -> bool:
    if not path.exists():
        return False
    if path.is_file() and matches(path.read_bytes(), source):
        return True
    raise DownloadError(f"{path} is in the way, for it is not {entry.title}: move it away.")


def _save(entry: Entry, contents: bytes, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, contents)
        return path
    except OSError as error:
        raise DownloadError(
            f"{entry.title} could not be saved as {path}: {error.strerror or error}."
        ) from None


def _receive(title: str, source: Source, progress: Progress) -> bytes:
    received = bytearray()
    announced = source.n_bytes
    try:
        with urlopen(source.url, timeout=_PATIENCE_SECONDS) as response:
            announced = min(announced, response.length or announced)
            # A byte too many is enough to know that this is another file.
            while len(received) <= source.n_bytes and (chunk := response.read(_CHUNK_BYTES)):
                received += chunk
                progress(min(len(received), source.n_bytes), source.n_bytes)
    except HTTPError as error:
        raise DownloadError(
            f"{title} could not be fetched: {source.url} answered {error.code} {error.reason}."
        ) from None
    except (OSError, HTTPException) as error:
        if not received:
            reason = error.reason if isinstance(error, URLError) else error
            raise DownloadError(
                f"{title} could not be fetched, for {source.url} cannot be reached ({reason}):"
                " offline, upload the file or a text of your own instead."
            ) from None
    if len(received) < announced:
        raise DownloadError(
            f"The download of {title} broke off after {len(received):,} of {announced:,} bytes:"
            " try again."
        )
    return bytes(received)
