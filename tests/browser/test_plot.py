"""The plot component in a real browser, beside a figure to which data streams in each 0.3 s."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.theme import DARK, LIGHT

Serve = Callable[[Path], str]

APP = Path(__file__).parent / "apps" / "streaming_plots.py"
CURVE = '[aria-label="A loss that falls"]'
CELLS = '[aria-label="Twelve cells"]'


@pytest.fixture
def streaming(page: Page, serve: Serve) -> Page:
    """The page with both figures painted."""
    page.goto(serve(APP))
    expect(page.locator(f"{CURVE} .main-svg").first).to_be_visible()
    expect(page.locator(f"{CELLS} .heatmaplayer image")).to_be_visible()
    return page


def wait_for_points(page: Page, more: int) -> None:
    """Wait until that many further points streamed into the curve that is on the screen."""
    count = f"document.querySelector('{CURVE}').data[0].x"
    drawn = f"document.querySelector('{CURVE}')._fullData[0].x.length"
    start = page.evaluate(drawn)
    assert page.evaluate(f"typeof {count}") == "object"
    page.wait_for_function(f"{drawn} >= {start + more}")


def cell(page: Page, column: int, row_from_top: int) -> tuple[float, float]:
    """The middle of a heatmap cell, in pixels of the page."""
    box = page.locator(f"{CELLS} .nsewdrag").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (column + 0.5) / 4
    return x, box["y"] + box["height"] * (row_from_top + 0.5) / 3


def painted(chart: Locator, part: str, attribute: str) -> str:
    """The stroke or fill of a part of the chart, as #RRGGBB."""
    style = chart.locator(part).first.evaluate(
        "(element, attribute) => getComputedStyle(element)[attribute]", attribute
    )
    red, green, blue = (int(number) for number in re.findall(r"\d+", style)[:3])
    return f"#{red:02X}{green:02X}{blue:02X}"


def test_the_node_stays_while_data_streams_in(streaming: Page) -> None:
    streaming.evaluate(
        f"document.querySelector('{CURVE}').svgAtFirst ="
        f" document.querySelector('{CURVE} .main-svg')"
    )
    wait_for_points(streaming, 4)
    same = (
        f"(c => c.svgAtFirst === c.querySelector('.main-svg'))(document.querySelector('{CURVE}'))"
    )
    assert streaming.evaluate(same)


def test_the_zoom_stays_while_data_streams_in(streaming: Page) -> None:
    box = streaming.locator(f"{CURVE} .nsewdrag").bounding_box()
    assert box is not None
    streaming.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    streaming.mouse.down()
    streaming.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.8, steps=5)
    streaming.mouse.up()
    shown = f"document.querySelector('{CURVE}')._fullLayout.xaxis.range.map(Number)"
    streaming.wait_for_function(f"{shown}[0] > 1")
    zoomed = streaming.evaluate(shown)
    wait_for_points(streaming, 4)
    assert streaming.evaluate(shown) == zoomed


def test_the_hover_label_stays_while_data_streams_in(streaming: Page) -> None:
    box = streaming.locator(f"{CURVE} .nsewdrag").bounding_box()
    assert box is not None
    # The first point: e^0 = 1 at the upper left corner, wherever the other end has grown to.
    streaming.mouse.move(box["x"] + 3, box["y"] + box["height"] * 0.06)
    streaming.mouse.move(box["x"] + 2, box["y"] + box["height"] * 0.06)
    expect(streaming.locator(f"{CURVE} .hoverlayer .hovertext")).to_be_visible()
    wait_for_points(streaming, 4)
    expect(streaming.locator(f"{CURVE} .hoverlayer .hovertext")).to_be_visible()


def test_a_click_on_a_heatmap_cell_reaches_python(streaming: Page) -> None:
    streaming.mouse.click(*cell(streaming, column=2, row_from_top=0))
    # Column c, row z, and the value 10 at row 2, column 2 of twelve cells counted from 0.
    expect(streaming.get_by_text("click c z 10 0 (2, 2)")).to_be_visible()


def test_what_is_pointed_at_reaches_python(streaming: Page) -> None:
    streaming.mouse.move(*cell(streaming, column=1, row_from_top=1))
    expect(streaming.get_by_text("pointed ('b', 'y')")).to_be_visible()


