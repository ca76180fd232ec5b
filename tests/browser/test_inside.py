"""The Inside page in a real browser: what the grid says is what the model would say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.charts.tokens import visible
from explorer.inside.reading import Reading, read
from explorer.models import model_at
from gpt.lens.information_flow import measure_flow
from gpt.runs.library import find_run

Serve = Callable[[Path], str]

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
TEXT = "srti=euhwqkpm=euhwqkpm"
STEP = 1000
POSITION, ROW = 18, 3  # after the second w, behind the attention of layer 1
VIEW = ".gpt-lens"
# As grid.js lays the cells out.
CELL, ABOVE = 30, 6


def reading(step: int = STEP) -> Reading:
    run = find_run("copy")
    return read(run, step, tuple(model_at(run, step).encode(TEXT).tokens))


def word(whole: Reading, row: int, position: int, place: int = 0) -> str:
    token = int(whole.predictions.tokens[row, position, place])
    return visible(whole.opened.tokenizer.decode([token]))


@pytest.fixture
def view(page: Page, serve: Serve) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1000})
    query = f"run=copy&text={quote(TEXT)}&step={STEP}&position={POSITION + 1}&depth={ROW}"
    page.goto(f"{serve(HOME)}/inside?{query}")
    expect(page.locator(f"{VIEW} .reading")).to_contain_text("is made of", timeout=60_000)
    expect(page.locator(f"{VIEW} .play")).to_be_enabled(timeout=60_000)
    return page


def point_at(page: Page, position: int, row: int) -> None:
    """Bring the pointer to a cell, by the size of the drawing and the number of its cells."""
    width, height = page.locator(f"{VIEW} .width, {VIEW} .stage").evaluate_all(
        "([width, stage]) => [width.clientWidth, stage.clientHeight]"
    )
    count, rows = len(reading().trace.tokens), len(reading().streams)
    box = page.locator(f"{VIEW} .stage").bounding_box()
    assert box
    column = (width - 106 - 2) / count
    pitch = (height - ABOVE - CELL - 40) / (rows - 1)
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.move(
        box["x"] + 106 + (position + 0.5) * column,
        box["y"] + ABOVE + (rows - 1 - row) * pitch + CELL / 2,
    )


def drawn(chart: Locator, numbers: str) -> Any:
    """Numbers of a figure, once Plotly has drawn it."""
    expect(chart.locator(".main-svg").first).to_be_visible()
    return chart.evaluate(f"chart => {numbers}")


def test_the_cell_under_the_pointer_says_what_the_model_would(view: Page) -> None:
    whole = reading()
    shown = view.locator(f"{VIEW} .reading")
    for position, row in ((18, 3), (9, 1), (20, 4), (0, 0)):
        point_at(view, position, row)
        for place in range(3):
            share = float(whole.predictions.probabilities[row, position, place])
            expect(shown).to_contain_text(f"{word(whole, row, position, place)} {share:.4f}")
        rank = int(whole.predictions.last_ranks[row, position]) + 1
        expect(shown).to_contain_text(f"rank {rank}")


def test_the_pinned_cell_is_made_of_what_python_measures(view: Page) -> None:
    whole = reading()
    flow = measure_flow(whole.opened.model, whole.trace)
    by_heads = [float(flow.heads[1, head, POSITION, 10]) for head in (0, 1)]
    shown = view.locator(f"{VIEW} .reading")
    for head, share in enumerate(by_heads):
        expect(shown).to_contain_text(f"{share:.2f} head {head} from q at 11")


def test_a_click_explains_another_cell(view: Page) -> None:
    point_at(view, 9, 1)
    view.mouse.down()
    view.mouse.up()
    whole = reading()
    said = word(whole, 1, 9)
    expect(view.get_by_role("heading", name=f"Why “{said}” after “w”")).to_be_visible()
    expect(view).to_have_url(re.compile("position=10&depth=1"))
    bars = view.locator(f'[aria-label^="What each part of the model adds to the logit of {said},"]')
    expect(bars).to_be_visible()
    total = drawn(bars, "[...chart._fullData[0].x].reduce((a, b) => a + b, 0)")
    assert total == pytest.approx(float(whole.logits(9, 1).max()), abs=1e-3)


# Every message comes half a second late, as from a server that has much to do.
LATE = """
  window.WebSocket = class extends WebSocket {
    addEventListener(type, heard, ...options) {
      const late = (event) => setTimeout(() => heard(event), 500);
      super.addEventListener(type, type === "message" ? late : heard, ...options);
    }
  };
