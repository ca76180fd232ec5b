import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from gpt.tensor.filters import SamplingConfig, filter_logits

LOGITS = st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=40)


@settings(max_examples=400)
@given(
    logits=LOGITS,
    temperature=st.floats(0.05, 10),
    top_k=st.integers(0, 50),
    top_p=st.floats(0.01, 1),
    min_p=st.floats(0, 1),
    penalty=st.floats(0.5, 2),
    data=st.data(),
)
def test_what_is_left_equals_transformers(
    logits: list[float],
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
    penalty: float,
    data: st.DataObject,
) -> None:
    tokens = st.integers(0, len(logits) - 1)
    text = torch.tensor([data.draw(st.lists(tokens, min_size=1, max_size=9))])
    theirs = LogitsProcessorList(
        [RepetitionPenaltyLogitsProcessor(penalty), TemperatureLogitsWarper(temperature)]
    )
    if top_k:
        theirs.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        theirs.append(TopPLogitsWarper(top_p))
    if min_p:
        theirs.append(MinPLogitsWarper(min_p))
    scores = torch.tensor([logits], dtype=torch.float64)
    expected = theirs(text, scores).softmax(-1)
    config = SamplingConfig(temperature, top_k, top_p, min_p, penalty)
    *_, last = filter_logits(scores, config, text)
    torch.testing.assert_close(last.probabilities, expected, atol=1e-6, rtol=0)


def test_each_control_in_turn() -> None:
    logits = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    config = SamplingConfig(0.5, top_k=3, top_p=0.8, min_p=0.6)
    text = torch.tensor([[0]])
    stages = {each.name: each.probabilities[0] for each in filter_logits(logits, config, text)}
    expected = {
        "model": [0.4, 0.3, 0.2, 0.1],
        "temperature": [16 / 30, 9 / 30, 4 / 30, 1 / 30],
        "top-k": [16 / 29, 9 / 29, 4 / 29, 0],
        "top-p": [16 / 25, 9 / 25, 0, 0],
        "min-p": [1, 0, 0, 0],
    }
    assert list(stages) == list(expected)
    for name, shares in expected.items():
        assert stages[name].tolist() == pytest.approx(shares, abs=1e-7)


@pytest.mark.parametrize("temperature", [0.0, 1e-310, 1e-6])
def test_next_to_no_temperature_leaves_the_likeliest(temperature: float) -> None:
    *_, last = filter_logits(
        torch.tensor([[-3.0, 90.0, 89.0]]), SamplingConfig(temperature), torch.tensor([[0]])
    )
    assert last.probabilities.tolist() == [[0.0, 1.0, 0.0]]


def test_of_equals_the_greedy_choice_is_the_first() -> None:
    *_, last = filter_logits(torch.tensor([[1.0, 2, 2]]), SamplingConfig(0), torch.tensor([[0]]))
    assert last.probabilities.tolist() == [[0.0, 1.0, 0.0]]


def test_great_heat_makes_all_alike_and_too_large_a_k_keeps_all() -> None:
    *_, last = filter_logits(
        torch.tensor([[1.0, 2, 3]]), SamplingConfig(1e6, top_k=500), torch.tensor([[0]])
    )
    assert last.probabilities[0].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"temperature": -1.0}, r"temperature is -1; it must be 0 .* or above"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"temperature": math.inf}, "temperature is inf"),
        ({"top_k": -1}, r"top_k is -1; it must be 0 \(all tokens\) or above"),
        ({"top_p": 0.0}, "top_p is 0; it must be above 0 and at most 1"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"min_p": -0.1}, "min_p is -0.1; it must be from 0 to 1"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0; it must be above 0, and 1 for no"),
    ],
)
def test_a_number_out_of_range_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SamplingConfig(**changes)
