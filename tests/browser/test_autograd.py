"""The Autograd page in a real browser: what a hand does, and what the graph then says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import Page, expect

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
Serve = Callable[[Path], str]


@pytest.fixture
def address(serve: Serve) -> str:
    return f"{serve(HOME)}/autograd"


def node(page: Page, key: str):
    return page.locator(f'g.node[data-key="{key}"]').first


def test_the_graph_follows_a_slider_while_it_is_dragged(page: Page, address: str) -> None:
    page.goto(f"{address}?text={quote('a*b')}&at=a:2~b:-3")
    expect(node(page, "leaf b")).to_contain_text("−3")
    kept = node(page, "0").element_handle()
    slider = page.get_by_role("slider", name="a", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.75, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=5)
    a = float(page.get_by_role("slider", name="a", exact=True).input_value())
    expect(node(page, "0")).to_contain_text(f"{-3 * a:.4g}".replace("-", "−"))
    assert "a:2~" in page.url, "the address waits until the hand is still"
    page.mouse.up()
    expect(page).not_to_have_url(f"{address}?text={quote('a*b')}&at=a:2~b:-3")
    link = parse_qs(urlparse(page.url).query)
    assert link["at"][0].startswith(f"a:{a:.7g}~b:-3")
    assert kept.evaluate("node => node.isConnected"), "the graph was changed in place"


def test_a_link_opens_the_same_view(page: Page, address: str) -> None:
    text = "b = a + a\nc = b + b\nc"
    page.goto(f"{address}?text={quote(text)}&at=a:1&order=naive&pin=0")
    expect(page.get_by_text("naive order").first).to_be_visible()
    expect(page.get_by_label("Expression", exact=False).first).to_have_value(text)
    expect(node(page, "leaf a")).to_contain_text("4")


@pytest.mark.parametrize(
    ("text", "sentence", "pale"),
    [
        ("sin(x)", "There is no function sin", ["sliders", "picture", "slope", "rest"]),
        ("log(w2)", "log(−0.3) is undefined", ["picture", "slope", "rest"]),  # w2 can mend it
    ],
)
def test_a_mistake_stands_beside_the_graph_that_was(
    page: Page, address: str, text: str, sentence: str, pale: list[str]
) -> None:
    page.goto(address)
    expect(node(page, "2")).to_contain_text("0.7")
    kept = node(page, "2").element_handle()
    entry = page.get_by_label("Expression", exact=False).first
    entry.fill(text)
    entry.press("Control+Enter")
    expect(page.get_by_text(sentence, exact=False)).to_be_visible()
    expect(node(page, "2")).to_contain_text("0.7")
    assert kept.evaluate("node => node.isConnected"), "the graph was left as it was"
    for part in ["sliders", "picture", "slope", "rest"]:
        opacity = "0.5" if part in pale else "1"
        expect(page.locator(f".st-key-{part}")).to_have_css("opacity", opacity)
    entry.fill("x + w1")
    entry.press("Control+Enter")
    expect(node(page, "0")).to_contain_text("2.5")
    expect(page.locator(".st-key-picture")).to_have_css("opacity", "1")
