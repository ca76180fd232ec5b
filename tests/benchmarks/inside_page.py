"""The Inside page in a real browser: edits, hovering, the training under a slider, and bytes.

    python tests/benchmarks/inside_page.py [EDITS]

Makes two runs with a few checkpoints of random weights, of 4 layers of 4 heads with a block of 64
and of 6 by 6 with 256, starts the app and Chromium, and measures for each with a full block:

- from a changed text to the repainted grid;
- frames a second while the pointer wanders over the grid, each cell with its ways;
- from a move of the slider over the training to the repainted grid;
- bytes received over the page's socket to the first picture, and in all with what comes behind it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from attention_page import FRAMES, SIZES, make_run, percentile, text_of
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import HOME, QUIET, start_app

# Cleared and painted in one go: the pixels change with the text and the step.
FINGERPRINT = """() => {
  const canvas = document.querySelector(".gpt-lens .cells");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 97) sum = (sum * 31 + data[i]) >>> 0;
  return sum;
}"""

SCRUB = """async () => {
  const range = document.querySelector(".gpt-lens .steps");
  const delays = [];
  const count = Number(range.max) + 1;
  for (let move = 0; move < 24; move++) {
    const started = performance.now();
    range.value = move % count;
    range.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    delays.push(performance.now() - started);
    await new Promise((done) => setTimeout(done, 50));
  }
  return delays;
}"""

FILM_IS_THERE = "() => !document.querySelector('.gpt-lens .play').disabled"


def measure_edits(page: Page, length: int, edits: int) -> list[float]:
    entry = page.get_by_label("Text to read")
    delays = []
    for edit in range(edits):
        before = page.evaluate(FINGERPRINT)
        entry.fill(text_of(length, edit + 10))
        started = page.evaluate("performance.now()")
        entry.press("Control+Enter")
        page.wait_for_function(f"({FINGERPRINT})() !== {before}", polling="raf")
        delays.append(page.evaluate("performance.now()") - started)
        page.wait_for_timeout(2500)  # the film behind it
    return delays


def measure_frames(page: Page) -> float:
    """The rate while the pointer moves across the grid."""
    grid = page.locator(".gpt-lens .stage").bounding_box()
    assert grid
    page.evaluate(f"() => {{ window.frames = ({FRAMES})(4000) }}")
    for step in range(200):
        page.mouse.move(
            grid["x"] + grid["width"] * (0.15 + 0.8 * step / 200),
            grid["y"] + grid["height"] * (0.1 + 0.7 * (step % 50) / 50),
        )
        page.wait_for_timeout(16)
    times: list[float] = page.evaluate("() => window.frames")
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def measure(browser: Browser, address: str, name: str, length: int, edits: int) -> str:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    received = [0]

    def count(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.__setitem__(0, received[0] + len(data)))

    page.on("websocket", count)
    page.goto(f"{address}/inside?run={name}&text={text_of(length, 1)}")
    page.locator(".gpt-lens .reading b").first.wait_for()
    first = received[0]
    page.wait_for_function(FILM_IS_THERE)
    page.wait_for_timeout(3000)
    in_all = received[0]
    scrubbed = page.evaluate(SCRUB)
    frames = measure_frames(page)
    edited = measure_edits(page, length, edits)
    page.close()
    return (
        f"{name} heads, {length} tokens: edit to grid median"
        f" {statistics.median(edited):.0f} ms, 95th {percentile(edited, 0.95):.0f} ms;"
        f" hover {frames:.0f} frames a second; scrubber median"
        f" {statistics.median(scrubbed):.0f} ms, 95th {percentile(scrubbed, 0.95):.0f} ms;"
        f" {first / 1000:.0f} kB to the first picture, {in_all / 1000:.0f} kB in all"
    )


def main() -> None:
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_RUNS"] = folder
        runs = [(make_run(Path(folder), *size), size[2]) for size in SIZES]
        process, address = start_app(HOME)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=[*QUIET]
                )
                for name, length in runs:
                    print(measure(browser, address, name, length, edits))
                browser.close()
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
