"""Figures on a canvas in a real browser: cells with their sums, and a line with a spot."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.theme import DARK, LIGHT

Serve = Callable[[Path], str]

APP = Path(__file__).parent / "apps" / "quick_plots.py"
HEIGHT, SCALE_ROOM, ABOVE = 300, 62, 36  # pixels of both figures
CELLS_LEFT, CELLS_BELOW = 60, 40
LINE_LEFT, LINE_RIGHT, LINE_BELOW = 80, 16, 50
LEGEND = 22  # pixels of its one row


@pytest.fixture
def quick(page: Page, serve: Serve) -> Page:
    page.goto(serve(APP))
    for key in ("cells", "line"):
        expect(figure(page, key).locator("canvas")).to_be_visible()
        page.wait_for_function(f"document.querySelector('.st-key-{key} .chart').ariaLabel")
    return page


def figure(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} .gpt-drawn")


def box_of(page: Page, key: str) -> dict[str, float]:
    box = figure(page, key).locator(".chart").bounding_box()
    assert box
    return {**box}


def cell(page: Page, row: int, column: int) -> tuple[float, float]:
    """The middle of one of the twelve, in pixels of the page."""
    box = box_of(page, "cells")
    across, down = box["width"] - CELLS_LEFT - SCALE_ROOM, HEIGHT - ABOVE - CELLS_BELOW
    return (
        box["x"] + CELLS_LEFT + across * (column + 0.5) / 4,
        box["y"] + ABOVE + down * (0.3 + 0.7 * (row + 0.5) / 3),
    )


def saved(page: Page, key: str, label: str) -> str:
    with page.expect_download() as download:
        figure(page, key).get_by_label(label).press("Enter")
    return Path(download.value.path()).read_text(encoding="utf-8")


def colour(palette: str) -> str:
    return "rgb({} {} {} / 1)".format(*bytes.fromhex(palette.removeprefix("#")))


def test_a_cell_that_is_pointed_at_says_its_number_and_a_click_reaches_python(
    quick: Page,
) -> None:
    tip = figure(quick, "cells").locator(".gpt-tip")
    quick.mouse.move(*cell(quick, 1, 2))
    expect(tip).to_have_text("yc\n1")
    quick.mouse.move(*cell(quick, 0, 0))
    expect(tip).to_have_text("xa\n−5")
    quick.mouse.click(*cell(quick, 2, 3))
    expect(quick.get_by_text("clicked (2, 3)")).to_be_visible()


def test_keys_walk_through_the_cells_and_on_to_their_sums(quick: Page) -> None:
    chart = figure(quick, "cells").locator(".chart")
    spoken = figure(quick, "cells").locator(".gpt-spoken")
    chart.focus()
    for key, said in (
        ("ArrowRight", "xa\n−5"),
        ("ArrowRight", "xb\n−4"),
        ("ArrowDown", "yb\n0"),
        ("ArrowLeft", "ya\n−1"),
        ("ArrowLeft", "ya\n−1"),
        ("ArrowUp", "xa\n−5"),
        ("ArrowUp", "sum of 1: −3"),
        ("ArrowDown", "xa\n−5"),
    ):
        quick.keyboard.press(key)
        expect(spoken).to_have_text(said)
    quick.keyboard.press("ArrowDown")
    quick.keyboard.press("Enter")
    expect(quick.get_by_text("clicked (1, 0)")).to_be_visible()


def test_a_drag_enlarges_and_a_double_click_shows_all_again(quick: Page) -> None:
    tip = figure(quick, "cells").locator(".gpt-tip")
    quick.mouse.move(*cell(quick, 1, 2))
    quick.mouse.down()
    quick.mouse.move(*cell(quick, 2, 3), steps=4)
    quick.mouse.up()
    expect(quick.get_by_text("clicked None")).to_be_visible()  # a drag is no click
    quick.mouse.move(*cell(quick, 0, 0))
    expect(tip).to_have_text("yc\n1")
    quick.mouse.move(*cell(quick, 2, 3))
    expect(tip).to_have_text("zd\n6")
    quick.mouse.dblclick(*cell(quick, 2, 3))
    quick.mouse.move(*cell(quick, 0, 0))
    expect(tip).to_have_text("xa\n−5")
    quick.wait_for_timeout(600)  # longer than a click waits for a second one
    expect(quick.get_by_text("clicked None")).to_be_visible()


def test_the_line_is_drawn_where_its_numbers_are(quick: Page) -> None:
    drawing = saved(quick, "line", "Save as SVG")
    width = box_of(quick, "line")["width"] - LINE_LEFT - LINE_RIGHT
    top = ABOVE + LEGEND
    height = HEIGHT - top - LINE_BELOW
    lines = re.findall(r'<polyline points="([^"]+)"[^>]* stroke="([^"]+)"', drawing)
    _, (points, stroke) = lines  # the first is the legend's
    assert stroke == colour(LIGHT.forward)
    found = [tuple(map(float, point.split(","))) for point in points.split()]
    for i, (x, y) in enumerate(found):
        assert x == pytest.approx(LINE_LEFT + width * i / 4)
        assert y == pytest.approx(top + height * (1 - (i / 4) ** 2))
    assert len(found) == 5
    words = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    assert {"a parabola", "a spot", "across", "0.4", "1.0e−5", "2.0e−5"} <= set(words)


def test_the_frame_is_around_its_cell_and_bars_have_the_colours_of_their_signs(
    quick: Page,
) -> None:
    drawing = saved(quick, "cells", "Save as SVG")
    x, y, wide, stroke = re.findall(
        r'<rect x="([^"]+)" y="([^"]+)" width="([^"]+)"[^>]* stroke="([^"]+)" stroke-width="3"',
        drawing,
    )[0]
    assert stroke == colour(LIGHT.backward)
    left, top = cell(quick, 0, 0)
    box = box_of(quick, "cells")
    assert float(x) + float(wide) / 2 == pytest.approx(left - box["x"])
    assert float(x) == pytest.approx(CELLS_LEFT) and float(y) < top - box["y"]
    # The sums are −3, 0, 3 and 6.
    heights = [
        (fill, float(height))
        for height, fill in re.findall(r'height="([^"]+)" rx="0" fill="([^"]+)"', drawing)
        if fill in (colour(LIGHT.forward), colour(LIGHT.backward))
    ]
    bars = 0.25 * (HEIGHT - ABOVE - CELLS_BELOW)
    for (fill, height), number in zip(heights, (-3, 0, 3, 6), strict=True):
        assert fill == colour(LIGHT.backward if number < 0 else LIGHT.forward)
        assert height == pytest.approx(bars * abs(number) / 24)


def test_the_table_has_a_line_for_each_point_that_is_known(quick: Page) -> None:
    lines = saved(quick, "cells", "Save the data as CSV").splitlines()
    assert lines[:3] == ["letters,number", "xa,-5", "xb,-4"] and len(lines) == 1 + 12
    lines = saved(quick, "line", "Save the data as CSV").splitlines()
    assert lines[:2] == ["what,x,y", "a parabola,0,0"]
    assert lines[-1] == "a spot,0.5,0.00001" and len(lines) == 1 + 5 + 1


def test_what_moves_is_drawn_anew_and_nothing_else_on_the_page_moves(quick: Page) -> None:
    quick.evaluate("document.querySelector('.st-key-line canvas').isFirst = true")
    before = box_of(quick, "line")
    quick.get_by_role("button", name="Move").click()
    chart = figure(quick, "line").get_by_role("img", name="a spot at 0.75")
    expect(chart).to_be_visible()
    assert quick.evaluate("document.querySelector('.st-key-line canvas').isFirst")
    assert box_of(quick, "line") == before
    width = before["width"] - LINE_LEFT - LINE_RIGHT
    height = HEIGHT - ABOVE - LEGEND - LINE_BELOW
    quick.mouse.move(
        before["x"] + LINE_LEFT + 0.75 * width, before["y"] + ABOVE + LEGEND + 0.5 * height
    )
    expect(figure(quick, "line").locator(".gpt-tip")).to_have_text("spot at 0.75")


def test_a_switch_of_theme_repaints(quick: Page) -> None:
    quick.get_by_test_id("stMainMenu").get_by_role("button").click()
    quick.get_by_role("menuitemradio", name="Dark").click()
    quick.wait_for_function(
        "getComputedStyle(document.querySelector('.st-key-line .chart')).colorScheme === 'dark'"
    )
    quick.keyboard.press("Escape")
    quick.wait_for_timeout(200)  # the frame after the switch
    drawing = saved(quick, "line", "Save as SVG")
    assert colour(DARK.forward) in drawing and colour(LIGHT.forward) not in drawing
