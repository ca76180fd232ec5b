from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.tokenizer import CharTokenizer, UnknownCharacterError

documents = st.lists(st.text(min_size=1), min_size=1)


def test_ids_are_those_of_the_lecture(shakespeare):
    tokenizer = CharTokenizer.from_text(shakespeare.text)
    assert tokenizer.vocab_size == 65
    assert tokenizer.bos is None
    assert tokenizer.encode("hii there") == [46, 47, 47, 1, 58, 46, 43, 56, 43]
    assert tokenizer.characters == (
        "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )


def test_ids_are_those_of_microgpt(names_32k):
    tokenizer = CharTokenizer.from_documents(names_32k.documents)
    assert tokenizer.vocab_size == 27
    assert tokenizer.bos == 26
    assert tokenizer.encode_document("emma") == [26, 4, 12, 12, 0, 26]


def test_documents_share_the_bos_between_them():
    tokenizer = CharTokenizer.from_documents(["ba", "c"])
    assert tokenizer.encode_documents(["ba", "c"]) == [3, 1, 0, 3, 2, 3]
    assert tokenizer.encode_documents([]) == [3]


@given(st.text(min_size=1))
def test_text_survives_the_round_trip(text):
    tokenizer = CharTokenizer.from_text(text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert sorted(set(ids)) == list(range(tokenizer.vocab_size))


@given(documents)
def test_documents_survive_the_round_trip(documents):
    tokenizer = CharTokenizer.from_documents(documents)
    for document in documents:
        ids = tokenizer.encode_document(document)
        assert ids[0] == ids[-1] == tokenizer.bos == tokenizer.vocab_size - 1
        assert tokenizer.decode(ids) == document
    assert tokenizer.decode(tokenizer.encode_documents(documents)) == "".join(documents)


@given(documents, st.booleans())
def test_json_survives_the_round_trip(documents, has_bos):
    tokenizer = CharTokenizer(CharTokenizer.from_documents(documents).characters, has_bos)
    assert CharTokenizer.from_json(json.loads(json.dumps(tokenizer.to_json()))) == tokenizer


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "words", "characters": "ab", "has_bos": True},
        {"kind": "characters", "characters": ["a", "b"], "has_bos": True},
        {"kind": "characters", "characters": "ab", "has_bos": 1},
        {"kind": "characters", "characters": "ab"},
    ],
)
def test_other_json_is_refused(values):
    with pytest.raises(ValueError) as refusal:
        CharTokenizer.from_json(values)
    assert str(refusal.value) == (
        'A character tokenizer is described by "kind": "characters", a text of "characters" and'
        ' "has_bos", which is true or false.'
    )


def test_characters_that_come_twice_are_refused():
    with pytest.raises(ValueError) as refusal:
        CharTokenizer.from_json({"kind": "characters", "characters": "aba", "has_bos": True})
    assert str(refusal.value) == (
        "A tokenizer needs each of its characters once, but some come twice."
    )


@pytest.mark.parametrize(
    "build", [lambda: CharTokenizer.from_text(""), lambda: CharTokenizer.from_documents([])]
)
def test_nothing_is_refused(build):
    with pytest.raises(ValueError) as refusal:
        build()
    assert str(refusal.value) == (
        "A tokenizer needs at least one character, but the text has none."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abX", "The character 'X' is unknown to this tokenizer, which knows 3: 'abc'."),
        (
            "é5\né a!",
            "The characters 'é', '5', '\\n', ' ' and '!' are unknown to this tokenizer,"
            " which knows 3: 'abc'.",
        ),
    ],
)
def test_unknown_characters_are_all_named(text, sentence):
    with pytest.raises(UnknownCharacterError) as refusal:
        CharTokenizer.from_documents(["cab"]).encode(text)
    assert str(refusal.value) == sentence
    assert refusal.value.known == "abc"


def test_a_flood_of_unknown_characters_stays_readable():
    known = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    unknown = "".join(map(chr, range(0x400, 0x400 + 150)))
    with pytest.raises(UnknownCharacterError) as refusal:
        CharTokenizer.from_text(known).encode(unknown)
    assert refusal.value.unknown == unknown
    assert " and 50 more are unknown" in str(refusal.value)
    assert str(refusal.value).endswith(" and 2900 more.")


def test_bos_needs_documents():
    with pytest.raises(ValueError) as refusal:
        CharTokenizer.from_text("abc").encode_document("a")
    assert str(refusal.value) == "This tokenizer was made from running text and has no BOS token."


@pytest.mark.parametrize("strange", [-1, 4, 99])
def test_ids_outside_the_vocabulary_are_refused(strange):
    tokenizer = CharTokenizer.from_documents(["abc"])
    with pytest.raises(ValueError) as refusal:
        tokenizer.decode([0, strange])
    assert str(refusal.value) == (f"Token {strange} is not in this vocabulary: ids go from 0 to 3.")


def test_a_tokenizer_cannot_be_changed():
    tokenizer = CharTokenizer.from_text("abc")
    with pytest.raises(dataclasses.FrozenInstanceError):
        tokenizer.characters = "xyz"
