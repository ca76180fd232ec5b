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
        expect(texts).to_have_text([*parts, f"run {run}", f"presses {run - 1}"])
        page.wait_for_timeout(200)  # in which the ticks that waited have come
        assert texts.all_inner_texts() == [*parts, f"run {run}", f"presses {run - 1}"]
        page.get_by_role("button", name="Again").click()


def test_a_press_counts_once_though_a_tick_comes_before_it_is_sent(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(serve(APP))
    again = page.get_by_role("button", name="Again")
    expect(again).to_be_visible()
    # A browser at work: it comes to the press when a tick has long been due.
    page.evaluate(
        """() => {
          const work = () => {
            const until = performance.now() + 500;
            while (performance.now() < until);
          };
          addEventListener("click", work, { capture: true });
        }"""
    )
    for press in range(1, 4):
        again.click()
        page.wait_for_timeout(1500)
        expect(page.get_by_text(f"presses {press}", exact=True)).to_be_visible()
