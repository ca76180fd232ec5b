"""The command that does a run again."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import Any

from gpt.runs.config import RunConfig
from gpt.runs.presets import PRESETS, sections

# Those that move when another is given, unless they are given too: see `gpt.runs.presets`.
_FOLLOWERS = {
    "steps": "warmup_steps",
    "learning_rate": "minimum_learning_rate",
}


def remaking_command(config: RunConfig) -> str:
    """What to type in a shell to get the same run; of a model from outside, to open it again.

    Settings that the preset has anyway are left out. A text of one's own is the file corpus.txt
    that lies in the run's folder.
    """
    if config.source:
        words = ["runs", "adopt", config.source.name, "--title", config.title]
        return "python -m gpt " + shlex.join(words)
    corpus = config.corpus
    words = ["train", "--corpus", "corpus.txt" if corpus.is_own else corpus.name]
    if corpus.is_own and corpus.kind == "documents":
        words.append("--documents")
    words += ["--preset", config.preset]
    if config.origin:
        words += ["--from", config.origin.run, "--from-step", str(config.origin.step)]
    for name, value in _changed_settings(config).items():
        words += [f"--{name.replace('_', '-')}", _flag_value(value)]
    return "python -m gpt " + shlex.join([*words, "--title", config.title])


def _changed_settings(config: RunConfig) -> dict[str, Any]:
    """Every setting that would otherwise be another."""
    settings = config.settings()
    preset = PRESETS.get(config.preset)
    usual: dict[str, dict[str, Any]] = {section: {} for section in settings}
    for section, described in sections(config.kind).items():
        usual[section] = {each.name: each.default for each in fields(described)}
    if preset:
        usual["training"] = preset.training.to_dict()
        usual["model"] |= preset.model_settings
    usual["recording"]["sample_interval"] = settings["training"]["evaluation_interval"]
    if config.corpus.task:
        usual["model"].pop("block_size", None)  # else as long as the longest example
    if config.origin:
        usual["model"] = {}  # else as the origin's
    if settings["tokenizer"]["tokenizer"] == "characters":
        settings["tokenizer"].pop("vocab_size")  # it follows from the text
    settings["model"].pop("vocab_size")
    changed = {
        name: value
        for section, values in settings.items()
        for name, value in values.items()
        if name not in usual[section] or usual[section][name] != value
    }
    for leader, follower in _FOLLOWERS.items():
        if leader in changed and follower in settings["training"]:
            changed[follower] = settings["training"][follower]
    return changed


def _flag_value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
