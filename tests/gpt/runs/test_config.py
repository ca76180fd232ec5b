from __future__ import annotations

import json
from typing import Any

import pytest

from gpt.runs.config import RunConfig, RunError, as_folder_name


@pytest.mark.parametrize("kind", ["tensor", "scalar"])
def test_a_configuration_survives_its_file(tiny: Any, kind: str) -> None:
    config = tiny.config(kind)
    assert RunConfig.from_json(config.to_json()) == config
    assert json.loads(config.to_json())["versions"].keys() >= {"python", "gpt-explorer"}


def changed(config: RunConfig, path: str, value: object) -> bytes:
    values = config.to_dict()
    *parents, last = path.split(".")
    inner = values
    for parent in parents:
        inner = inner[parent]
    if value is KeyError:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("model", KeyError, "config.json lacks 'model'."),
        ("format", 2, "config.json is wrong: its format is 2, where 1 is understood."),
        ("kind", "gpt", "config.json is wrong: kind must be one of tensor, scalar, not 'gpt'."),
        ("kind", [], "config.json is not the configuration of a run."),
        ("title", "", "config.json is wrong: A title has 1 to 80 printable characters, not ''."),
        ("title", 3, "config.json is wrong: title must be text, not 3."),
        ("model", [], "config.json is wrong: vocab_size is missing."),
        ("model.depth", 3, "config.json is wrong: depth is not a setting here"),
        ("model.n_embd", "wide", "config.json is wrong: n_embd must be a whole number"),
        ("model.n_embd", 9, "config.json is wrong: n_embd (9) must be a multiple of n_head (2)"),
        ("model.vocab_size", 5, "config.json is wrong: The model has 5 tokens, but its tokenizer"),
        ("training.steps", 0, "config.json is wrong: steps must be at least 1, not 0."),
        ("training.learning_rate", float("nan"), "config.json is wrong: learning_rate must be"),
        ("tokenizer", {"kind": "bytes"}, "config.json is wrong: A character tokenizer is"),
        ("tokenizer", {"kind": "bpe"}, "config.json is wrong: A byte-pair tokenizer is"),
        ("tokenizer", [], "config.json is not the configuration of a run."),
        ("corpus.sha256", 5, "config.json is wrong: sha256 must be text, not 5."),
        ("recording.checkpoints", 10**9, "config.json is wrong: checkpoints must be at least 2"),
        ("origin", {"run": "a"}, "config.json is wrong: step is missing."),
        ("versions", "all", "config.json is not the configuration of a run."),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_sentence(
    tiny: Any, path: str, value: object, sentence: str
) -> None:
    with pytest.raises(RunError) as refusal:
        RunConfig.from_json(changed(tiny.config("tensor"), path, value))
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize("contents", [b"", b"\xff", b"[1", b"[" * 100_000, b"3", b'"x"', b"null"])
def test_what_is_no_configuration_at_all_is_refused(contents: bytes) -> None:
    with pytest.raises(RunError, match=r"config\.json is "):
        RunConfig.from_json(contents)


def test_folders_are_called_so_on_any_machine() -> None:
    assert as_folder_name("nanoGPT's recipe, on «Faust» 2") == "nanogpt-s-recipe-on-faust-2"
    assert as_folder_name("春") == "run"
    assert len(as_folder_name("x" * 300)) == 60