def test_arrow_keys_reach_a_cell_and_enter_clicks_it(streaming: Page) -> None:
    streaming.locator(CELLS).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        streaming.keyboard.press(key)
    expect(streaming.get_by_text("click b y 5 0 (1, 1)")).to_be_visible()
    spoken = streaming.locator(f".gpt-plot:has({CELLS}) .gpt-spoken")
    expect(spoken).to_have_text("x b, y y, value 5")


@pytest.mark.parametrize(
    ("label", "name", "opening"),
    [
        ("Save as PNG", "curve.png", b"\x89PNG\r\n\x1a\n"),
        ("Save as SVG", "curve.svg", b"<svg"),
        ("Save the data as CSV", "curve.csv", b"trace,x,y,z,text\nloss,0,1,,\nloss,1,0.967216"),
    ],
)
def test_a_figure_can_be_saved(streaming: Page, label: str, name: str, opening: bytes) -> None:
    button = streaming.locator(f".gpt-plot:has({CURVE})").get_by_label(label)
    with streaming.expect_download() as download:
        button.focus()
        streaming.keyboard.press("Enter")
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes().startswith(opening)


def test_what_is_saved_has_the_names_that_it_was_given(streaming: Page) -> None:
    with streaming.expect_download() as download:
        cells = streaming.locator(f".gpt-plot:has({CELLS})")
        cells.get_by_label("Save the data as CSV").press("Enter")
    assert download.value.suggested_filename == "twelve-cells.csv"
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[:3] == ["letter,row,share", "a,x,0", "b,x,1"]
    assert len(lines) == 1 + 12  # a point without a share is left out


def test_an_exported_picture_has_the_fonts_of_the_page_in_it(streaming: Page) -> None:
    with streaming.expect_download() as download:
        streaming.locator(f".gpt-plot:has({CURVE})").get_by_label("Save as SVG").press("Enter")
    picture = Path(download.value.path()).read_text()
    for family in ("Source Sans", "Source Code Pro"):
        assert re.search(
            rf'@font-face{{font-family:"{family}"[^}}]+url\(data:[^,]+,.{{1000}}', picture
        )


def test_an_exported_picture_has_the_ground_of_the_page(streaming: Page) -> None:
    with streaming.expect_download() as download:
        streaming.locator(f".gpt-plot:has({CURVE})").get_by_label("Save as SVG").press("Enter")
    picture = Path(download.value.path()).read_text()
    red, green, blue = (int(LIGHT.ground[at : at + 2], 16) for at in (1, 3, 5))
    assert f"rgb({red}, {green}, {blue})" in picture


def test_a_switch_of_theme_repaints(streaming: Page) -> None:
    """Also the heatmap, to which nothing new comes from Python."""
    curve, cells = streaming.locator(CURVE), streaming.locator(CELLS)
    assert painted(curve, ".scatterlayer .js-line", "stroke") == LIGHT.forward
    assert painted(cells, ".xtick text", "fill") == LIGHT.muted
    streaming.get_by_test_id("stMainMenu").get_by_role("button").click()
    streaming.get_by_role("menuitemradio", name="Dark").click()
    streaming.wait_for_function(
        f"getComputedStyle(document.querySelector('{CURVE}')).colorScheme === 'dark'"
    )
    wait_for_points(streaming, 1)
    assert painted(curve, ".scatterlayer .js-line", "stroke") == DARK.forward
    assert painted(cells, ".xtick text", "fill") == DARK.muted


def test_nothing_on_the_page_moves(page: Page, serve: Serve) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) window.shifts.push(entry.value);
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    page.goto(serve(APP))
    below = page.get_by_text("below the figures")
    expect(below).to_be_visible()
    top = below.bounding_box()
    expect(page.locator(f"{CURVE} .main-svg").first).to_be_visible()
    page.evaluate("window.shifts = []")
    wait_for_points(page, 4)
    assert below.bounding_box() == top
    assert page.evaluate("window.shifts") == []


def test_a_script_that_does_not_load_is_said_in_a_sentence(page: Page, serve: Serve) -> None:
    page.route("**/plotly-*.min.js", lambda route: route.abort())
    page.goto(serve(APP))
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("This figure could not be drawn")
    expect(alert).to_contain_text("Reload the page to try again.")
