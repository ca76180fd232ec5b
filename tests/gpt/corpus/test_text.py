from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.text import MAXIMUM_BYTES, CorpusError, read_text

LONG = "To be, or not to be, that is the question: "
TEXT = LONG * 3


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1))
def test_any_text_in_utf_8_comes_back_as_it_is(text):
    text = LONG + text.removeprefix("\ufeff")
    assert read_text(text, "a.txt", at_least=1) == text
    assert read_text(text.encode(), "a.txt", at_least=1) == text


def test_the_mark_of_utf_8_is_dropped():
    assert read_text(TEXT.encode("utf-8-sig"), "a.txt") == TEXT


def test_line_ends_become_one_kind():
    assert read_text(b"a\r\nb\rc\nd", "a.txt", at_least=1) == "a\nb\nc\nd"


def test_the_largest_text_is_taken():
    assert len(read_text(b"x" * MAXIMUM_BYTES, "a.txt")) == 20_000_000


TOO_LARGE = "a.txt is too large: a corpus may have 20 MB (20,000,000 bytes)."
IN_UTF_16 = "a.txt is encoded as UTF-16, as its first bytes say: save it as UTF-8 and try again."
IN_UTF_32 = IN_UTF_16.replace("16", "32")


def nul_at(byte: str) -> str:
    return (
        f"a.txt is not plain text: byte {byte} is NUL, as in binary files and in UTF-16, while a"
        " corpus is text in UTF-8."
    )


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "a.txt is empty: there is nothing to learn from."),
        ("", "a.txt is empty: there is nothing to learn from."),
        (b"\xef\xbb\xbf", "a.txt is empty: there is nothing to learn from."),
        (" \n\t" * 99, "a.txt holds nothing but white space: there is nothing to learn from."),
        (
            "x" * 99,
            "a.txt is too short: its length is 99 of the at least 100 characters that it takes to"
            " have some to learn from and some to be tested on.",
        ),
        ("é" * 10_000_001, TOO_LARGE),
        (b"x" * (MAXIMUM_BYTES + 1), TOO_LARGE),
        ("x" * (MAXIMUM_BYTES + 1), TOO_LARGE),
        (TEXT.encode("utf-16"), IN_UTF_16),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), IN_UTF_16),
        (TEXT.encode("utf-32"), IN_UTF_32),
        (b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), IN_UTF_32),
        (TEXT.encode("utf-16-le"), nul_at("2")),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", nul_at("9")),
        (TEXT * 50 + "\0", nul_at("6,451")),
        (
            ("one\ntwo\nthree caf\u00e9" + TEXT).encode("latin-1"),
            "a.txt is not UTF-8: byte 0xE9 in line 3 does not belong there, so save it as UTF-8"
            " and try again.",
        ),
        (
            TEXT + "\ud800",
            "a.txt is not proper Unicode: character 130 is half of a surrogate pair.",
        ),
    ],
)
def test_what_cannot_be_a_corpus_is_refused_with_the_reason(source, sentence):
    with pytest.raises(CorpusError) as refusal:
        read_text(source, "a.txt")
    assert str(refusal.value) == sentence


def test_a_pickle_is_refused_unread():
    with pytest.raises(CorpusError, match=r"^model\.bin is not "):
        read_text(pickle.dumps({"weights": [0.5] * 100}), "model.bin")


@given(st.integers(0, 2**32), st.integers(0, 400))
def test_bytes_become_text_or_a_refusal_and_nothing_else(seed, length):
    contents = random.Random(seed).randbytes(length)
    try:
        assert read_text(contents, "a.txt", at_least=1)
    except CorpusError as refusal:
        assert str(refusal).startswith("a.txt ")
        assert str(refusal).endswith(".")
