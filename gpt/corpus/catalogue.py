"""The corpora that the explorer knows by name, and where each is found on this machine."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from gpt.corpus.corpus import Corpus, Kind
from gpt.corpus.tasks import TASKS, generate_corpus
from gpt.corpus.text import MAXIMUM_BYTES, CorpusError, read_text

DATA_FOLDER = Path(__file__).resolve().parents[2] / "data"
"""What ships with the project."""


class MissingCorpusError(CorpusError):
    """A corpus of the catalogue is not on this machine; it can be fetched."""


@dataclass(frozen=True)
class Source:
    """Where a corpus that does not ship comes from, and how to know that it is the right one.

    Attributes:
        url: its public address.
        filename: what it is called in the folder of downloads.
        sha256: of the file, in hexadecimal.
        n_bytes: the size of the file.
    """

    url: str
    filename: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class Entry:
    """One corpus of the catalogue.

    Attributes:
        name: what commands and run folders call it.
        title: what people call it.
        kind: running text or documents.
        source: where to fetch it; None for what ships with the project or is generated.
        has_validation: whether a part of it is kept from training.
    """

    name: str
    title: str
    kind: Kind
    source: Source | None
    has_validation: bool = True


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry("names", "Names of the world", "documents", None),
        # Eight are too few to spare one: they are learnt by heart.
        Entry("eight-names", "Eight names", "documents", None, has_validation=False),
        Entry(
            "shakespeare",
            "Tiny Shakespeare",
            "text",
            Source(
                url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                filename="tinyshakespeare.txt",
                sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                n_bytes=1_115_394,
            ),
        ),
        Entry(
            "names-32k",
            "32,033 names",
            "documents",
            Source(
                url="https://raw.githubusercontent.com/karpathy/makemore/master/names.txt",
                filename="names.txt",
                sha256="0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
                n_bytes=228_145,
            ),
        ),
        *(Entry(task.name, task.title, "documents", None) for task in TASKS.values()),
    )
}


def downloads_folder() -> Path:
    """The folder that GPT_DATA names; without it, data/downloads."""
    return Path(os.environ.get("GPT_DATA") or DATA_FOLDER / "downloads")


def find_file(entry: Entry) -> Path | None:
    """The file of a corpus: data/NAME.txt, or else its download; None where there is neither."""
    places = [DATA_FOLDER / f"{entry.name}.txt"]
    if entry.source:
        places.append(downloads_folder() / entry.source.filename)
    return next((place for place in places if place.is_file()), None)


def load_corpus(name_or_file: str | Path, kind: Kind = "text") -> Corpus:
    """A corpus of the catalogue by its name, or a text file by its path, then read as `kind`.

    Raises MissingCorpusError for a corpus that has yet to be fetched, and CorpusError for a file
    that is not there, cannot be read, cannot serve as a corpus, or is not what its name promises.
    """
    entry = CATALOGUE.get(str(name_or_file))
    if entry:
        return _load_entry(entry)
    path = Path(name_or_file)
    try:
        contents = _contents(path)
    except FileNotFoundError:
        raise CorpusError(
            f"There is neither a corpus nor a file called {name_or_file}: the corpora are"
            f" {', '.join(CATALOGUE)}."
        ) from None
    return Corpus.read(contents, path.name, kind)


def load_names() -> tuple[str, ...]:
    """The given names that ship with the project, in alphabetical order."""
    return load_corpus("names").documents


def matches(contents: bytes, source: Source) -> bool:
    """Whether these are the very bytes of the corpus, by their SHA-256."""
    return hashlib.sha256(contents).hexdigest() == source.sha256


def _load_entry(entry: Entry) -> Corpus:
    if entry.name in TASKS:
        return generate_corpus(entry.name)
    path = find_file(entry)
    if path is None:
        raise _missing(entry)
    contents = _contents(path)
    if entry.source and not matches(contents, entry.source):
        raise CorpusError(
            f"{path} is not {entry.title}, for its SHA-256 is another: move it away, then fetch it."
        )
    text = read_text(contents, path.name, at_least=1)
    return Corpus(entry.name, text, entry.kind, entry.has_validation)


def _missing(entry: Entry) -> CorpusError:
    if entry.source is None:
        return CorpusError(
            f"{entry.title} should be in {DATA_FOLDER} but is not: install the project again."
        )
    return MissingCorpusError(
        f"{entry.title} is not on this machine: fetch it (python -m gpt fetch {entry.name}), or put"
        f" the file from {entry.source.url} at {downloads_folder() / entry.source.filename}."
    )


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # A byte more than may be is enough to know that it is too large.
            return file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}.") from None
