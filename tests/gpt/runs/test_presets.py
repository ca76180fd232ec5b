from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from gpt.corpus.byte_pair import BytePairTokenizer
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import UnknownCharacterError
from gpt.runs.config import Origin, RunConfig, RunError
from gpt.runs.data import split_corpus
from gpt.runs.presets import PRESETS, configure, find_preset, sections

NAMES = load_corpus("names")
VERSE = Corpus("verse", "Shall I compare thee to a summer's day?\n" * 9, "text")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_configured_on_a_text_of_ones_own(name: str) -> None:
    preset = PRESETS[name]
    corpus = NAMES if preset.kind == "scalar" else VERSE
    config = configure(preset, corpus)
    assert config.training == preset.training
    assert config.model.vocab_size == corpus.tokenizer.vocab_size
    assert config.recording.sample_interval == config.training.evaluation_interval
    assert config.corpus.is_own == (corpus is VERSE)
    assert config.corpus.sha256 == corpus.sha256


def test_microgpt_keeps_its_published_size_and_settings() -> None:
    config = configure(PRESETS["microgpt"], NAMES)
    assert config.model.parameter_count() == 4_192
    assert (
        config.training.to_dict().items()
        >= {
            "steps": 1000,
            "seed": 42,
            "learning_rate": 0.01,
            "beta1": 0.85,
            "beta2": 0.99,
        }.items()
    )


def test_settings_are_changed_by_name_wherever_they_belong() -> None:
    changes = {"n_layer": 2, "steps": 70, "sample_interval": 7, "threads": 2}
    config = configure(PRESETS["gpt-small"], NAMES, changes, title="  Two   layers ")
    assert config.model.n_layer == 2
    assert config.training.steps == 70
    assert config.recording.sample_interval == 7
    assert config.compute.threads == 2
    assert config.title == "Two layers"


@pytest.mark.parametrize("kind", ["tensor", "scalar"])
def test_no_setting_is_in_two_sections(kind: str) -> None:
    names = [name for each in sections(kind).values() for name in each.descriptions()]
    # The model's vocabulary is the tokenizer's: nobody sets it there.
    names.remove("vocab_size")
    assert len(names) == len(set(names))


def test_settings_that_follow_others_do_so_unless_they_are_given() -> None:
    preset = PRESETS["nanogpt-cpu"]
    short = configure(preset, NAMES, {"steps": 50, "learning_rate": 1e-4}).training
    assert (short.warmup_steps, short.minimum_learning_rate) == (5, pytest.approx(1e-5))
    longer = configure(preset, NAMES, {"steps": 5000}).training
    assert longer.warmup_steps == 100
    with pytest.raises(ValueError, match=r"warmup_steps \(100\) must be below steps \(50\)"):
        configure(preset, NAMES, {"steps": 50, "warmup_steps": 100})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"depth": 3}, "depth is not a setting of a tensor run."),
        (
            {"vocab_size": 3},
            "vocab_size follows from the characters of the text, unless the tokenizer is bpe.",
        ),
        ({"steps": "many"}, "steps must be a whole number, not 'many'."),
        ({"learning_rate": None}, "learning_rate must be a number, not None."),
        ({"sample_temperature": 0}, "sample_temperature must be at least 0.01, not 0."),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        configure(PRESETS["gpt-small"], NAMES, changes)
    assert str(refusal.value) == sentence


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(RunError, match="There is no preset gpt-huge; there are eight-names, "):
        find_preset("gpt-huge")


def test_plain_numbers_learn_documents_only() -> None:
    with pytest.raises(RunError) as refusal:
        configure(PRESETS["microgpt"], VERSE)
    assert str(refusal.value) == (
        "The GPT made of plain numbers learns documents, one a line, but verse is running text."
    )


def test_fine_tuning_keeps_model_and_tokenizer() -> None:
    first = configure(PRESETS["gpt-small"], NAMES, {"n_embd": 24})
    origin = (Origin("first", 9), first)
    eight = load_corpus("eight-names")
    second = configure(PRESETS["nanogpt-cpu"], eight, {"dropout": 0.2}, origin=origin)
    assert second.tokenizer == first.tokenizer != eight.tokenizer
    assert (second.model.n_embd, second.model.n_layer, second.model.dropout) == (24, 3, 0.2)
    assert second.origin == Origin("first", 9)
    assert second.training == PRESETS["nanogpt-cpu"].training


def test_fine_tuning_refuses_what_the_tokenizer_or_the_model_cannot_do() -> None:
    names, verse = (configure(PRESETS["gpt-small"], corpus) for corpus in (NAMES, VERSE))
    with pytest.raises(UnknownCharacterError, match="unknown to this tokenizer, which knows 26"):
        configure(PRESETS["gpt-small"], VERSE, origin=(Origin("names", 1), names))
    with pytest.raises(RunError, match="comes from running text and has no BOS"):
        configure(PRESETS["gpt-small"], NAMES, origin=(Origin("verse", 1), verse))
    with pytest.raises(RunError, match="are those of a tensor model, which the preset microgpt"):
        configure(PRESETS["microgpt"], NAMES, origin=(Origin("names", 1), names))


def test_listing_and_configuring_does_not_import_torch() -> None:
    program = (
        "import sys; from gpt.runs import presets, library, launch, archive, control, journal;"
        " print({'torch', 'streamlit'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout == "set()\n", answer.stderr


def test_a_text_can_be_cut_into_byte_pairs() -> None:
    config = configure(PRESETS["gpt-small"], NAMES, {"tokenizer": "bpe", "vocab_size": 60})
    assert config.model.vocab_size == config.tokenizer.vocab_size == 60
    assert config.tokenizer_settings.to_dict() == {"tokenizer": "bpe", "vocab_size": 60}
    assert RunConfig.from_json(config.to_json()) == config
    # All characters of the text, and merges of the part to learn from.
    assert config.tokenizer.characters == NAMES.tokenizer.characters
    learnt = BytePairTokenizer.train(
        split_corpus(NAMES).train, 60, characters=NAMES.tokenizer.characters, has_bos=True
    )
    assert config.tokenizer == learnt
    again = configure(PRESETS["gpt-small"], NAMES, config.tokenizer_settings.to_dict())
    assert again.tokenizer is config.tokenizer, "counting pairs takes a while: once is enough"


def test_byte_pairs_are_refused_where_they_cannot_be() -> None:
    with pytest.raises(ValueError, match="A vocabulary of 26 tokens is too small: this text"):
        configure(PRESETS["gpt-small"], NAMES, {"tokenizer": "bpe", "vocab_size": 26})
    with pytest.raises(ValueError, match="tokenizer must be one of characters, bpe, not 'words'"):
        configure(PRESETS["gpt-small"], NAMES, {"tokenizer": "words"})
    with pytest.raises(RunError, match="copy is read character by character"):
        configure(PRESETS["copy"], load_corpus("copy"), {"tokenizer": "bpe"})
    first = configure(PRESETS["gpt-small"], NAMES)
    with pytest.raises(RunError) as refusal:
        configure(PRESETS["bigram"], NAMES, {"tokenizer": "bpe"}, origin=(Origin("a", 1), first))
    assert str(refusal.value) == (
        "The weights of gpt-small on names know its own tokens only: leave tokenizer as it is."
    )
