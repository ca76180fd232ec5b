"""Colours, as the browser mixes and paints them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from explorer.theme import DARK, LIGHT, Palette, mix

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
Serve = Callable[[Path], str]

MIX = """([start, end, share]) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.fillStyle = `color-mix(in oklab, ${start}, ${end} ${100 * share}%)`;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


@pytest.mark.parametrize("pair", [("#FDFCF9", "#0072B2"), ("#D55E00", "#14171C")])
@pytest.mark.parametrize("share", [0.125, 0.5, 0.75])
def test_mixing_agrees_with_the_browser(page: Page, pair: tuple[str, str], share: float) -> None:
    colour = mix(*pair, share)
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    assert page.evaluate(MIX, [*pair, share]) == pytest.approx(channels, abs=1)


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_page_wears_the_palette(
    page: Page, serve: Serve, scheme: str, palette: Palette
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(serve(HOME))
    expect(page.locator(".gpt-reading .gpt-headline")).to_be_visible()
    worn = page.evaluate(
        """() => {
          const style = (selector) => getComputedStyle(document.querySelector(selector));
          return [style('.stApp').backgroundColor, style('.gpt-lead .gpt-forward').color,
                  style('h1').fontFamily.split(',')[0], style('.gpt-reading b').fontFamily];
        }"""
    )
    ground, forward_text = (
        "rgb({}, {}, {})".format(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))
        for colour in (palette.ground, palette.forward_text)
    )
    assert worn[:2] == [ground, forward_text]
    assert "Source Serif" in worn[2]
    assert "Source Code" in worn[3]


def test_nothing_is_fetched_from_elsewhere(page: Page, serve: Serve) -> None:
    address = serve(HOME)
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
            else elsewhere.append(request.url)
        ),
    )
    page.goto(address)
    expect(page.locator(".gpt-plot .main-svg").first).to_be_visible()
    assert elsewhere == []
