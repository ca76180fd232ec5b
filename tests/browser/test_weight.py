"""The page about one weight in a real browser: clicks choose, and the slider moves the loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.charts.weight_map import ACROSS, DOWN, MIDDLE
from gpt.lens.loss_along_weight import LossAlongWeights
from gpt.lens.next_step import prepare_step
from gpt.lens.weight_step import take_step
from gpt.runs.library import find_run

Serve = Callable[[Path], str]

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
STEP = 298
MATRIX = "blocks.0.attn.value.weight"


@pytest.fixture
def view(page: Page, serve: Serve) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1200})
    page.goto(f"{serve(HOME)}/weight?run=copy&step={STEP}&matrix={MATRIX}&row=3&column=9")
    expect(drawn(page, "weight-curve")).to_be_visible(timeout=60_000)
    return page


def chart(page: Page, key: str) -> Locator:
    """A figure by Plotly."""
    return page.locator(f".st-key-{key} .gpt-plot-chart .main-svg").first


def drawn(page: Page, key: str) -> Locator:
    """A figure on a canvas that has been painted, and so says what it shows."""
    return page.locator(f".st-key-{key} .chart[aria-label]")


def click_cell(page: Page, row: int, column: int) -> None:
    """On a cell of the matrix, which is 64 by 64."""
    box = drawn(page, "weight-matrix-cells").bounding_box()
    assert box
    left, right, above, below = 56, 62, 36, 44  # pixels beside the cells
    page.mouse.click(
        box["x"] + left + (column + 0.5) * (box["width"] - left - right) / 64,
        box["y"] + above + (row + 0.5) * (box["height"] - above - below) / 64,
    )


def click(page: Page, key: str, x: float, y: float) -> None:
    """On a point of a figure by Plotly, in the numbers of its axes."""
    place = page.locator(f".st-key-{key} .gpt-plot-chart").evaluate(
        """(chart, [x, y]) => {
          const { left, top } = chart.getBoundingClientRect();
          const { xaxis, yaxis } = chart._fullLayout;
          return [left + xaxis._offset + xaxis.d2p(x), top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    page.mouse.move(place[0] - 1, place[1])  # within the cell: Plotly may still think of it
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.up()


def test_a_click_on_the_map_chooses_a_matrix_and_one_on_a_cell_a_weight(view: Page) -> None:
    expect(chart(view, "weight-map")).to_be_visible()
    click(view, "weight-map", 2 * ACROSS + MIDDLE, 2 * DOWN + MIDDLE)  # layer 1, query
    chosen = "matrix=blocks.1.attn.query.weight"
    expect(view).to_have_url(re.compile(chosen), timeout=30_000)
    expect(drawn(view, "weight-matrix-cells")).to_be_visible()
    click_cell(view, 31, 20)
    expect(view).to_have_url(re.compile(f"{chosen}&row=31&column=20"), timeout=30_000)
    expect(view.get_by_label("Row", exact=True)).to_have_value("31")


def test_the_tangent_touches_the_curve_and_the_hand_measures_another_loss(view: Page) -> None:
    run = find_run("copy")
    following = prepare_step(run, STEP, run.corpus())
    gradient = take_step(following, MATRIX).gradient[3, 9].item()
    along = LossAlongWeights(following, MATRIX).of(3, 9)
    with view.expect_download() as download:
        figure = view.locator(".st-key-weight-curve")
        figure.get_by_label("Save the data as CSV").press("Enter")
    points = pd.read_csv(download.value.path())
    columns = ["weight", "loss, nats per token"]
    measured = points[points["what"].str.startswith("the loss")][columns].to_numpy().T.tolist()
    tangent = points[points["what"].str.startswith("the gradient")][columns].to_numpy().T.tolist()
    (xs, ys), (ends, heights) = measured, tangent
    middle = len(xs) // 2
    assert xs[middle] == pytest.approx(along.value, abs=1e-9)
    assert ys[middle] == pytest.approx(along.loss_at(along.value), rel=1e-6)
    slope = (heights[1] - heights[0]) / (ends[1] - ends[0])
    assert slope == pytest.approx(gradient, rel=1e-4)
    touching = heights[0] + slope * (xs[middle] - ends[0])
    assert touching == pytest.approx(ys[middle], rel=1e-6)

    field = view.get_by_label("Move it by hand as a number")
    field.fill("0.75")
    field.press("Enter")
    hand = view.locator(".gpt-moved > div").last
    expect(hand).to_contain_text(f"{along.loss_at(0.75):.5f}", timeout=30_000)
    assert view.locator(".gpt-moved > div").first.inner_text().count(f"{ys[middle]:.5f}") == 1


def test_keys_lead_from_matrix_to_matrix(view: Page) -> None:
    figure = view.locator(".st-key-weight-map .gpt-plot-chart")
    expect(chart(view, "weight-map")).to_be_visible()
    figure.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        figure.press(key)
    expect(view).to_have_url(re.compile("matrix=embeddings.position.weight"), timeout=30_000)


def test_another_row_is_framed_in_the_same_picture(view: Page) -> None:
    matrix = drawn(view, "weight-matrix-cells")
    expect(matrix).to_have_attribute("aria-label", re.compile("row 3, column 9 is framed"))
    matrix.evaluate("chart => { chart.isFirst = true; }")
    view.get_by_label("Row", exact=True).fill("31")
    view.get_by_label("Row", exact=True).press("Enter")
    expect(matrix).to_have_attribute("aria-label", re.compile("row 31, column 9 is framed"))
    expect(view).to_have_url(re.compile("row=31"), timeout=30_000)
    assert matrix.evaluate("chart => chart.isFirst")


def test_the_curve_stays_while_that_of_another_weight_is_measured(view: Page) -> None:
    expect(drawn(view, "weight-matrix-cells")).to_be_visible()
    view.evaluate(
        """() => {
          window.heights = new Set();
          const look = () => {
            const chart = document.querySelector(".st-key-weight-curve");
            window.heights.add(chart ? chart.clientHeight : 0);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    for row, column in ((5, 9), (40, 50), (22, 31), (60, 2)):
        click_cell(view, row, column)
        expect(view).to_have_url(re.compile(f"row={row}&column={column}"), timeout=30_000)
    assert view.evaluate("[...window.heights]") == [470]


def test_how_far_the_weight_goes_leaves_it_where_it_was_put(view: Page) -> None:
    slider = view.locator(".sliders input[type=range]").first
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    expect(view).to_have_url(re.compile("hand="), timeout=30_000)
    hand = re.search("hand=([^&]*)", view.url)
    assert hand
    view.get_by_text("very far", exact=True).click()
    expect(view).to_have_url(re.compile("reach=very"), timeout=30_000)
    assert f"hand={hand[1]}" in view.url


def test_the_slider_goes_as_far_as_the_curve(view: Page) -> None:
    slider = view.locator(".sliders input[type=range]").first

    def ends() -> tuple[float, float]:
        low, high = (float(slider.get_attribute(name) or "nan") for name in ("min", "max"))
        return low, high

    expect(slider).to_be_visible()
    low, high = ends()
    view.get_by_text("very far", exact=True).click()
    expect(view).to_have_url(re.compile("reach=very"), timeout=30_000)
    expect(slider).not_to_have_attribute("max", str(high))
    middle = (low + high) / 2
    assert ends() == pytest.approx(
        (middle - 50 / 8 * (high - low) / 2, middle + 50 / 8 * (high - low) / 2)
    )
