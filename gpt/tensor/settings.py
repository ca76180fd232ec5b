"""Settings that check themselves: frozen records with types and limits, to JSON and back."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from functools import cache
from types import NoneType
from typing import Any, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

Number = TypeVar("Number", int, float, int | None, float | None)

PLURAL = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def limited(
    default: Number, *, at_least: float | None = None, below: float | None = None
) -> Number:
    """A dataclass field with limits, which `Settings` enforces and a page can read as metadata."""
    value: Number = field(default=default, metadata={"at_least": at_least, "below": below})
    return value


@dataclass(frozen=True)
class Settings:
    """Base of every configuration: checks each field when made, and goes to JSON and back.

    Raises ValueError, in one sentence naming the field, for a wrong type, a value out of its limits
    or a name that is not among the choices.
    """

    def __post_init__(self) -> None:
        hints = type(self)._hints()
        for each in fields(self):
            _check(each.name, getattr(self, each.name), hints[each.name], each.metadata)

    @classmethod
    @cache
    def _hints(cls) -> dict[str, Any]:
        """The types of the fields, found once: a list of runs makes hundreds of settings."""
        return get_type_hints(cls)

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name, ready for `json.dumps`."""
        return asdict(self)

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        """What each field is, in the words of the class' docstring."""
        _, _, section = (inspect.getdoc(cls) or "").partition("Attributes:\n")
        section, _, _ = section.partition("\n\n")
        entries = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", section, re.MULTILINE)
        return {name: " ".join(text.split()) for name, text in entries}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `to_dict` gave; fields that are left out take their defaults.

        Raises ValueError for a field that does not exist, is wrong, or is missing without default.
        """
        known = [each.name for each in fields(cls)]
        for name in values:
            if name not in known:
                raise ValueError(f"{name} is not a setting here; there are {', '.join(known)}.")
        for each in fields(cls):
            if each.default is MISSING and each.name not in values:
                raise ValueError(f"{each.name} is missing.")
        return cls(**values)


def _check(name: str, value: object, hint: Any, limits: Mapping[str, Any]) -> None:
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        return
    accepted = get_args(hint) or (hint,)
    if value is None and NoneType in accepted:
        return
    kind = next(each for each in accepted if each is not NoneType)
    if not _is_of_kind(value, kind):
        raise ValueError(f"{name} must be {PLURAL[kind]}, not {value!r}.")
    at_least, below = limits.get("at_least"), limits.get("below")
    if isinstance(value, int | float) and (
        (at_least is not None and value < at_least) or (below is not None and value >= below)
    ):
        range_ = f"at least {at_least}" + (f" and below {below}" if below is not None else "")
        raise ValueError(f"{name} must be {range_}, not {value}.")


def _is_of_kind(value: object, kind: type) -> bool:
    if kind is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and math.isfinite(value)  # type: ignore[arg-type]
    # bool is a kind of int in Python, but `n_layer=True` is a mistake.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
