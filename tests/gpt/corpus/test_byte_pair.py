from __future__ import annotations

import json
import subprocess
import sys
from string import ascii_lowercase as LETTERS

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.byte_pair import LONGEST_TOKEN, BytePairTokenizer
from gpt.corpus.catalogue import load_names
from gpt.corpus.tokenizer import CharTokenizer, UnknownCharacterError, tokenizer_from_json

# What can be in a corpus: proper Unicode.
proper_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def trained(text: str, vocab_size: int, *, has_bos: bool = False) -> BytePairTokenizer:
    return BytePairTokenizer.train([text], vocab_size, characters=text, has_bos=has_bos)


def test_the_commonest_pair_becomes_a_token_first():
    # "ab" comes six times, and then "ab"+"c" four times.
    tokenizer = trained("abc,abc,abc,abc,ab,ab", 6)
    assert tokenizer.merges == (("a", "b"), ("ab", "c"))
    assert list(tokenizer.texts) == [",", "a", "b", "c", "ab", "abc"]
    assert tokenizer.encode("abcab,bac") == [5, 4, 0, 2, 1, 3]


@given(proper_text, proper_text, st.integers(0, 40))
def test_any_text_of_known_characters_survives_the_round_trip(text, other, more):
    tokenizer = trained(text + other, len(set(text + other)) + more)
    for each in (text, other, text[::-1], other + text):
        assert tokenizer.decode(tokenizer.encode(each)) == each
    assert tokenizer.vocab_size <= len(set(text + other)) + more


@given(st.lists(proper_text, min_size=1), st.integers(1, 30))
def test_documents_survive_the_round_trip(documents, more):
    characters = "".join(documents)
    tokenizer = BytePairTokenizer.train(
        documents, len(set(characters)) + more, characters=characters, has_bos=True
    )
    assert tokenizer.bos == tokenizer.vocab_size - 1
    for document in documents:
        ids = tokenizer.encode_document(document)
        assert ids[0] == ids[-1] == tokenizer.bos
        assert tokenizer.bos not in ids[1:-1]
        assert tokenizer.decode(ids) == document


@given(proper_text, st.integers(0, 30), st.booleans())
def test_json_survives_the_round_trip(text, more, has_bos):
    tokenizer = trained(text, len(set(text)) + has_bos + more, has_bos=has_bos)
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again == tokenizer
    assert again.encode(text) == tokenizer.encode(text)


def test_with_no_room_for_pairs_it_is_the_tokenizer_of_characters():
    text = "to be, or not to be"
    characters = CharTokenizer.from_text(text)
    tokenizer = trained(text, characters.vocab_size)
    assert tokenizer.merges == ()
    assert tokenizer.encode(text) == characters.encode(text)


def test_the_same_text_gives_the_same_tokenizer_in_any_process():
    code = (
        "from gpt.corpus.byte_pair import BytePairTokenizer;"
        " from gpt.corpus.catalogue import load_names;"
        " print(BytePairTokenizer.train(load_names(), 300, characters='', has_bos=True).merges)"
    ).replace("''", repr(LETTERS))
    here = BytePairTokenizer.train(load_names(), 300, characters=LETTERS, has_bos=True)
    there = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert there == f"{here.merges}\n"
    assert here.vocab_size == 300


def test_a_vocabulary_without_room_for_the_characters_is_refused():
    with pytest.raises(ValueError) as refusal:
        trained("abc", 3, has_bos=True)
    assert str(refusal.value) == (
        "A vocabulary of 3 tokens is too small: this text takes at least 4, one for each of its"
        " characters and BOS."
    )


def test_unknown_characters_are_all_named():
    with pytest.raises(UnknownCharacterError) as refusal:
        trained("cab cab", 6).encode("a bad act")
    assert str(refusal.value) == (
        "The characters 'd' and 't' are unknown to this tokenizer, which knows 4: ' abc'."
    )
    with pytest.raises(UnknownCharacterError):
        trained("cab", 6).encode("\ud800")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"merges": None}, 'A byte-pair tokenizer is described by "kind": "bpe", a text of'),
        ({"merges": [["a"]]}, 'A byte-pair tokenizer is described by "kind": "bpe", a text of'),
        ({"merges": [["a", 1]]}, 'A byte-pair tokenizer is described by "kind": "bpe", a text of'),
        ({"merges": ["ab"]}, 'A byte-pair tokenizer is described by "kind": "bpe", a text of'),
        ({"has_bos": 1}, 'A byte-pair tokenizer is described by "kind": "bpe", a text of'),
        ({"kind": "bytes"}, 'A character tokenizer is described by "kind": "characters"'),
        ({"merges": [["a", "bc"], ["b", "c"]]}, "There is no token 'a' or 'bc' to merge."),
        ({"merges": [["a", ""]]}, "There is no token 'a' or '' to merge."),
        ({"characters": ""}, "A tokenizer needs at least one character"),
        ({"characters": "abca"}, "A tokenizer needs each of its characters once"),
        ({"characters": "abc\ud800"}, "A tokenizer's characters must be proper Unicode."),
        (
            {"merges": [["a" * 2**n, "a" * 2**n] for n in range(6)]},
            f"A token may have {LONGEST_TOKEN} characters at most.",
        ),
    ],
)
def test_other_json_is_refused(change, sentence):
    values = {"kind": "bpe", "characters": "abc", "merges": [["a", "b"]], "has_bos": True}
    with pytest.raises(ValueError) as refusal:
        tokenizer_from_json(values | change)
    assert str(refusal.value).startswith(sentence)


def test_shakespeare_takes_half_the_tokens(shakespeare):
    tokenizer = BytePairTokenizer.train(
        [shakespeare.text], 512, characters=shakespeare.text, has_bos=False
    )
    assert tokenizer.vocab_size == 512
    # The sorted characters first: token 0 stays the line break, with which a text begins.
    assert tokenizer.texts[0] == "\n"
    ids = tokenizer.encode(shakespeare.text)
    assert 1.8 < len(shakespeare.text) / len(ids) < 2.4
    assert tokenizer.decode(ids) == shakespeare.text
