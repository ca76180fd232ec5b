"""The Compare page in a real browser: a click, or Enter, opens a pair of heads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from explorer.models import model_at
from gpt.lens.comparison import head_distances
from gpt.runs.library import find_run
from gpt.runs.run import Run

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
TEXT = "srti=euhwqkpm=euhwqkpm"
STEPS = (132, 298)


def distance(first: int, second: int) -> str:
    run: Run = find_run("copy")
    models = [model_at(run, step) for step in STEPS]
    ids = models[0].encode(TEXT).tokens
    patterns = [model.trace(ids).patterns.flatten(0, 1) for model in models]
    return f"{head_distances(*patterns)[first, second]:.4f}"


@pytest.fixture
def compared(page: Page, serve: Callable[[Path], str]) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1400})
    query = f"a=copy&a_step={STEPS[0]}&b=copy&b_step={STEPS[1]}&text={quote(TEXT)}&pair=0~0"
    page.goto(f"{serve(HOME)}/compare?{query}")
    expect(page.locator(".gpt-headline")).to_have_text(distance(0, 0), timeout=60_000)
    expect(page.get_by_text("predicts better, by")).to_be_visible(timeout=60_000)
    return page


def grid(page: Page) -> tuple[float, float]:
    """The middle of the cell of A's head 1 of layer 0 and B's head 0 of layer 1."""
    chart = page.locator(".js-plotly-plot").first
    expect(chart.locator(".main-svg").first).to_be_visible()
    x, y = chart.evaluate(
        """chart => {
          const { left, top } = chart.getBoundingClientRect();
          const { xaxis, yaxis } = chart._fullLayout;
          return [left + xaxis._offset + xaxis.d2p(2), top + yaxis._offset + yaxis.d2p(1)];
        }"""
    )
    return x, y


def test_a_click_opens_a_pair_and_stands_in_the_address(compared: Page) -> None:
    x, y = grid(compared)
    compared.mouse.move(x - 20, y)
    compared.mouse.move(x, y)
    expect(compared.locator(".hovertext").first).to_contain_text("B layer 1, head 0")
    compared.mouse.click(x, y)
    expect(compared.locator(".gpt-headline")).to_have_text(distance(1, 2))
    expect(compared.get_by_text("A: layer 0, head 1")).to_be_visible()
    expect(compared.get_by_text("B: layer 1, head 0")).to_be_visible()
    compared.wait_for_function("() => location.search.includes('pair=1~2')")


def test_a_thing_to_try_sets_both_sides_up(compared: Page) -> None:
    compared.get_by_role("button", name="What the last steps still change").click()
    compared.wait_for_function("() => location.search.includes('a_step=529')")
    expect(compared.get_by_text("Nothing: it is one run at two moments")).to_be_visible()
