"""Pages and their fragments in a real browser: a tick at a page's end takes nothing away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

APPS = Path(__file__).parent / "apps"
APP = APPS / "ticking.py"
TOGETHER = APPS / "together.py"
LEAVING = APPS / "leaving.py"
RETURNING = APPS / "returning.py"
RUNS = 8

# A browser at work: it comes to what was clicked when a tick has long been due.
BE_LATE = """
() => {
  const work = () => {
    const until = performance.now() + 500;
    while (performance.now() < until);
  };
  addEventListener("click", work, { capture: true });
}
"""


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
    page.evaluate(BE_LATE)
    for press in range(1, 4):
        again.click()
        page.wait_for_timeout(1500)
        expect(page.get_by_text(f"presses {press}", exact=True)).to_be_visible()


@pytest.mark.parametrize("other", ["Choose", "Tick"])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_done_together_with_a_fragment_s_press_is_obeyed(
    page: Page, serve: Callable[[Path], str], other: str, is_first: bool
) -> None:
    page.goto(serve(TOGETHER))
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()
    box = page.get_by_role("checkbox", name=other).element_handle()
    button = page.get_by_role("button", name="Press").element_handle()
    page.evaluate(
        "(elements) => elements.forEach((each) => each.click())",
        [box, button] if is_first else [button, box],
    )
    said = "chosen True" if other == "Choose" else "ticked True"
    expect(page.get_by_text(said, exact=True)).to_be_visible()
    expect(page.get_by_text("presses 1", exact=True)).to_be_visible()


def test_a_press_of_the_page_is_obeyed_though_only_fragments_ran_before(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(serve(TOGETHER))
    press = page.get_by_role("button", name="Press")
    press.click()
    expect(page.get_by_text("presses 1", exact=True)).to_be_visible()
    work = page.get_by_role("button", name="Work").element_handle()
    page.evaluate("(all) => all.forEach((each) => each.click())", [press.element_handle(), work])
    expect(page.get_by_text("worked True", exact=True)).to_be_visible()
    expect(page.get_by_text("presses 2", exact=True)).to_be_visible()


def test_what_the_page_sets_itself_is_no_change(page: Page, serve: Callable[[Path], str]) -> None:
    page.goto(serve(TOGETHER))
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_text("ticked True", exact=True)).to_be_visible()
    for presses in (1, 2):
        page.get_by_role("button", name="Press").click()
        expect(page.get_by_text(f"presses {presses}", exact=True)).to_be_visible()
    assert page.get_by_text("run 2", exact=True).is_visible()


def test_a_fragment_that_is_used_alone_runs_alone(page: Page, serve: Callable[[Path], str]) -> None:
    page.goto(serve(TOGETHER))
    page.get_by_text("Choose", exact=True).click()
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    for presses in range(1, 4):
        page.get_by_role("button", name="Press").click()
        expect(page.get_by_text(f"presses {presses}", exact=True)).to_be_visible()
        page.get_by_text("Tick", exact=True).click()
        expect(page.get_by_text(f"ticked {presses % 2 == 1}", exact=True)).to_be_visible()
    assert page.get_by_text("run 2", exact=True).is_visible()


@pytest.mark.parametrize("way", ["button", "link"])
def test_a_page_is_left_though_its_ticks_come_after(
    page: Page, serve: Callable[[Path], str], way: str
) -> None:
    address = serve(LEAVING)
    for _ in range(3):
        page.goto(address)
        expect(page.get_by_text("ticking 2", exact=True)).to_be_visible()
        page.evaluate(BE_LATE)
        if way == "button":
            page.get_by_role("button", name="Leave").click()
        else:
            page.get_by_role("link", name="End", exact=True).click()
        expect(page.get_by_role("checkbox", name="Stay")).to_be_visible()
        page.wait_for_timeout(500)  # in which what came after has been answered
        assert page.get_by_test_id("stText").all_inner_texts() == [f"line {n}" for n in range(3)]
        assert page.get_by_role("heading", name="End").is_visible()
        assert page.url.endswith("/end")


def test_what_the_browser_had_before_is_sent_in_full(
    page: Page, serve: Callable[[Path], str]
) -> None:
    # What is sent by its name alone may just have been dropped, which ends the connection.
    sizes: list[int] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda it: sizes.append(len(it)))
    )
    page.goto(serve(RETURNING))
    large, box = page.get_by_text("so much text"), page.get_by_text("Show", exact=True)
    expect(large).to_be_visible()
    box.click()
    expect(large).not_to_be_visible()
    box.click()
    expect(large).to_be_visible()
    assert sum(size > 30_000 for size in sizes) == 2
