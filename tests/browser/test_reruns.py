"""Pages and their fragments in a real browser: a tick at a page's end takes nothing away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

APP = Path(__file__).parent / "apps" / "ticking.py"
RUNS = 8


def test_what_stands_below_a_tick_stays(page: Page, serve: Callable[[Path], str]) -> None:
    page.goto(serve(APP))
    texts = page.get_by_test_id("stText")
    parts = [f"{part} {number}" for number in range(4) for part in ("ticking", "below")]
    for run in range(1, RUNS + 1):
        expect(texts).to_have_text([*parts, f"run {run}"])
        page.wait_for_timeout(200)  # in which the ticks that waited have come
        assert texts.all_inner_texts() == [*parts, f"run {run}"]
        page.get_by_role("button", name="Again").click()
