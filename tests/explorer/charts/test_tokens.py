"""How tokens are shown."""

from __future__ import annotations

from explorer.charts.tokens import chip, chips, visible


def test_blanks_and_the_beginning_can_be_seen() -> None:
    assert visible("a b\n") == "a·b↵"
    assert visible("") == "⊢"


def test_what_html_would_read_is_escaped() -> None:
    assert "<b>" not in chip("<b>", note="<i>")
    assert "&lt;b&gt;" in chip("<b>")


def test_every_token_has_its_note() -> None:
    html = chips("hi", [46, 47])
    assert html.count("gpt-token") == 2
    assert html.index("46") < html.index(">i") < html.index("47")
