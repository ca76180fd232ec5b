"""Text from outside, taken only where it can become a corpus; otherwise one sentence says why."""

from __future__ import annotations

import codecs

MAXIMUM_BYTES = 20_000_000
MINIMUM_CHARACTERS = 100

# UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
_FOREIGN_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class CorpusError(ValueError):
    """A text cannot serve as a corpus, or a corpus cannot be had; the message is one sentence."""


def read_text(source: bytes | str, name: str, *, at_least: int = MINIMUM_CHARACTERS) -> str:
    """The text in an upload, a file or a paste, its line ends made "\\n" and its UTF-8 mark gone.

    `name` is what the messages call it. Raises CorpusError, with the reason in one sentence, for
    what is not UTF-8, is binary, blank, shorter than `at_least` characters or over MAXIMUM_BYTES.
    """
    # A character takes at least a byte: a paste that long need not be encoded to be refused.
    if len(source) > MAXIMUM_BYTES:
        raise _too_large(name)
    contents = source if isinstance(source, bytes) else _encoded(source, name)
    if len(contents) > MAXIMUM_BYTES:
        raise _too_large(name)
    text = _decoded(contents, name).replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise CorpusError(f"{name} is empty: there is nothing to learn from.")
    if text.isspace():
        raise CorpusError(f"{name} holds nothing but white space: there is nothing to learn from.")
    if len(text) < at_least:
        raise CorpusError(
            f"{name} is too short: its length is {len(text)} of the at least {at_least} characters"
            " that it takes to have some to learn from and some to be tested on."
        )
    return text


def _decoded(contents: bytes, name: str) -> str:
    for mark, encoding in _FOREIGN_MARKS:
        if contents.startswith(mark):
            raise CorpusError(
                f"{name} is encoded as {encoding}, as its first bytes say: save it as UTF-8 and"
                " try again."
            )
    if (position := contents.find(0)) >= 0:
        raise CorpusError(
            f"{name} is not plain text: byte {position + 1:,} is NUL, as in binary files and in"
            " UTF-16, while a corpus is text in UTF-8."
        )
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{name} is not UTF-8: byte 0x{contents[error.start]:02X} in line {line:,} does not"
            " belong there, so save it as UTF-8 and try again."
        ) from None


def _encoded(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{name} is not proper Unicode: character {error.start + 1:,} is half of a surrogate"
            " pair."
        ) from None


def _too_large(name: str) -> CorpusError:
    return CorpusError(
        f"{name} is too large: a corpus may have {MAXIMUM_BYTES // 1_000_000} MB"
        f" ({MAXIMUM_BYTES:,} bytes)."
    )
