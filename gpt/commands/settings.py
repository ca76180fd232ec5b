"""A flag for every setting of a run."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import fields
from types import NoneType
from typing import Any, get_args, get_type_hints

from gpt.runs.config import MODEL_CONFIGS
from gpt.runs.presets import sections

_PREFIX = "setting_"


def add_setting_flags(parser: argparse.ArgumentParser) -> None:
    """Adds `--n-embd 64` and the like for every setting of every kind of run."""
    known: set[str] = set()
    for kind in MODEL_CONFIGS:
        for section, settings in sections(kind).items():
            group = parser.add_argument_group(f"{section} ({kind})")
            hints, descriptions = get_type_hints(settings), settings.descriptions()
            for each in fields(settings):
                if each.name in known:
                    continue
                known.add(each.name)
                group.add_argument(
                    f"--{each.name.replace('_', '-')}",
                    dest=_PREFIX + each.name,
                    default=argparse.SUPPRESS,
                    type=_reader_of(hints[each.name]),
                    metavar=_metavar(hints[each.name]),
                    help=descriptions[each.name].replace("%", "%%"),
                )


def chosen_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, by their names."""
    return {
        name.removeprefix(_PREFIX): value
        for name, value in vars(arguments).items()
        if name.startswith(_PREFIX)
    }


def _reader_of(hint: Any) -> Any:
    """Text to what the setting expects; what is neither stays text, which the settings refuse."""
    kinds = get_args(hint) or (hint,)

    def read(text: str) -> object:
        if NoneType in kinds and text == "none":
            return None
        if bool in kinds:
            return {"true": True, "false": False}.get(text, text)
        for number in (int, float):
            if number in kinds:
                with suppress(ValueError):
                    return number(text)
        return text

    return read


def _metavar(hint: Any) -> str:
    names = {int: "N", float: "X", bool: "true|false", str: "TEXT", NoneType: "none"}
    return "|".join(names.get(kind, str(kind)) for kind in get_args(hint) or (hint,))
