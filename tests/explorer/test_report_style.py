"""A report, which stands below the app and cannot ask it, has its colours."""

from __future__ import annotations

import re

import pytest

from explorer.theme import DARK, LIGHT
from gpt.report.style import STYLE


@pytest.mark.parametrize(
    "name", ["ground", "panel", "line", "text", "muted", "forward", "forward-text", "masked"]
)
def test_the_colours_are_those_of_the_app(name: str) -> None:
    found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\);", STYLE)
    assert found
    attribute = name.replace("-", "_")
    assert found.groups() == (getattr(LIGHT, attribute), getattr(DARK, attribute))


def test_what_goes_backward_is_orange_there_too() -> None:
    assert f"--backward: {LIGHT.backward};" in STYLE
    assert LIGHT.backward == DARK.backward
