"""Sliders that answer while they are dragged, beside a graph that follows them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

Serve = Callable[[Path], str]

APP = Path(__file__).parent / "apps" / "graphs.py"


@pytest.fixture
def sliders(page: Page, serve: Serve) -> Page:
    """w1 = 0.5, x = 2 and w2 = −0.3, each from −3 to 3."""
    page.goto(serve(APP))
    expect(slider(page, "w1")).to_be_visible()
    expect(page.locator(".node")).to_have_count(6)
    return page


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def field(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name} as a number")


def numbers(page: Page) -> Locator:
    """What Python makes of the sliders."""
    return page.get_by_text(re.compile(r"^w1 = "))


def at(page: Page, name: str, share: float) -> tuple[float, float]:
    """A place on a slider's track: 0 is its left end."""
    box = slider(page, name).bounding_box()
    assert box is not None
    handle = 16
    x = box["x"] + handle / 2 + share * (box["width"] - handle)
    return x, box["y"] + box["height"] / 2


def drag(page: Page, name: str, *, seconds: float) -> None:
    """Back and forth over the right half of a slider; then a little further, and let go."""
    page.mouse.move(*at(page, name, 0.5))
    page.mouse.down()
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        page.mouse.move(*at(page, name, 0.5 + 0.4 * abs(1 - passed % 2)))
    page.mouse.move(*at(page, name, 0.95))
    page.mouse.up()


def runs(page: Page) -> int:
    text = page.get_by_text(re.compile(r"^\d+ runs$")).inner_text()
    return int(text.split()[0])


def test_while_dragged_at_most_twenty_messages_a_second(page: Page, serve: Serve) -> None:
    sent: list[float] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: sent.append(time.monotonic())),
    )
    page.goto(serve(APP))
    expect(page.locator(".node")).to_have_count(6)
    sent.clear()
    drag(page, "w1", seconds=3)
    value = slider(page, "w1").input_value()
    expect(numbers(page)).to_have_text(f"w1 = {float(value):g} x = 2 w2 = -0.3")
    busiest = max(sum(start <= moment < start + 1 for moment in sent) for start in sent)
    assert busiest <= 20
    assert len(sent) > 9, "the page should follow while the slider is dragged, not only at its end"


def test_a_slow_page_is_never_behind(page: Page, serve: Serve) -> None:
    """A report waits for the end of the run before: none is queued, and none cut short."""
    page.goto(f"{serve(APP)}/?slow=0.4")
    expect(page.locator(".node")).to_have_count(6)
    before = runs(page)
    start = time.monotonic()
    drag(page, "w1", seconds=2)
    value = f"{float(slider(page, 'w1').input_value()):g}"
    expect(numbers(page)).to_have_text(f"w1 = {value} x = 2 w2 = -0.3")
    settled = time.monotonic() - start
    expect(page.locator('[data-key="leaf w1"] .data')).to_have_text(value)
    assert 3 <= runs(page) - before <= settled / 0.4 + 1


def test_late_answers_never_move_the_handle(page: Page, serve: Serve) -> None:
    page.goto(f"{serve(APP)}/?slow=0.2")
    expect(page.locator(".node")).to_have_count(6)
    handle = slider(page, "w1")
    handle.evaluate(
        """(range) => {
          range.seen = [];
          const look = () => { range.seen.push(range.valueAsNumber); requestAnimationFrame(look); };
          look();
        }"""
    )
    page.mouse.move(*at(page, "w1", 0.6))
    page.mouse.down()
    for percent in range(60, 96):
        page.mouse.move(*at(page, "w1", percent / 100))
        time.sleep(0.03)
    page.mouse.up()
    page.wait_for_timeout(600)
    seen = handle.evaluate("(range) => range.seen")
    risen = seen[seen.index(0.5) :]
    assert risen == sorted(risen)
    assert risen[-1] > 2.5


def test_the_graph_follows_and_keeps_its_elements(sliders: Page) -> None:
    node = sliders.locator('[data-key="leaf w1"]')
    node.evaluate("(element) => (element.mark = 'the same')")
    slider(sliders, "w1").focus()
    sliders.keyboard.press("ArrowRight")
    expect(node).to_have_attribute("aria-label", "w1, data 0.51, grad 2")
    expect(sliders.locator('[data-key="leaf x"]')).to_have_attribute(
        "aria-label", "x, data 2, grad 0.51"
    )
    assert node.evaluate("(element) => element.mark") == "the same"


