"""`python -m gpt sample`, as somebody types it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from gpt.__main__ import main
from gpt.lens.opening import open_model
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import generate


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_each_sample_is_what_its_seed_draws(
    tiny: Any, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    run = tiny.trained(kind)
    controls = ["--temperature", "0.9", "--top-k", "5", "--top-p", "0.95", "--min-p", "0.01"]
    asked = ["sample", run.name, "--prompt", "an", "--tokens", "4", "--seed", "7", *controls]
    assert main([*asked, "--count", "3", "--json"]) == 0
    samples = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    opened = open_model(run)
    start = torch.tensor([opened.encode("an").tokens])
    for index, sample in enumerate(samples):
        expected = generate(
            opened.model,
            start,
            4,
            generator=torch.Generator().manual_seed(7 + index),
            config=SamplingConfig(0.9, 5, 0.95, 0.01),
            end=opened.tokenizer.bos,
        )
        assert sample["tokens"] == expected[0, 3:].tolist()
        assert sample["text"] == opened.tokenizer.decode(sample["tokens"])
        assert len(sample["surprisals"]) == len(sample["tokens"])
        assert sample["has_ended"] == (opened.tokenizer.bos in sample["tokens"])
    assert [sample["seed"] for sample in samples] == [7, 8, 9]
    assert main(asked) == 0
    assert capsys.readouterr().out == f"an{samples[0]['text']}\n"


def test_greedy_draws_the_same_whatever_the_seed(
    tiny: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny.trained("tensor")
    for seed in ("1", "2"):
        assert main(["sample", run.name, "--temperature", "0", "--seed", seed]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_what_cannot_be_sampled_gets_a_sentence(
    tiny: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny.trained("tensor")
    cases = [
        (("nobody",), "There is no run nobody in"),
        ((run.name, "--prompt", "a!"), "The character '!' is unknown"),
        ((run.name, "--temperature", "-1"), "temperature is -1; it must be 0"),
        ((run.name, "--temperature", "hot"), "invalid float value: 'hot'"),
        ((run.name, "--top-k", "-3"), "top_k is -3; it must be 0 (all tokens) or above"),
        ((run.name, "--top-p", "0"), "top_p is 0; it must be above 0 and at most 1"),
        ((run.name, "--min-p", "2"), "min_p is 2; it must be from 0 to 1"),
        ((run.name, "--tokens", "0"), "--tokens is 0; it must be at least 1"),
        ((run.name, "--count", "0"), "--count is 0; it must be at least 1"),
        ((run.name, "--past-block", "slide"), "this model cannot slide what outgrows its block"),
    ]
    for arguments, sentence in cases:
        assert main(["sample", *arguments]) == 2
        printed = capsys.readouterr()
        assert sentence in printed.err
        assert printed.out == ""
    assert main(["sample", run.name, "--prompt", "annabella", "--tokens", "1"]) == 0
    assert "the first 2 tokens of the prompt are not read" in capsys.readouterr().err
