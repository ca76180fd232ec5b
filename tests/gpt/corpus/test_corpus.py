from __future__ import annotations

import random

import pytest

from gpt.corpus.corpus import Corpus
from gpt.corpus.text import CorpusError


def test_running_text_is_cut_where_the_lecture_cuts_it(shakespeare):
    (train,), (validation,) = shakespeare.split(random.Random(0))
    assert len(shakespeare.text) == 1_115_394
    assert (len(train), len(validation)) == (1_003_854, 111_540)
    assert train + validation == shakespeare.text
    assert shakespeare.encode([train])[:9] == [18, 47, 56, 57, 58, 1, 15, 47, 58]


def test_running_text_draws_nothing_when_it_is_split():
    rng = random.Random(3)
    before = rng.getstate()
    assert Corpus("verse", "abcdefghijk", "text").split(rng) == (("abcdefghi",), ("jk",))
    assert rng.getstate() == before


def test_documents_are_split_by_document(names_32k):
    train, validation = names_32k.split(random.Random(42))
    assert len(names_32k.documents) == 32_033
    assert (len(train), len(validation)) == (28_830, 3_203)
    assert sorted(train + validation) == sorted(names_32k.documents)


def test_documents_become_one_stream(names_32k):
    stream = names_32k.encode(names_32k.documents)
    # The makemore lecture counts 228,146 pairs in these names: one more token than pairs.
    assert len(stream) == 228_147
    assert stream.count(names_32k.tokenizer.bos) == 32_034


def test_kinds_differ_in_how_the_same_text_is_read():
    text = " ab\n\nca\n"
    running, lines = Corpus("x", text, "text"), Corpus("x", text, "documents")
    assert running.documents == (text,)
    assert running.tokenizer.characters == "\n abc"
    assert running.encode(running.documents) == [1, 2, 3, 0, 0, 4, 2, 0]
    assert lines.documents == ("ab", "ca")
    assert lines.tokenizer.characters == "abc"
    assert lines.encode(lines.documents) == [3, 0, 1, 3, 2, 0, 3]


def test_a_hash_says_which_text_it_is(shakespeare):
    assert shakespeare.sha256 == "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
    # FIPS 180's own example.
    assert Corpus("fips", "abc", "text").sha256 == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_own_text_is_taken_as_either_kind():
    text = "The quick brown fox jumps over the lazy dog.\n" * 3
    assert Corpus.read(text.encode(), "fox.txt", "text") == Corpus("fox.txt", text, "text")
    eight_names = "emma\nolivia\nliam\nnoah\nava\nsophia\njames\nwilliam"
    assert len(Corpus.read(eight_names, "eight-names", "documents").documents) == 8


@pytest.mark.parametrize("text", ["emma", "\n emma \n\n"])
def test_a_single_document_is_too_short(text):
    with pytest.raises(CorpusError) as refusal:
        Corpus.read(text, "my-names.txt", "documents")
    assert str(refusal.value) == (
        "my-names.txt is too short: it has 1 of the at least 2 lines that it takes to have some to"
        " learn from and some to be tested on."
    )


def test_short_running_text_is_refused():
    with pytest.raises(CorpusError) as refusal:
        Corpus.read("hello", "The pasted text", "text")
    assert str(refusal.value) == (
        "The pasted text is too short: its length is 5 of the at least 100 characters that it takes"
        " to have some to learn from and some to be tested on."
    )
