import math
import random
from itertools import islice

import pytest
import torch

from gpt.scalar.model import Config, initialise
from gpt.tensor.config import GPTConfig
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.microgpt import to_tensor_model
from gpt.tensor.models import build_model
from gpt.tensor.sampling import NotANumberError, generate
from gpt.tensor.steps import ScalarReader, TensorReader, generate_steps, take_step

CONFIG = SamplingConfig(0.8, top_k=7, top_p=0.9, min_p=0.02, repetition_penalty=1.3)


def test_the_steps_are_the_tokens_that_generate_draws() -> None:
    model = build_model(GPTConfig.lecture("gpt", 11), torch.Generator().manual_seed(4))
    start = torch.tensor([[3, 1, 4]])
    whole = generate(model, start, 20, generator=torch.Generator().manual_seed(6), config=CONFIG)
    generator = torch.Generator().manual_seed(6)
    steps = list(islice(generate_steps(TensorReader(model), [3, 1, 4], CONFIG, generator), 20))
    assert [step.token for step in steps] == whole[0, 3:].tolist()
    for step in steps:
        shares = step.probabilities.tolist()
        assert step.uniform is not None
        assert sum(shares[: step.token]) <= step.uniform < sum(shares[: step.token + 1])


def test_plain_numbers_and_tensors_write_the_same_text() -> None:
    """Also past the block, which is read anew."""
    shape = Config(vocab_size=9, n_layer=2, n_embd=8, block_size=6, n_head=2)
    weights = initialise(shape, random.Random(7), std=0.6)
    readers = ScalarReader(shape, weights), TensorReader(to_tensor_model(shape, weights))
    plain, tensors = (
        list(islice(generate_steps(each, [8], CONFIG, torch.Generator().manual_seed(1)), 15))
        for each in readers
    )
    assert [step.token for step in plain] == [step.token for step in tensors]
    for one, other in zip(plain, tensors, strict=True):
        torch.testing.assert_close(one.logits, other.logits, atol=1e-9, rtol=0)


def test_a_text_ends_with_its_end() -> None:
    model = build_model(GPTConfig.lecture("bigram", 5), torch.Generator().manual_seed(4))
    generator = torch.Generator().manual_seed(6)
    steps = list(generate_steps(TensorReader(model), [0], SamplingConfig(), generator, end=4))
    assert [step.token for step in steps].index(4) == len(steps) - 1


def test_what_a_step_tells_of_its_token() -> None:
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    step = take_step(logits, [0], SamplingConfig(top_k=2), uniform=0.7)
    assert step.token == 1
    assert step.rank == 2
    assert step.surprisal == pytest.approx(math.log(4))
    assert step.entropy == pytest.approx(1.75 * math.log(2))
    assert step.model_probability == pytest.approx(0.25)
    assert step.probabilities.tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])


def test_a_token_can_be_forced_that_would_never_be_drawn() -> None:
    step = take_step(torch.tensor([5.0, 1.0]), [0], SamplingConfig(0), token=1)
    assert (step.token, step.uniform, step.rank) == (1, None, 2)
    assert step.probabilities.tolist() == [1.0, 0.0]


def test_no_start_and_no_numbers_are_said_so() -> None:
    model = build_model(GPTConfig.lecture("bigram", 5))
    with pytest.raises(ValueError, match="at least one token to continue from"):
        next(generate_steps(TensorReader(model), [], SamplingConfig(), torch.Generator()))
    with pytest.raises(NotANumberError):
        take_step(torch.tensor([math.nan, 1.0]), [0], SamplingConfig(), uniform=0.5)
