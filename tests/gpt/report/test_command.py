"""The command that a report gives makes the same run, setting by setting."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

import pytest

from gpt.commands import train
from gpt.commands.settings import chosen_settings
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.report.command import remaking_command
from gpt.runs.config import Origin, RunConfig
from gpt.runs.presets import PRESETS, configure

OWN = Corpus("mine.txt", "anna\nemma\nhannah\nnina\n", "documents")


def remade(config: RunConfig, corpus: Corpus, origin: RunConfig | None = None) -> RunConfig:
    """The configuration that the command leads to."""
    words = shlex.split(remaking_command(config))
    assert words[:4] == ["python", "-m", "gpt", "train"]
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    arguments = parser.parse_args(words[4:])
    assert arguments.corpus == ("corpus.txt" if config.corpus.is_own else config.corpus.name)
    assert arguments.documents == (config.corpus.is_own and config.corpus.kind == "documents")
    given = (Origin(arguments.origin, int(arguments.from_step)), origin) if origin else None
    return configure(
        PRESETS[arguments.preset],
        corpus,
        chosen_settings(arguments),
        title=arguments.title,
        origin=given,
    )


@pytest.mark.parametrize("preset", ["gpt-small", "eight-names", "microgpt", "bigram", "fast"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": 70, "learning_rate": 0.0123},
        {"steps": 5000, "seed": 7, "evaluation_interval": 10, "sample_interval": None},
        {"evaluation_interval": 10},
    ],
    ids=["as-it-is", "leaders", "long", "interval"],
)
def test_the_same_settings_come_back(preset: str, changes: dict[str, Any]) -> None:
    config = configure(PRESETS[preset], OWN, changes, title="A try; with 'quotes'")
    assert remade(config, OWN).settings() == config.settings()
    assert remade(config, OWN).title == config.title


def test_tasks_byte_pairs_and_switches_come_back() -> None:
    copy = load_corpus("copy")
    config = configure(PRESETS["copy"], copy, {"n_head": 2, "steps": 90})
    assert remade(config, copy).settings() == config.settings()
    changes = {"tokenizer": "bpe", "vocab_size": 12, "bias": True, "position": "rotary"}
    config = configure(PRESETS["gpt-small"], OWN, changes)
    assert remade(config, OWN).settings() == config.settings()
    assert "--bias true" in remaking_command(config)


def test_weights_to_start_from_are_named() -> None:
    first = configure(PRESETS["gpt-small"], OWN, {"n_embd": 48, "n_layer": 1})
    config = configure(PRESETS["gpt-small"], OWN, {"steps": 10}, origin=(Origin("a-try", 5), first))
    assert "--from a-try --from-step 5" in remaking_command(config)
    assert remade(config, OWN, first).settings() == config.settings()


def test_what_came_from_outside_is_opened_again(tmp_path: Path) -> None:
    from gpt.corpus.tokenizer import CharTokenizer
    from gpt.runs.config import Source
    from gpt.tensor.config import GPTConfig

    config = RunConfig.from_outside(
        title="A guest",
        source=Source("some where/gpt", "gpt2"),
        tokenizer=CharTokenizer("abc", has_bos=False),
        model=GPTConfig(3),
        created="",
        versions={},
    )
    assert remaking_command(config) == (
        "python -m gpt runs adopt 'some where/gpt' --title 'A guest'"
    )
