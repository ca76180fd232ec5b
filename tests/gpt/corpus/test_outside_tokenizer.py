"""Tokenizers that came with a model: what they read, and how little they are trusted."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gpt.corpus.outside_tokenizer import NO_TEXT, OutsideTokenizer, rules_of_gpt2
from gpt.corpus.tokenizer import tokenizer_from_json

TEXT = "the cat sat on the mat, and the rat sat on the cat. Über die Brücke."


@pytest.fixture(scope="module")
def library() -> Tokenizer:
    """GPT-2's way: bytes, merged; and one token more that opens a text."""
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=270, initial_alphabet=alphabet, show_progress=False)
    library.train_from_iterator([TEXT], trainer)
    library.add_special_tokens(["<|endoftext|>"])
    return library


@pytest.fixture(scope="module")
def tokenizer(library: Tokenizer) -> OutsideTokenizer:
    return OutsideTokenizer.read(library.to_str(), 271, 270)


def test_it_reads_what_the_library_reads(library: Tokenizer, tokenizer: OutsideTokenizer) -> None:
    text = "the cat · 猫 ↵\n"
    ids = tokenizer.encode(text)
    assert ids == library.encode(text).ids
    assert max(ids) >= 256, "merges are applied"
    assert tokenizer.decode(ids) == text
    assert (tokenizer.vocab_size, tokenizer.bos) == (271, 270)
    assert tokenizer.encode_documents(["the", "cat"]).count(270) == 3


def test_parts_of_a_character_are_one_only_together(tokenizer: OutsideTokenizer) -> None:
    ids = tokenizer.encode("猫")
    assert len(ids) == 3
    assert [tokenizer.decode([each]) for each in ids] == [NO_TEXT] * 3
    assert tokenizer.decode(ids) == "猫"
    assert tokenizer.decode([270, *ids, 270]) == "猫", "what opens a text is none of it"
    with pytest.raises(ValueError, match="Token 271 is not in this vocabulary"):
        tokenizer.decode([271])


def test_a_model_may_have_more_tokens_than_its_tokenizer_but_not_fewer(library: Tokenizer) -> None:
    padded = OutsideTokenizer.read(library.to_str(), 300, None)
    assert len(padded.texts) == padded.vocab_size == 300
    assert padded.decode([299]) == NO_TEXT
    with pytest.raises(ValueError, match="271 tokens, with ids up to 270, but the model knows 200"):
        OutsideTokenizer.read(library.to_str(), 200, None)


def test_it_goes_to_json_and_back(tokenizer: OutsideTokenizer) -> None:
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert again == tokenizer
    assert again.encode(TEXT) == tokenizer.encode(TEXT)


def test_gpt2s_first_files_are_the_same_rules(library: Tokenizer, tmp_path) -> None:
    library.model.save(str(tmp_path))
    rules = rules_of_gpt2(tmp_path / "vocab.json", tmp_path / "merges.txt")
    assert OutsideTokenizer.read(rules, 270, None).encode(TEXT) == library.encode(TEXT).ids
    (tmp_path / "merges.txt").write_text("no merge")
    with pytest.raises(ValueError, match="are not the tokens of a GPT-2"):
        rules_of_gpt2(tmp_path / "vocab.json", tmp_path / "merges.txt")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("", r"tokenizer\.json is not JSON\."),
        ("{", r"tokenizer\.json is not JSON\."),
        ("[]", 'it has no "model" with the tokens'),
        ('{"model": 3}', 'it has no "model" with the tokens'),
    ],
)
def test_what_is_no_tokenizer_is_refused(rules: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        OutsideTokenizer.read(rules, 10, None)
    with pytest.raises(ValueError, match="is described by"):
        OutsideTokenizer.from_json({"kind": "outside", "rules": {}, "size": 3, "opening": 3})
