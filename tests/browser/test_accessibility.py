"""Every page under axe-core's rules for WCAG 2 A and AA, in light and dark, its code unfolded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
CHAPTERS = ("text", "bigram", "averaging", "head", "notes", "rungs", "twice")
ATTENTION = "attention?run=copy&text=ab=ab"
INSIDE = "inside?run=copy&text=ab=ab"
SAMPLING = "sampling?run=copy"
PATHS = [
    "",
    "autograd",
    ATTENTION,
    INSIDE,
    SAMPLING,
    "compare?a=copy&b=copy",
    "weight?run=copy",
    *(f"ladder?chapter={chapter}" for chapter in CHAPTERS),
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.parametrize("path", PATHS)
def test_no_rule_is_broken(page: Page, serve: Callable[[Path], str], path: str) -> None:
    page.goto(f"{serve(HOME)}/{path}")
    expect(page.get_by_text("The code", exact=True)).to_be_visible()
    if path == SAMPLING:
        expect(page.locator(".gpt-distribution .taken").first).to_be_visible()
    elif not path.endswith("chapter=text"):
        expect(page.locator(".main-svg").first).to_be_visible()
    if path.startswith("attention"):  # the film brings one more figure
        expect(page.locator(".gpt-attention .play")).to_be_enabled(timeout=60_000)
    page.get_by_text("The code", exact=True).scroll_into_view_if_needed()
    page.locator("[data-testid=stExpander] summary").last.click()
    expect(page.locator("[data-testid=stCode] .token").last).to_be_visible()
    broken = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # An element that is still fading in has no contrast to measure.
        page.wait_for_timeout(1000)
        for violation in Axe().run(page, options=WCAG).response["violations"]:
            broken[scheme, violation["id"]] = [node["html"][:200] for node in violation["nodes"]]
    assert broken == {}
