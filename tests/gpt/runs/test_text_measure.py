from __future__ import annotations

import math

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.corpus.tasks.strings import Copy
from gpt.runs.data import encode_streams, make_tokenizer
from gpt.runs.settings import TokenizerSettings
from gpt.runs.text_measure import measure_text

NAMES = load_corpus("names")


def test_of_a_task_the_best_possible_losses_are_drawn_and_nothing_is_counted() -> None:
    copy = load_corpus("copy")
    measured = measure_text(copy, copy.tokenizer)
    losses = {each.label: each.loss for each in measured.baselines}
    assert losses == {
        "guessing": math.log(28),
        "without looking back": Copy().blind_floor,
        "the best possible": 0.0,
    }
    grammar = load_corpus("grammar")
    labels = {each.label: each.loss for each in measure_text(grammar, grammar.tokenizer).baselines}
    assert labels.keys() == {"guessing", "the best possible"}
    assert labels["the best possible"] == TASKS["grammar"].floor


def test_every_tokenizer_has_its_own_baselines_and_its_own_length_of_a_token() -> None:
    plain = measure_text(NAMES, NAMES.tokenizer)
    pairs = make_tokenizer(NAMES, TokenizerSettings("bpe", 200))
    merged = measure_text(NAMES, pairs)
    assert [each.label for each in plain.baselines][1:] == ["counting letters", "counting pairs"]
    assert [each.label for each in merged.baselines][1:] == ["counting tokens", "counting pairs"]
    assert merged.baselines[0].loss == pytest.approx(math.log(200))
    streams = encode_streams(NAMES, pairs)
    assert merged.characters_per_token == streams.characters_per_token
    assert merged.characters_per_token > 1.3 * plain.characters_per_token


def test_what_holds_nothing_out_has_only_guessing_to_beat() -> None:
    text = Corpus("all", "ann\nben\n" * 9, "documents", has_validation=False)
    assert [each.label for each in measure_text(text, text.tokenizer).baselines] == ["guessing"]
