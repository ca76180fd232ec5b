"""The code that a page shows is the code that ran."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from explorer.source_code import title
from explorer.theme import mix


def test_a_title_names_the_function_its_purpose_and_its_place() -> None:
    name, _, place = title(mix).partition(" :gray[")
    assert name == (
        "`mix` — The colour ``share`` of the way from ``start`` to ``end``, in even steps to the"
        " eye."
    )
    assert place.startswith("explorer/theme.py:")


def page() -> None:
    import functools

    from explorer.source_code import show_code
    from explorer.theme import Palette, mix

    show_code(functools.lru_cache(mix), Palette.sequential.fget)


def test_the_source_is_shown_whole_unwrapped_and_dedented() -> None:
    at = AppTest.from_function(page).run()
    assert not at.exception
    assert at.header[0].value == "The code"
    wrapped, method = (code.value for code in at.code)
    assert wrapped.startswith("def mix(start: str, end: str, share: float) -> str:\n")
    assert wrapped.rstrip().endswith("for channel in linear)")
    assert method.startswith("@property\ndef sequential(self)")
