"""Home in a real browser: a click on the landscape starts learning there, and nothing jumps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"


def test_learning_starts_where_the_landscape_is_clicked(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(serve(HOME))
    landscape = page.locator('[aria-label^="The loss of one neuron"]')
    surface = landscape.locator(".nsewdrag")
    expect(surface).to_be_attached()
    expect(landscape.locator(".hm, .contourlayer image").first).to_be_attached()
    numbers = page.locator(".gpt-reading b")
    expect(numbers.first).to_have_text("40")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    assert box is not None
    # The landscape runs from -2.5 to 2.5 either way: three quarters along is 1.25, a quarter -1.25.
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"])
    expect(numbers.first).not_to_have_text("40")
    v, w = landscape.evaluate("chart => [chart.data[1].x[0], chart.data[1].y[0]]")
    assert abs(v - 1.25) < 0.1
    assert abs(w + 1.25) < 0.1
    top = page.get_by_role("button", name="Take giant steps").bounding_box()
    expect(numbers.first).to_have_text("40")
    assert page.get_by_role("button", name="Take giant steps").bounding_box() == top
    # Downhill from there lies the valley of two negative weights or that of two positive ones.
    v, w = (float(numbers.nth(at).inner_text().replace("−", "-")) for at in (2, 4))
    assert v * w > 0
