"""The Training page in a real browser: a run is started, watched, steered, left and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from gpt.corpus.catalogue import load_corpus
from gpt.runs.control import stop_run
from gpt.runs.library import create_run, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.status import Status

APP = Path(__file__).parent / "apps" / "training.py"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COUNT_SHIFTS = """
() => {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value);
  }).observe({ type: "layout-shift" });
}
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page finds its runs."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve: Callable[[Path], str], shelf: Path) -> Iterator[str]:
    """The page's address; whatever a test leaves running is stopped at the end."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GPT_TEST_RUNS", str(shelf))
        yield serve(APP)
    for summary in list_runs(shelf).runs:
        if summary.status.is_active:
            stop_run(summary.run, "test")


def steps_shown(page: Page) -> int:
    return int(page.get_by_role("progressbar", name="steps done").get_attribute("aria-valuenow"))


def wait_for_more_than(page: Page, step: int) -> None:
    page.wait_for_function(
        """step => +document.querySelector('[aria-label="steps done"]').ariaValueNow > step""",
        arg=step,
    )


def loss_chart(page: Page) -> Locator:
    return page.locator('[aria-label^="Loss of"]')


def start_long_run(page: Page, address: str) -> None:
    page.goto(f"{address}?corpus=eight-names&preset=eight-names")
    expect(page.locator(".gpt-plot .main-svg").first).to_be_visible()
    page.get_by_text("Every setting", exact=True).first.click()
    steps = page.get_by_label("steps", exact=True)
    steps.fill("100000")
    steps.press("Enter")
    expect(page.get_by_text("100,000", exact=True).first).to_be_visible()
    page.get_by_text("Every setting", exact=True).first.click()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".gpt-run-running")).to_be_visible(timeout=60_000)
    wait_for_more_than(page, 20)


def zoom_in(page: Page) -> list[float]:
    """Drag over a part of the figure; returns the steps that it then shows."""
    box = loss_chart(page).locator('.nsewdrag[data-subplot="xy"]').bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=8)
    page.mouse.up()
    page.mouse.move(5, 5)
    page.wait_for_function(
        "() => document.querySelector('[aria-label^=\"Loss of\"]').layout.xaxis.range[0] > 1000"
    )
    zoomed: list[float] = loss_chart(page).evaluate("chart => chart.layout.xaxis.range")
    return zoomed


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".gpt-run-stopped")).to_be_visible()


def test_an_empty_page_shows_what_its_button_began_and_a_new_title_loses_no_run(
    page: Page, address: str
) -> None:
    page.goto(address)  # the first test of this file: nothing was trained yet
    page.get_by_role("button", name="Train eight names, over in seconds").click()
    expect(page.locator(".gpt-run-finished")).to_be_visible(timeout=60_000)
    page.get_by_label("Title", exact=True).last.fill("Called otherwise")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(".gpt-run-title")).to_have_text("Called otherwise")
    page.get_by_text("log loss", exact=True).click()
    expect(page.get_by_label("Run", exact=True)).to_have_value("Called otherwise")
    expect(page.locator(".gpt-run-title")).to_have_text("Called otherwise")


def test_a_run_is_watched_without_a_jump_steered_left_and_found_again(
    page: Page, address: str
) -> None:
    start_long_run(page, address)
    loss_chart(page).evaluate("chart => { globalThis.node = chart }")
    zoomed = zoom_in(page)
    page.evaluate(COUNT_SHIFTS)
    before = steps_shown(page)
    wait_for_more_than(page, before + 100)
    assert loss_chart(page).evaluate("chart => chart === globalThis.node")
    assert loss_chart(page).evaluate("chart => chart.layout.xaxis.range") == zoomed
    assert page.evaluate("shifts") == []

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".gpt-run-paused")).to_be_visible()
    rested = steps_shown(page)
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".gpt-run-paused")).to_be_visible()
    assert steps_shown(page) >= rested
    page.get_by_role("button", name="Resume").click()
    wait_for_more_than(page, rested)
    stop(page)


def test_a_run_is_saved_and_brought_in_again_and_what_cannot_be_saved_is_spoken_of(
    page: Page, address: str, shelf: Path
) -> None:
    """The file is made beside the page, where only a real click leads."""
    corpus = load_corpus("eight-names")
    run = create_run(
        configure(PRESETS["eight-names"], corpus, title="Kept"), corpus, path=shelf / "kept"
    )
    run.write_status(Status("finished", 0.0, 50, step=50))
    page.goto(f"{address}?run=kept")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as zip").click()
    assert download.value.suggested_filename == "kept.zip"
    archive = download.value.path()
    page.locator("input[type=file]").last.set_input_files(
        {"name": "kept.zip", "mimeType": "application/zip", "buffer": archive.read_bytes()}
    )
    expect(page.locator(".gpt-run-title", has_text="Kept · 2")).to_be_visible()
    assert Run(shelf / "kept-2").config() == run.config()

    page.goto(f"{address}?run=kept")
    expect(page.get_by_role("button", name="Export as zip")).to_be_visible()
    # A folder where a file should be cannot be read, whoever asks.
    (shelf / "kept" / "samples.jsonl").mkdir()
    page.get_by_role("button", name="Export as zip").click()
    expect(page.get_by_text("kept cannot be exported: Is a directory.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_access_is_broken(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    expect(page.locator(".gpt-plot .main-svg").first).to_be_visible()
    page.get_by_text("The code", exact=True).scroll_into_view_if_needed()
    expect(page.locator("[data-testid=stExpander] summary").last).to_be_visible()
    page.wait_for_timeout(1500)  # an element that is still fading in has no contrast to measure
    broken = {
        violation["id"]: [node["html"][:200] for node in violation["nodes"]]
        for violation in Axe().run(page, options=WCAG).response["violations"]
    }
    assert broken == {}
