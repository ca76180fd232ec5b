from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import pytest

from gpt.corpus.baselines import measure_baselines
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import UnknownCharacterError
from gpt.runs.config import RunError
from gpt.runs.data import bits_per_character, check_length, encode_streams, split_corpus
from gpt.runs.evaluation import evaluate_run
from gpt.runs.journal import read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.scalar_training import load_scalar_model
from gpt.runs.session import train_run
from gpt.runs.tensor_training import load_model


def test_the_split_is_the_same_for_everybody_and_gives_nothing_away() -> None:
    names = load_corpus("names")
    split = split_corpus(names)
    assert split == split_corpus(names)
    assert sorted(split.train + split.validation) == list(names.documents)
    assert len(split.validation) == len(names.documents) // 10
    # The file is in alphabetical order; a model that reads one name after another must not see it.
    follows = sum(a[0] == b[0] for a, b in zip(split.train, split.train[1:], strict=False))
    assert follows / len(split.train) < 0.15


def test_characters_per_token_count_bos_as_a_token_without_one() -> None:
    names = Corpus("x", "ann\nben\ncleo\n" * 10, "documents")
    streams = encode_streams(names)
    characters = sum(map(len, split_corpus(names).validation))
    assert streams.characters_per_token == characters / (characters + 3)
    verse = Corpus("x", "abcdefghij" * 20, "text")
    assert encode_streams(verse).characters_per_token == 1
    assert bits_per_character(math.log(2), 2.0) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_the_evaluation_of_a_checkpoint_is_the_loss_reported_at_its_step(
    tiny: Any, kind: str
) -> None:
    # As many windows and documents as there are, so that both read the same.
    every = {"evaluation_documents": 10**6} if kind == "scalar" else {"evaluation_windows": 10**6}
    run = tiny.trained(kind, **every)
    losses = {m["step"]: m.get("validation_loss") for m in read_records(run.metrics_file)}
    for which, step in (("last", 24), ("best", run.checkpoint("best").step), (6, 6)):
        evaluation = evaluate_run(run, which)
        assert evaluation.step == step
        assert evaluation.loss == pytest.approx(losses[step], rel=1e-6)
        assert evaluation.perplexity == pytest.approx(math.exp(evaluation.loss))
    streams = encode_streams(tiny.corpus)
    assert evaluation.baselines == measure_baselines(
        streams.train, streams.validation, tiny.corpus.tokenizer.vocab_size
    )


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_byte_pairs_are_learnt_and_compared_by_the_character(tiny: Any, kind: str) -> None:
    every = {"evaluation_documents": 10**6} if kind == "scalar" else {"evaluation_windows": 10**6}
    run = tiny.trained(kind, tokenizer="bpe", vocab_size=40, block_size=16, **every)
    evaluation = evaluate_run(run)
    tokenizer = run.config().tokenizer
    held_out = split_corpus(tiny.corpus).validation
    n_tokens = sum(len(tokenizer.encode(each)) + 1 for each in held_out)
    n_characters = sum(map(len, held_out))
    assert n_tokens < n_characters + len(held_out)
    surprise = evaluation.loss * n_tokens / math.log(2)
    assert evaluation.bits_per_character == pytest.approx(surprise / n_characters)
    written = read_records(run.samples_file)[-1]["text"]
    assert set(written) <= {*tokenizer.characters, "\n"}
    assert any(len(text) > 1 for text in tokenizer.texts)


def test_another_text_can_be_asked_about_if_it_has_no_other_characters(tiny: Any) -> None:
    run = tiny.trained()
    other = Corpus("others", "nina\narno\nlena\n" * 7, "documents")
    assert evaluate_run(run, "last", other).loss != evaluate_run(run).loss
    with pytest.raises(UnknownCharacterError, match="The character '!' is unknown"):
        evaluate_run(run, "last", Corpus("loud", "nina!\narno!\n" * 7, "documents"))
    with pytest.raises(RunError, match="eight-names keeps nothing from training to be tested on"):
        evaluate_run(run, "last", load_corpus("eight-names"))


def test_a_model_is_loaded_as_it_was_at_a_step(tiny: Any) -> None:
    scalar, tensor = tiny.trained("scalar"), tiny.trained("tensor")
    shape, weights = load_scalar_model(scalar, 6)
    assert {name: (len(rows), len(rows[0])) for name, rows in weights.items()} == (
        shape.matrix_shapes()
    )
    early, late = load_model(tensor, 6), load_model(tensor)
    assert not early.training
    pairs = zip(early.parameters(), late.parameters(), strict=True)
    assert any(not (a == b).all() for a, b in pairs)
    with pytest.raises(RunError, match="has no checkpoint of step 7; it has 0, 2, 6, 14, 24"):
        load_model(tensor, 7)
    with pytest.raises(RunError, match="is a GPT made of plain numbers, not of tensors"):
        load_model(scalar)
    with pytest.raises(RunError, match="is a GPT of tensors, not of plain numbers"):
        load_scalar_model(tensor)


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_weights_of_another_model_are_refused(tiny: Any, kind: str) -> None:
    run, other = tiny.trained(kind), tiny.trained(kind, n_embd=12)
    run.checkpoint(24).path.write_bytes(other.checkpoint(24).path.read_bytes())
    load = load_model if kind == "tensor" else load_scalar_model
    with pytest.raises(RunError, match=r"step-000024\.safetensors: These weights are not for this"):
        load(run, 24)


def test_the_scalar_gpt_learns_names(tiny: Any) -> None:
    """MicroGPT's own shape, briefly: most of the way to counting letters in sixty steps."""
    corpus = load_corpus("names")
    changes = {"steps": 60, "evaluation_documents": 20, "evaluation_interval": 60}
    run = create_run(configure(PRESETS["microgpt"], corpus, changes), corpus)
    assert train_run(run).state == "finished"
    losses = [m["validation_loss"] for m in read_records(run.metrics_file) if "is_best" in m]
    assert losses[0] == pytest.approx(math.log(27), abs=0.05)
    assert losses[-1] < 2.95


def test_a_text_is_long_enough_for_one_block_and_its_last_target_or_refused() -> None:
    corpus = load_corpus("eight-names")
    for block_size, is_refused in ((47, False), (48, True)):
        config = configure(PRESETS["gpt-small"], corpus, {"block_size": block_size})
        with (
            pytest.raises(RunError, match=r"48 tokens .* at least 49")
            if is_refused
            else (nullcontext())
        ):
            check_length(config, corpus)
    running = Corpus("verse", "ab" * 50, "text")  # of which nine tenths are learnt from
    check_length(configure(PRESETS["gpt-small"], running, {"block_size": 89}), running)
    with pytest.raises(RunError, match="verse has 90 tokens to learn from"):
        check_length(configure(PRESETS["gpt-small"], running, {"block_size": 90}), running)


def test_a_text_too_short_for_any_block_is_not_to_be_saved_by_a_smaller_one() -> None:
    for text, said in (("a", "has 0 tokens"), ("ab", "has 1 token ")):
        corpus = Corpus("short", text, "text")
        with pytest.raises(RunError, match=said) as refused:
            check_length(configure(PRESETS["gpt-small"], corpus), corpus)
        assert "set block_size" not in str(refused.value)
