"""The Compare page in a real browser: a click, or Enter, opens a pair of heads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.charts.tokens import visible
from explorer.models import model_at
from gpt.lens.comparison import head_distances
from gpt.runs.library import find_run
from gpt.runs.run import Run

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
TEXT = "srti=euhwqkpm=euhwqkpm"
STEPS = (132, 298)
MODEL = model_at(find_run("copy"), STEPS[0])
IDS = MODEL.encode(TEXT).tokens
TOKENS = [visible(MODEL.tokenizer.decode([token])) for token in IDS]


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
    chart = page.locator(".st-key-head-distances .chart")
    expect(chart).to_have_attribute("aria-label", re.compile("How far apart"))
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    left, right, above, below = 84, 16, 36, 56  # pixels beside the cells
    across, down = box["width"] - left - right, box["height"] - above - below
    return box["x"] + left + across * 2.5 / 4, box["y"] + above + down * 1.5 / 4


def test_a_click_opens_a_pair_and_stands_in_the_address(compared: Page) -> None:
    x, y = grid(compared)
    compared.mouse.move(x - 20, y)
    compared.mouse.move(x, y)
    label = compared.locator(".st-key-head-distances .gpt-tip")
    expect(label).to_contain_text("B layer 1, head 0")
    box = label.bounding_box()
    assert box and not box["x"] <= x <= box["x"] + box["width"], "it stands beside its middle"
    compared.mouse.click(x, y)
    expect(compared.locator(".gpt-headline")).to_have_text(distance(1, 2))
    opened = "Where A: layer 0, head 1 and B: layer 1, head 0 look"
    expect(compared.get_by_role("img", name=opened)).to_be_visible()
    compared.wait_for_function("() => location.search.includes('pair=1~2')")


def pair_places(page: Page) -> tuple[Locator, list[tuple[float, float]]]:
    """The pair of heads, and in each of its three pictures the middle of the cell (2, 1)."""
    pair = page.locator(".st-key-pair-of-heads .chart")
    expect(pair).to_be_visible()
    pair.scroll_into_view_if_needed()
    box = pair.bounding_box()
    assert box
    count, room, down = len(TOKENS), box["width"] - 76, box["height"] - 116
    across = room * 0.88 / 3
    lefts = [box["x"] + 64 + picture * room * 1.06 / 3 for picture in range(3)]
    return pair, [
        (left + 1.5 * across / count, box["y"] + 60 + 2.5 * down / count) for left in lefts
    ]


def test_the_pair_says_the_numbers_of_both_models_and_their_difference(compared: Page) -> None:
    patterns = [model_at(find_run("copy"), step).trace(IDS).patterns[0, 0] for step in STEPS]
    first, second = (float(pattern[2, 1]) for pattern in patterns)
    pair, places = pair_places(compared)
    tip = pair.locator(".gpt-tip")
    said = [f"A: {first:.4f}", f"B: {second:.4f}", f"B − A: {second - first:.4f}".replace("-", "−")]
    for (x, y), each in zip(places, said, strict=True):
        compared.mouse.move(x, y)
        name, number = each.rsplit(": ", 1)
        expect(tip).to_have_text(f"{name}: {TOKENS[2]} → {TOKENS[1]}: {number}")
        box = tip.bounding_box()
        assert box and box["y"] + box["height"] < y, "it stands above its cell"
    pair.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        compared.keyboard.press(key)
    spoken = compared.locator(".st-key-pair-of-heads .gpt-spoken")
    expect(spoken).to_have_text(f"A: {TOKENS[2]} → {TOKENS[1]}: {first:.4f}")


def test_the_pair_is_saved_without_what_the_mask_forbids(compared: Page) -> None:
    pair, _ = pair_places(compared)
    pair.hover()
    with compared.expect_download() as saved:
        compared.get_by_role("group", name="Save this figure").nth(1).get_by_text("CSV").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == 'whose,"query, from 0","key, from 0",weight'
    count = len(TOKENS)
    assert len(lines) == 1 + 3 * count * (count + 1) // 2
    assert lines[1] == "A,0,0,1"


def test_a_thing_to_try_sets_both_sides_up(compared: Page) -> None:
    compared.get_by_role("button", name="What the last steps still change").click()
    compared.wait_for_function("() => location.search.includes('a_step=529')")
    expect(compared.get_by_text("Nothing: it is one run at two moments")).to_be_visible()
