"""Guessing against a model: passages that are its own to guess, and scores by hand."""

from __future__ import annotations

import math
import random

import pytest
import torch

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.lens.guessing import (
    HEAD_START,
    PASSAGE_LENGTH,
    draw_passage,
    mean_nats,
    model_shares,
    share_of,
)
from gpt.lens.opening import open_model
from gpt.runs.data import split_corpus
from gpt.runs.demos import list_demos


def test_the_confidence_is_shared_by_the_guesses_and_the_rest_by_all_others() -> None:
    assert share_of(3, {3}, 0.6, 11) == pytest.approx(0.6)
    assert share_of(3, {3, 4}, 0.6, 11) == pytest.approx(0.3)
    assert share_of(5, {3}, 0.6, 11) == pytest.approx(0.4 / 10)
    assert share_of(5, {3, 4}, 0.6, 12) == pytest.approx(0.4 / 10)
    assert share_of(1, {0, 1, 2}, 0.9, 3) == pytest.approx(1 / 3)
    for guesses in ({1}, {1, 5, 7}):
        assert sum(share_of(token, guesses, 0.7, 9) for token in range(9)) == pytest.approx(1)


def test_scores_are_means_of_nats() -> None:
    assert mean_nats([1 / 2, 1 / 8]) == pytest.approx(2 * math.log(2))


def test_saying_what_one_believes_scores_best_on_average() -> None:
    belief = 0.7  # that token 0 comes, of two

    def expected(said: float) -> float:
        return -belief * math.log(share_of(0, {0}, said, 2)) - (1 - belief) * math.log(
            share_of(1, {0}, said, 2)
        )

    assert min((expected(percent / 100), percent) for percent in range(1, 100))[1] == 70


def test_what_is_guessed_was_kept_from_training() -> None:
    names = load_corpus("names")
    held_out = set(split_corpus(names).validation)
    rng = random.Random(1)
    for _ in range(20):
        passage = draw_passage(names, names.tokenizer, rng)
        assert names.tokenizer.decode(passage.tokens) in held_out
        assert (passage.first, passage.is_held_out) == (1, True)
        assert passage.tokens[0] == passage.tokens[-1] == names.tokenizer.bos


def test_of_running_text_a_stretch_and_of_a_task_the_answer_is_asked_for() -> None:
    verse = Corpus("verse", "".join(f"Line {i} of a longish verse.\n" for i in range(400)), "text")
    passage = draw_passage(verse, verse.tokenizer, random.Random(2))
    assert passage.first == HEAD_START
    starts = {
        verse.tokenizer.decode(draw_passage(verse, verse.tokenizer, random.Random(i)).tokens[:1])
        for i in range(40)
    }
    assert starts <= set("Liloav0123456789"), "a word's first letter"
    solid = Corpus("solid", "ab" * 4000, "text")
    assert len(draw_passage(solid, solid.tokenizer, random.Random(2)).tokens) == PASSAGE_LENGTH
    assert verse.tokenizer.decode(passage.tokens) in split_corpus(verse).validation[0]
    copy = load_corpus("copy")
    passage = draw_passage(copy, copy.tokenizer, random.Random(3))
    prompt = copy.tokenizer.decode(passage.tokens[: passage.first])
    assert prompt.endswith("=")
    assert copy.tokenizer.decode(passage.tokens[passage.first :]) == prompt.split("=")[-2]


def test_the_models_shares_are_those_of_what_it_can_read() -> None:
    run = next(each.run for each in list_demos().runs if each.run.name == "shakespeare")
    opened = open_model(run)
    tokens = opened.tokenizer.encode("What say you to this, my lord? " * 9)
    shares = model_shares(opened, tokens)
    assert shares.sum().item() == pytest.approx(1)
    block = opened.model.config.block_size
    logits, _ = opened.model(torch.tensor([tokens[-block:]]))
    assert torch.allclose(shares, logits[0, -1].double().softmax(-1))
