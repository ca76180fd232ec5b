from __future__ import annotations

from typing import Any

import pytest
import torch

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.tokenizer import UnknownCharacterError
from gpt.lens.opening import held_out_batches, open_model
from gpt.runs.config import RunError
from gpt.runs.evaluation import evaluate_run
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.session import train_run
from gpt.tensor.evaluation import evaluate


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_a_run_opens_as_it_was_and_predicts_as_it_was_evaluated(tiny: Any, kind: str) -> None:
    run = tiny.trained(kind)
    batches = held_out_batches(run.config(), run.corpus())
    for which, step in (("last", 24), (6, 6)):
        opened = open_model(run, which)
        assert (opened.step, opened.plain is not None) == (step, kind == "scalar")
        loss = evaluate(opened.model, batches).loss
        assert loss == pytest.approx(evaluate_run(run, which).loss, rel=1e-6)
    with pytest.raises(RunError, match="has no checkpoint of step 7"):
        open_model(run, 7)


def test_the_answers_of_a_task_are_what_is_held_out(tiny: Any) -> None:
    corpus = load_corpus("copy")
    changes = {"steps": 2, "n_embd": 8, "n_head": 2, "batch_size": 2, "evaluation_windows": 2}
    run = create_run(configure(PRESETS["copy"], corpus, changes), corpus)
    assert train_run(run).state == "finished"
    batches = held_out_batches(run.config(), corpus)
    score = evaluate(open_model(run).model, batches)
    assert score.loss == pytest.approx(evaluate_run(run).loss, rel=1e-6)
    assert sum(len(idx) for idx, _ in held_out_batches(run.config(), corpus, windows=3)) == 3


def test_a_prompt_follows_bos_and_is_cropped_to_the_block(tiny: Any) -> None:
    opened = open_model(tiny.trained("tensor"))
    tokenizer = opened.tokenizer
    assert opened.encode("anna") == ([tokenizer.bos, *tokenizer.encode("anna")], 0)
    assert opened.encode("").tokens == [tokenizer.bos]
    assert opened.encode("annaannaanna") == (tokenizer.encode("annaanna"), 5)
    with pytest.raises(UnknownCharacterError, match="The character '!' is unknown"):
        opened.encode("anna!")
    assert torch.equal(opened.trace([1, 2]).logits, opened.model(torch.tensor([[1, 2]]))[0][0])


def test_running_text_has_no_bos_to_stand_for_an_empty_prompt(tiny: Any) -> None:
    corpus = load_corpus("names")
    text = type(corpus)("lines", corpus.text[:2000], "text")
    settings = {"steps": 1, "n_embd": 8, "n_head": 2, "batch_size": 2, "block_size": 8}
    run = create_run(configure(PRESETS["gpt-small"], text, settings), text)
    train_run(run)
    opened = open_model(run)
    assert opened.encode("ann").tokens == opened.tokenizer.encode("ann")
    with pytest.raises(ValueError, match="needs at least one character"):
        opened.encode("")