def test_python_hears_when_the_hand_is_still(sliders: Page) -> None:
    sliders.mouse.move(*at(sliders, "x", 0.2))
    sliders.mouse.down()
    sliders.mouse.move(*at(sliders, "x", 0.3))
    expect(sliders.get_by_text("resting False")).to_be_visible()
    sliders.mouse.up()
    expect(sliders.get_by_text("resting True")).to_be_visible()


def test_a_number_can_be_typed_and_widens_the_range(sliders: Page) -> None:
    field(sliders, "w2").fill("-7.25")
    field(sliders, "w2").press("Enter")
    expect(numbers(sliders)).to_have_text("w1 = 0.5 x = 2 w2 = -7.25")
    expect(slider(sliders, "w2")).to_have_attribute("min", "-7.25")
    assert slider(sliders, "w2").input_value() == "-7.25"
    expect(field(sliders, "w2")).to_have_value("−7.25")
    field(sliders, "w2").fill("4")
    field(sliders, "w2").press("Enter")
    expect(slider(sliders, "w2")).to_have_attribute("max", "4")
    expect(slider(sliders, "w2")).to_have_attribute("min", "-3")  # what was typed before is over


@pytest.mark.parametrize("text", ["two", "", "1,000", "0x10", "1e999", "1 + 1", "__import__('os')"])
def test_what_is_no_number_gets_a_sentence_and_loses_nothing(sliders: Page, text: str) -> None:
    field(sliders, "x").fill(text)
    field(sliders, "x").press("Enter")
    expect(sliders.get_by_role("alert")).to_contain_text("x stays 2.00")
    expect(numbers(sliders)).to_have_text("w1 = 0.5 x = 2 w2 = -0.3")
    field(sliders, "x").press("Escape")
    expect(field(sliders, "x")).to_have_value("2.00")
    expect(sliders.get_by_role("alert")).to_have_count(0)


def test_a_sentence_moves_nothing(sliders: Page) -> None:
    below = slider(sliders, "w2").bounding_box()
    field(sliders, "x").fill("two")
    field(sliders, "x").press("Enter")
    expect(sliders.get_by_role("alert")).to_be_visible()
    assert slider(sliders, "w2").bounding_box() == below


def test_a_double_click_on_the_name_goes_back_to_the_start(sliders: Page) -> None:
    slider(sliders, "w1").focus()
    sliders.keyboard.press("End")
    expect(numbers(sliders)).to_have_text("w1 = 3 x = 2 w2 = -0.3")
    sliders.locator("label", has_text="w1").dblclick()
    expect(numbers(sliders)).to_have_text("w1 = 0.5 x = 2 w2 = -0.3")


def test_a_preset_takes_every_slider(sliders: Page) -> None:
    slider(sliders, "w1").focus()
    sliders.keyboard.press("End")
    expect(numbers(sliders)).to_have_text("w1 = 3 x = 2 w2 = -0.3")
    sliders.get_by_role("button", name="Preset").click()
    expect(numbers(sliders)).to_have_text("w1 = -1 x = -1 w2 = -1")
    for name in ("w1", "x", "w2"):
        expect(field(sliders, name)).to_have_value("−1.00")
    slider(sliders, "w1").focus()
    sliders.keyboard.press("ArrowRight")
    expect(numbers(sliders)).to_have_text("w1 = -0.99 x = -1 w2 = -1")


def test_a_number_shown_rounded_is_not_changed_by_being_looked_at(sliders: Page) -> None:
    field(sliders, "x").fill("1.23456789")
    field(sliders, "x").press("Enter")
    expect(field(sliders, "x")).to_have_value("1.234568")
    expect(sliders.locator('[data-key="leaf x"]')).to_have_attribute(
        "aria-label", re.compile("data 1.235,")
    )
    sliders.wait_for_timeout(1500)  # until the hand counts as still, which is a run of its own
    ran = runs(sliders)
    field(sliders, "x").press("Enter")
    field(sliders, "x").blur()
    sliders.wait_for_timeout(300)
    assert runs(sliders) == ran
