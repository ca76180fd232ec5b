"""Scores of patterns drawn by hand, whose scores are known."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from gpt.lens.heads import (
    Label,
    best_offset,
    entropies,
    first_token_score,
    label_heads,
    mean_distance,
    measure_heads,
    previous_token_score,
    same_token_score,
    uniform_pattern,
)
from gpt.lens.induction import (
    chance_of_induction,
    draw_repeated_text,
    induction_score,
    measure_induction,
)
from gpt.lens.trace import NoSuchActivationError
from gpt.tensor.language_model import LanguageModel

T = 12
TOKENS = torch.tensor([3, 1, 2, 1, 0, 3, 1, 4, 2, 5, 0, 6])


def looking_back(distance: int) -> Tensor:
    """All attention on the token so far back, or on the first."""
    pattern = torch.zeros(T, T)
    for t in range(T):
        pattern[t, max(0, t - distance)] = 1
    return pattern


def looking_at_the_same() -> Tensor:
    """Half on the last earlier occurrence, a quarter on the first token, the rest on itself."""
    pattern = torch.eye(T) / 2
    for t, token in enumerate(TOKENS.tolist()):
        earlier = [s for s in range(t) if TOKENS[s] == token]
        pattern[t, earlier[-1] if earlier else t] += 0.5
    return pattern


UNIFORM = uniform_pattern(T, like=torch.zeros(()))
PATTERNS = torch.stack([looking_back(1), looking_back(3), looking_back(T), UNIFORM])


def test_a_head_scores_what_its_pattern_says() -> None:
    scores = measure_heads(PATTERNS, TOKENS)
    assert scores.previous_token.tolist() == pytest.approx(
        [1, 0, 0, sum(1 / (t + 1) for t in range(2, T)) / 10]
    )
    assert scores.first_token.tolist()[:3] == pytest.approx([0, 2 / 10, 1])
    assert scores.offset.tolist()[:2] == [1, 3]
    assert scores.offset_share.tolist()[:2] == [1, 1]
    assert scores.mean_distance.tolist() == pytest.approx([11 / 12, 30 / 12, 66 / 12, 66 / 24])
    assert scores.entropy.tolist()[:3] == [0, 0, 0]
    assert torch.allclose(entropies(UNIFORM), torch.arange(1, T + 1).log(), atol=1e-6)
    # Repeated are the tokens at 3, 5, 6, 8 and 10, of which one is first seen at 1 and 3.
    assert same_token_score(looking_at_the_same(), TOKENS).item() == pytest.approx(0.5)
    expected = (1 / 4 + 1 / 6 + 2 / 7 + 1 / 9 + 1 / 11) / 5
    assert same_token_score(UNIFORM, TOKENS).item() == pytest.approx(expected)


def test_heads_of_many_checkpoints_and_texts_are_measured_at_once() -> None:
    generator = torch.Generator().manual_seed(3)
    patterns = torch.rand(5, 2, 3, T, T, generator=generator).tril()
    patterns /= patterns.sum(-1, keepdim=True)
    together = measure_heads(patterns, TOKENS)
    texts = torch.randint(4, (5, T), generator=generator)
    batch = measure_heads(patterns, texts)
    for i in range(5):
        for one, all_of_them in zip(measure_heads(patterns[i], TOKENS), together, strict=True):
            assert torch.allclose(one.float(), all_of_them[i].float())
        for one, all_of_them in zip(measure_heads(patterns[i], texts[i]), batch, strict=True):
            assert torch.allclose(one.float(), all_of_them[i].float())


@pytest.mark.parametrize("length", [1, 2])
def test_a_text_too_short_to_tell_scores_nothing(length: int) -> None:
    pattern = UNIFORM[:length, :length]
    assert math.isnan(previous_token_score(pattern))
    assert math.isnan(first_token_score(pattern))
    assert math.isnan(same_token_score(pattern, torch.zeros(length)))
    tokens = torch.zeros(length)
    (label,) = label_heads(measure_heads(pattern[None] * 0, tokens), tokens)
    assert label is None


def test_labels_need_much_of_the_attention_and_twice_what_chance_gives() -> None:
    half = (looking_back(1) + UNIFORM) / 2
    patterns = torch.cat([PATTERNS, looking_at_the_same()[None] * 1.01, half[None], half[None] / 2])
    labels = label_heads(measure_heads(patterns, TOKENS), TOKENS)
    assert labels[:4] == [
        Label("previous token", 1.0),
        Label("offset", 1.0, 3),
        Label("first token", 1.0),
        None,
    ]
    assert labels[4] is not None
    assert labels[4].name == "same token"
    assert labels[5] is not None
    assert (labels[5].name, labels[6]) == ("previous token", None)
    assert [str(label) for label in labels[:3]] == [
        "previous token",
        "3 tokens back",
        "first token",
    ]
    # Where one letter is all there is, to look at the same letter says nothing.
    ones = torch.ones(T)
    assert label_heads(measure_heads(UNIFORM[None], ones), ones) == [None]


def test_an_induction_head_keeps_its_name_where_it_rests_on_the_first_token() -> None:
    scores = measure_heads(looking_back(T)[None], TOKENS)
    (label,) = label_heads(scores, TOKENS, (torch.tensor([0.75]), 0.05))
    assert label == Label("induction", 0.75)
    (label,) = label_heads(scores, TOKENS, (torch.tensor([0.75]), 0.4))
    assert label is not None
    assert label.name == "first token"


def test_on_a_text_that_repeats_itself_induction_is_not_taken_for_an_offset() -> None:
    scores = measure_heads(looking_back(3)[None], TOKENS)
    assert label_heads(scores, TOKENS, (torch.tensor([0.06]), 0.05)) == [Label("offset", 1.0, 3)]
    assert label_heads(scores, TOKENS, (torch.tensor([0.3]), 0.05)) == [None]


def test_offsets_are_those_that_all_later_queries_have() -> None:
    offset, share = best_offset(looking_back(6))
    assert (offset.item(), share.item()) == (6, 1)
    assert mean_distance(looking_back(6)).item() == pytest.approx((0 + 1 + 2 + 3 + 4 + 5 + 36) / 12)


@pytest.mark.parametrize("bos", [None, 9])
def test_repeated_text_is_random_twice_over(bos: int | None) -> None:
    vocabulary = torch.tensor([2, 3, 5, 7, 8])
    text = draw_repeated_text(
        16, vocabulary, torch.Generator().manual_seed(1), bos=bos, batch_size=50
    )
    start = 0 if bos is None else 1
    assert (text.start, text.period) == (start, 5)
    assert text.tokens.shape == (50, start + 10)
    first, second = text.tokens[:, start : start + 5], text.tokens[:, start + 5 :]
    assert torch.equal(first, second)
    assert torch.equal(first.sort(-1).values, vocabulary.expand(50, 5))
    assert len({tuple(row) for row in first.tolist()}) > 25
    if bos is not None:
        assert torch.equal(text.tokens[:, 0], torch.full((50,), 9))

    # The token after the first occurrence of the one at t is at t - period + 1.
    pattern = torch.zeros(50, 3, text.tokens.shape[1], text.tokens.shape[1])
    for t in range(start + 5, start + 10):
        followers = [s for s in range(1, t) if text.tokens[0, s - 1] == text.tokens[0, t]]
        pattern[:, 0, t, followers[0]] = 1
        pattern[:, 1, t, t - 5] = 1
    pattern[:, 2] = uniform_pattern(text.tokens.shape[1], like=pattern)
    assert induction_score(pattern, text).tolist() == pytest.approx(
        [1, 0, chance_of_induction(text)]
    )


def test_induction_is_measured_by_the_model_that_reads(
    models: Mapping[str, LanguageModel],
) -> None:
    text = draw_repeated_text(8, torch.arange(11), torch.Generator().manual_seed(1))
    scores = measure_induction(models["gpt2"], text)
    assert scores.shape == (2, 4)
    assert ((scores >= 0) & (scores <= 1)).all()
    with pytest.raises(NoSuchActivationError, match="has no blocks"):
        measure_induction(models["bigram"], text)
    with pytest.raises(ValueError, match="there is no room for two tokens"):
        draw_repeated_text(3, torch.arange(11), torch.Generator())
