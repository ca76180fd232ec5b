"""Every setting of a run that there was to choose, in tables."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from gpt.runs.config import RunConfig
from gpt.tensor.config import GPTConfig

# They say how a model was made and trained, which nobody knows of one from outside.
_UNKNOWN_OUTSIDE = ("initialisation", "dropout")


def write_settings(config: RunConfig) -> str:
    """The tables as HTML. What changes nothing in this run, or nobody knows, is left out."""
    tables = {"run": _about(config), **chosen_settings(config), "versions": config.versions}
    return f'<div class="tables">{"".join(_table(*each) for each in tables.items())}</div>'


def chosen_settings(config: RunConfig) -> dict[str, dict[str, Any]]:
    """The settings of a run, by section and name, but for those without an effect on it."""
    settings = config.settings()
    left_out = {"model": _without_effect_on(config)}
    if settings.get("tokenizer", {}).get("tokenizer") == "characters":
        left_out["tokenizer"] = ["vocab_size"]  # it follows from the text: see the model's
    training = settings.get("training", {})
    left_out["training"] = [
        name
        for name in training
        if (name.startswith("muon_") and training["optimiser"] != "muon")
        or (name == "minimum_learning_rate" and not training[name])
        or (name == "minimum_learning_rate" and training["schedule"] == "constant")
    ]
    if "compute" in settings:
        if config.kind == "scalar":
            del settings["compute"]  # it has no use for any
        elif settings["compute"]["device"] == "auto":
            settings["compute"]["device"] = _device_chosen(config)
    return {
        section: {n: value for n, value in values.items() if n not in left_out.get(section, ())}
        for section, values in settings.items()
    }


def _without_effect_on(config: RunConfig) -> list[str]:
    unknown = list(_UNKNOWN_OUTSIDE) if config.is_from_outside else []
    if not isinstance(config.model, GPTConfig):
        return unknown
    model = config.model
    return unknown + [name for name in model.to_dict() if not model.uses(name)]


def _device_chosen(config: RunConfig) -> str:
    is_without_gpu = config.versions.get("torch", "").endswith("+cpu")
    return "cpu (chosen by itself)" if is_without_gpu else "auto: the fastest there was"


def _about(config: RunConfig) -> dict[str, Any]:
    about: dict[str, Any] = {"title": config.title, "kind": config.kind}
    if config.source:
        return about | {"came from": config.source.name, "layout": config.source.layout}
    about |= {
        "preset": config.preset,
        "corpus": config.corpus.name,
        "SHA-256 of its text": config.corpus.sha256,
    }
    if config.origin:
        about["starts from"] = f"{config.origin.run}, step {config.origin.step}"
    return about


def _table(name: str, values: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(key)}</th><td>{escape(_value(key, value))}</td></tr>'
        for key, value in values.items()
    )
    return f"<table><caption>{escape(name)}</caption><tbody>{rows}</tbody></table>"


def _value(name: str, value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # A seed is a name rather than an amount.
    return f"{value:,}" if isinstance(value, int) and name != "seed" else str(value)