"""
WATCHED = """(slider) => {
  window.seen = [slider.value];
  const look = () => {
    if (slider.value !== window.seen.at(-1)) window.seen.push(slider.value);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_an_answer_that_the_slider_has_overtaken_does_not_move_it_back(
    page: Page, serve: Serve
) -> None:
    page.add_init_script(LATE)
    page.goto(f"{serve(HOME)}/inside?run=copy&text={quote(TEXT)}&step=0")
    expect(page.locator(f"{VIEW} .play")).to_be_enabled(timeout=60_000)
    slider = page.locator(f"{VIEW} .steps")
    slider.evaluate(WATCHED)
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
        page.wait_for_timeout(400)
    page.wait_for_timeout(2500)
    assert page.evaluate("window.seen") == [str(moved) for moved in range(5)]


def test_the_slider_shows_an_earlier_model_without_asking_python(view: Page) -> None:
    view.locator(f"{VIEW} .steps").evaluate(
        """range => {
          range.value = 0;
          range.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    expect(view.locator(f"{VIEW} .step")).to_contain_text("step 0 ")
    first = reading(0)
    share = float(first.predictions.probabilities[ROW, POSITION, 0])
    shown = view.locator(f"{VIEW} .reading")
    expect(shown).to_contain_text(f"{word(first, ROW, POSITION)} {share:.4f}")
    assert "step=1000" in view.url


def test_what_is_below_the_neurons_stays_where_it_is_while_they_are_surveyed(view: Page) -> None:
    expect(view.locator(".st-key-inside-moments table")).to_be_visible(timeout=60_000)
    view.evaluate(
        """() => {
          globalThis.heights = new Set();
          const look = () => {
            const moments = document.querySelector(".st-key-inside-moments");
            heights.add(Math.round(moments?.getBoundingClientRect().height ?? 0));
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    view.locator(f"{VIEW} .steps").focus()
    view.keyboard.press("ArrowLeft")
    expect(view.get_by_text("Reading text that was never learnt")).to_be_visible()
    expect(view.get_by_text("Reading text that was never learnt")).to_have_count(0, timeout=60_000)
    expect(view.locator(".st-key-inside-moments table")).to_be_visible()
    assert len(view.evaluate("[...heights]")) == 1


def test_cells_can_be_reached_and_pinned_by_keyboard(view: Page) -> None:
    stage = view.locator(f"{VIEW} .stage")
    stage.focus()
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowUp")
    share = float(reading().predictions.probabilities[ROW + 1, POSITION + 1, 0])
    expect(view.locator(f"{VIEW} .gpt-spoken")).to_contain_text(f"{share:.4f}")
    view.keyboard.press("Enter")
    expect(view).to_have_url(re.compile(f"position={POSITION + 2}&depth={ROW + 1}"))


def test_the_grid_is_saved_with_its_numbers(view: Page) -> None:
    with view.expect_download() as saved:
        view.locator(f"{VIEW} [data-save=csv]").click()
    rows = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))
    whole = reading()
    assert len(rows) == whole.predictions.last_ranks.numel()
    row = rows[ROW * len(whole.trace.tokens) + POSITION]
    assert (row["token"], row["depth"], row["says"]) == ("w", "L1 attention", "q")
    share = float(whole.predictions.probabilities[ROW, POSITION, 0])
    assert float(row["probability"]) == pytest.approx(share, abs=1e-6)
    with view.expect_download() as saved:
        view.locator(f"{VIEW} [data-save=svg]").click()
    drawing = saved.value.path().read_text(encoding="utf-8")
    assert drawing.count("<text") > 2 * len(rows) - 30
    assert "<path" in drawing  # the ways to the pinned cell


def test_a_piece_of_another_text_is_swapped_in(view: Page) -> None:
    view.get_by_role("button", name="Follow one letter through").click()
    chart = view.locator(
        '[aria-label^="How far the answer goes over from k to x with the residual"]'
    )
    expect(chart).to_be_visible()
    shares = drawn(chart, "[...chart._fullData[0].z].map(row => [...row])")
    assert [round(shares[row][6], 2) for row in range(3)] == [1, 1, 0]
    assert round(shares[2][14], 2) == 1


def test_how_it_is_drawn_stands_in_the_link(view: Page) -> None:
    view.get_by_role("radio", name="what does come next").click()
    view.get_by_label("where it comes from").uncheck()
    slider = view.get_by_label("Smallest share that is drawn")
    slider.focus()
    slider.press("ArrowRight")
    expect(view).to_have_url(re.compile("rank=next&curves=off&shares=0.09"))
    expect(view.locator(f"{VIEW} .reading")).to_contain_text("comes next")
    view.goto(view.url)
    expect(view.locator(f"{VIEW} .reading")).to_contain_text("comes next", timeout=60_000)
    expect(view.get_by_role("radio", name="what does come next")).to_be_checked()
    expect(view.get_by_label("where it comes from")).not_to_be_checked()
    expect(view.locator(f"{VIEW} .threshold output")).to_have_text("0.09")
