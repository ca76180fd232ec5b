from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS, generate_corpus
from gpt.corpus.tasks.task import Example
from gpt.corpus.tokenizer import UnknownCharacterError
from gpt.runs.config import Origin, RunError
from gpt.runs.data import encode_examples, split_corpus
from gpt.runs.evaluation import evaluate_run
from gpt.runs.journal import read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run

COPY = generate_corpus("copy")
TINY = {"steps": 6, "evaluation_interval": 3, "evaluation_windows": 70, "batch_size": 4}


@pytest.fixture
def copied(runs: Any) -> Run:
    config = configure(PRESETS["copy"], COPY, {**TINY, "n_layer": 1, "n_embd": 8})
    run = create_run(config, COPY)
    assert train_run(run).state == "finished"
    return run


def test_a_run_records_how_many_answers_are_right(copied: Run) -> None:
    evaluated = [m for m in read_records(copied.metrics_file) if "validation_loss" in m]
    assert [m["step"] for m in evaluated] == [0, 3, 6]
    # Untrained: as good as guessing one of the 28 tokens.
    assert evaluated[0]["validation_loss"] == pytest.approx(math.log(28), abs=0.7)
    assert all(0 <= m["validation_accuracy"] < 0.3 for m in evaluated)
    assert all(m["validation_exact_match"] == 0 for m in evaluated)
    assert copied.status().validation_accuracy == evaluated[-1]["validation_accuracy"]


def test_a_sample_answers_prompts_that_were_held_out_and_marks_them(copied: Run) -> None:
    held_out = split_corpus(COPY).validation[:10]
    lines = read_records(copied.samples_file)[-1]["text"].split("\n")
    assert len(lines) == 10
    for line, document in zip(lines, held_out, strict=True):
        written, mark = line.rsplit(" ", 1)
        assert written.startswith(f"{Example.of(document).prompt}=")
        assert mark == ("✓" if written == document else "✗")


def test_the_evaluation_reads_every_answer_held_out(copied: Run) -> None:
    evaluation = evaluate_run(copied)
    assert evaluation.baselines is None
    assert evaluation.answers is not None
    assert evaluation.answers.floor == 0
    assert 0 <= evaluation.answers.accuracy < 0.3
    # Of an answer of 7 letters on average and BOS: so many characters a token.
    characters = encode_examples(COPY, copied.config().tokenizer).characters_per_token
    assert characters == pytest.approx(7 / 8, abs=0.003)
    bits = evaluation.loss / math.log(2) / characters
    assert evaluation.bits_per_character == pytest.approx(bits)


@pytest.mark.parametrize("name", TASKS)
def test_the_block_holds_the_longest_example(name: str) -> None:
    corpus = generate_corpus(name)
    config = configure(PRESETS["gpt-small"], corpus)
    longest = max(map(len, corpus.documents)) + 1
    assert config.model.to_dict()["block_size"] == longest
    assert configure(PRESETS[name], corpus, {"block_size": 99}).model.to_dict()["block_size"] == 99
    assert not config.corpus.is_own


def test_a_block_that_is_too_short_is_refused_in_a_sentence() -> None:
    with pytest.raises(RunError) as refusal:
        configure(PRESETS["copy"], COPY, {"block_size": 12})
    assert str(refusal.value) == (
        "block_size (12) must be at least 29 for the longest example of copy."
    )


def test_one_task_can_be_learnt_after_another_but_not_after_names() -> None:
    first = configure(PRESETS["copy"], COPY)
    reverse = generate_corpus("reverse")
    second = configure(PRESETS["reverse"], reverse, origin=(Origin("copy", 1), first))
    assert second.tokenizer == first.tokenizer
    names = configure(PRESETS["gpt-small"], Corpus("names", "ann\nben\n" * 9, "documents"))
    with pytest.raises(UnknownCharacterError, match="'='"):
        configure(PRESETS["copy"], COPY, origin=(Origin("names", 1), names))


def test_plain_numbers_learn_no_tasks() -> None:
    with pytest.raises(RunError, match="learns all of a document, but of copy only the answers"):
        configure(PRESETS["microgpt"], COPY)


def test_somebodys_own_text_of_the_same_name_is_no_task() -> None:
    own = replace(COPY, text="ab=ab\ncd=cd\n" * 9, task=None)
    assert configure(PRESETS["copy"], own).corpus.is_own
