from __future__ import annotations

import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gpt import files
from gpt.corpus import download
from gpt.corpus.catalogue import CATALOGUE, Entry, Source
from gpt.corpus.download import DownloadError, fetch, store

VERSE = b"Shall I compare thee to a summer's day?\n" * 5_000


class Verses(BaseHTTPRequestHandler):
    """Serves VERSE at /verse, and the ways in which a server fails elsewhere."""

    def do_GET(self):
        self.server.requests.append(self.path)
        match self.path:
            case "/verse":
                self.answer(VERSE)
            case "/login":
                self.answer(b"<html>Please accept our terms.</html>")
            case "/endless":
                self.answer(VERSE * 50)
            case "/cut":
                self.answer(VERSE[:70_000], announced=len(VERSE))
            case "/silent":
                self.wfile.flush()
            case "/stalled":
                self.answer(VERSE[:70_000], announced=len(VERSE))
                self.server.stopped.wait(5)
            case _:
                self.send_error(404)

    def answer(self, contents, announced=None):
        self.send_response(200)
        self.send_header("Content-Length", str(announced or len(contents)))
        self.end_headers()
        self.wfile.write(contents)

    def log_message(self, *_):
        """A test run is quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Verses)
    server.handle_error = lambda *_: None  # a client that hangs up early is part of the test
    server.requests = []
    server.stopped = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.stopped.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    folder = tmp_path / "made" / "on" / "demand"
    monkeypatch.setenv("GPT_DATA", str(folder))
    return folder


def verse_at(server, path: str) -> Entry:
    url = f"http://127.0.0.1:{server.server_port}{path}"
    sha256 = hashlib.sha256(VERSE).hexdigest()
    return Entry("verse", "The sonnet", "text", Source(url, "verse.txt", sha256, len(VERSE)))


def refusal_of(entry: Entry) -> str:
    with pytest.raises(DownloadError) as refusal:
        fetch(entry)
    return str(refusal.value)


def test_a_corpus_is_fetched_once(server, downloads):
    steps = []
    entry = verse_at(server, "/verse")
    path = fetch(entry, lambda received, total: steps.append((received, total)))
    assert path == downloads / "verse.txt"
    assert path.read_bytes() == VERSE
    assert steps[-1] == (len(VERSE), len(VERSE))
    assert steps == sorted(steps)
    assert len(steps) == 4  # 200,000 bytes, 65,536 at a time
    assert fetch(entry) == path
    assert server.requests == ["/verse"]
    assert [p.name for p in downloads.iterdir()] == ["verse.txt"]


def test_what_is_not_the_corpus_is_not_kept(server, downloads):
    for path in ("/login", "/endless"):
        entry = verse_at(server, path)
        assert refusal_of(entry) == (
            f"What came from {entry.source.url} is not The sonnet, for its SHA-256 is another: it"
            " was thrown away."
        )
    assert not downloads.exists()


def test_progress_never_exceeds_the_whole(server, downloads):
    shares = []
    with pytest.raises(DownloadError):
        fetch(verse_at(server, "/endless"), lambda received, total: shares.append(received / total))
    assert max(shares) == 1


def test_a_download_that_breaks_off_leaves_nothing_and_can_be_tried_again(server, downloads):
    assert refusal_of(verse_at(server, "/cut")) == (
        "The download of The sonnet broke off after 70,000 of 200,000 bytes: try again."
    )
    assert not downloads.exists()
    assert fetch(verse_at(server, "/verse")).read_bytes() == VERSE


def test_a_server_that_falls_silent_is_given_up(server, downloads, monkeypatch):
    monkeypatch.setattr(download, "_PATIENCE_SECONDS", 0.2)
    assert " broke off after 65,536 of 200,000 bytes: " in refusal_of(verse_at(server, "/stalled"))
    assert not downloads.exists()


def test_an_address_without_the_file_is_named(server, downloads):
    entry = verse_at(server, "/gone")
    assert refusal_of(entry) == (
        f"The sonnet could not be fetched: {entry.source.url} answered 404 Not Found."
    )


def test_offline_says_so_and_offers_the_upload(server, downloads):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/verse"
        sha256 = hashlib.sha256(VERSE).hexdigest()
        source = Source(url, "verse.txt", sha256, len(VERSE))
        sentence = refusal_of(Entry("verse", "The sonnet", "text", source))
    assert sentence.startswith(f"The sonnet could not be fetched, for {url} cannot be reached (")
    assert "refused" in sentence
    assert sentence.endswith("): offline, upload the file or a text of your own instead.")


def test_a_server_that_hangs_up_without_a_word_is_unreachable(server, downloads):
    sentence = refusal_of(verse_at(server, "/silent"))
    assert "/silent cannot be reached (Remote end closed connection without response): " in sentence


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GPT_DATA", str(tmp_path / "file"))
    assert refusal_of(verse_at(server, "/verse")) == (
        f"The sonnet could not be saved as {tmp_path / 'file' / 'verse.txt'}: File exists."
    )


def test_a_full_disk_leaves_no_half_file(server, downloads, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    assert refusal_of(verse_at(server, "/verse")).endswith("verse.txt: No space left on device.")
    assert list(downloads.iterdir()) == []


def test_another_file_of_that_name_is_never_overwritten(server, downloads):
    downloads.mkdir(parents=True)
    path = downloads / "verse.txt"
    path.write_text("my own verses")
    assert refusal_of(verse_at(server, "/verse")) == (
        f"{path} is in the way, for it is not The sonnet: move it away."
    )
    assert path.read_text() == "my own verses"
    assert server.requests == []


def test_a_caller_can_break_off(server, downloads):
    def stop(received, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(verse_at(server, "/verse"), stop)
    assert not downloads.exists()


def test_what_ships_need_not_be_fetched(downloads):
    with pytest.raises(ValueError) as refusal:
        fetch(CATALOGUE["names"])
    assert str(refusal.value) == (
        "Names of the world ships with the project and need not be fetched."
    )


def test_a_file_that_came_by_another_way_is_kept_where_fetch_finds_it(server, downloads):
    path = store(verse_at(server, "/verse"), VERSE)
    assert path == downloads / "verse.txt"
    assert fetch(verse_at(server, "/verse")) == path
    assert path.read_bytes() == VERSE
    assert server.requests == []


def test_another_file_is_not_kept_in_the_place_of_a_corpus(server, downloads):
    with pytest.raises(DownloadError) as refusal:
        store(verse_at(server, "/verse"), VERSE[1:])
    assert str(refusal.value) == (
        "This file is not The sonnet, for its SHA-256 is another; as a text of your own it is"
        " welcome."
    )
    assert not downloads.exists()


def test_a_file_in_the_way_of_an_upload_is_never_overwritten(server, downloads):
    downloads.mkdir(parents=True)
    (downloads / "verse.txt").write_text("notes of my own")
    with pytest.raises(DownloadError, match=r"verse\.txt is in the way"):
        store(verse_at(server, "/verse"), VERSE)
    assert (downloads / "verse.txt").read_text() == "notes of my own"
