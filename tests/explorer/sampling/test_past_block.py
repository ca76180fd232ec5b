"""Past the block: a bigram does not care, one head does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from explorer.components.distribution import Controls
from explorer.sampling import past_block
from explorer.sampling.past_block import Column, as_html, write_every_way
from explorer.sampling.subject import Subject
from explorer.sampling.tries import common_length
from gpt.corpus.tokenizer import CharTokenizer
from gpt.lens.opening import OpenedModel
from gpt.tensor.config import LECTURE_SETTINGS, GPTConfig
from gpt.tensor.models import build_model


class Config:
    tokenizer = CharTokenizer("abcdefgh", has_bos=False)


def columns_of(rung: str, monkeypatch: pytest.MonkeyPatch) -> list[Column]:
    monkeypatch.setattr(past_block, "state", {"sampling controls": Controls()})
    config = GPTConfig.from_dict({**LECTURE_SETTINGS, "rung": rung, "vocab_size": 8})
    drawn = torch.Generator().manual_seed(3)
    model = build_model(config, drawn).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=drawn)
    opened = OpenedModel(model, Config(), 0, None)  # type: ignore[arg-type]
    summary = SimpleNamespace(config=SimpleNamespace(title="A rung", preset=rung))
    subject = Subject(summary, 7, (7,), opened, (1, 2), 5, 10, "crop")  # type: ignore[arg-type]
    ways = write_every_way(subject)
    assert (ways.preset, ways.title, ways.prompt) == (rung, "A rung, after step 7", "bc")
    return ways.columns


def test_a_bigram_writes_one_text_whatever_happens_past_the_block(monkeypatch) -> None:
    columns = columns_of("bigram", monkeypatch)
    assert [column.way for column in columns] == ["crop", "slide", "clamp"]
    assert len({column.text for column in columns}) == 1
    assert len(columns[0].text) == LECTURE_SETTINGS["block_size"] + past_block.TOKENS_PAST - 2


def test_a_single_head_writes_another_as_soon_as_the_block_is_full(monkeypatch) -> None:
    crop, clamp = columns_of("single-head", monkeypatch)
    assert (crop.way, clamp.way) == ("crop", "clamp")
    within = LECTURE_SETTINGS["block_size"] - 2  # behind the prompt of two
    assert crop.text[: within + 1] == clamp.text[: within + 1]
    assert within < clamp.kept < len(clamp.text)


def test_what_differs_is_marked() -> None:
    assert common_length("abcd", "abxd") == 2
    assert common_length("ab", "abc") == 2
    html = as_html(Column("clamp", "ab<d", 2), "x<")
    assert '<i>x&lt;</i>ab<span class="gpt-backward">&lt;d</span>' in html
