"""The Autograd page in a real browser: from a slider's move to the repainted graph, and panning.

    python tests/benchmarks/autograd_page.py [MOVES]

Starts the app and Chromium, moves the slider of a leaf as a hand would while dragging, and waits
each time for the frame in which the new number stands in the graph. Then draws a graph of some 400
nodes and pans it, with an eye on tasks that block the main thread.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import HOME, QUIET, start_app

FOLLOW_SLIDER = """async ([range, root, moves]) => {
  const numbers = [...root.querySelectorAll("svg")];
  const shows = (text) => numbers.some((svg) => svg.textContent.includes(text));
  const delays = [];
  range.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  for (let move = 0; move < moves; move++) {
    const value = (1 + 0.0137 * (move + 1)).toFixed(4);
    const start = performance.now();
    range.step = "any";
    range.value = value;
    range.dispatchEvent(new Event("input", { bubbles: true }));
    const shown = String(Number(Number(value).toPrecision(4)));
    await new Promise((done) => {
      const look = () => (shows(shown) ? done() : requestAnimationFrame(look));
      look();
    });
    delays.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 120));
  }
  range.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  return delays;
}"""

WATCH_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push(task.duration);
  }).observe({ type: "longtask" });
}"""


def long_expression(n_operations: int) -> str:
    """A chain of sums of products over four leaves, with about this many operations."""
    lines = ["h0=a"]
    for i in range(n_operations // 6):
        lines.append(f"h{i + 1}=tanh(h{i}*b+c*d)-a*c")
    return "\n".join([*lines, f"h{len(lines) - 1}"])


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("g.node").first.wait_for()
    page.wait_for_timeout(2500)  # what loads behind the first paint


def measure_slider(page: Page, moves: int) -> list[float]:
    slider = page.locator("input.range[aria-label='x']").element_handle()
    root = page.locator("g.node").first.evaluate_handle("node => node.getRootNode()")
    delays: list[float] = page.evaluate(FOLLOW_SLIDER, [slider, root, moves])
    return delays


def measure_drawing(page: Page, text: str) -> list[float]:
    """The long tasks from the text's taking effect until the whole page has followed."""
    page.evaluate(WATCH_TASKS)
    entry = page.get_by_label("Expression", exact=False).first
    entry.fill(text)
    entry.press("Control+Enter")
    page.locator("g.node").nth(300).wait_for(state="attached")
    page.wait_for_timeout(3000)
    tasks: list[float] = page.evaluate("() => window.longTasks")
    return tasks


def measure_pan(page: Page) -> tuple[int, list[float]]:
    nodes = page.locator("g.node").count()
    page.evaluate(WATCH_TASKS)
    box = page.locator("g.node").first.evaluate(
        "node => { const b = node.ownerSVGElement.getBoundingClientRect();"
        " return [b.left + b.width / 2, b.top + b.height / 2]; }"
    )
    page.mouse.move(*box)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(box[0] + 4 * step, box[1] + 2 * (step % 20))
        time.sleep(0.016)
    page.mouse.up()
    page.wait_for_timeout(300)
    return nodes, page.evaluate("() => window.longTasks")


def main() -> None:
    moves = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    process, address = start_app(HOME)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET])
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            open_page(page, f"{address}/autograd?text={quote('relu(w1*x + w2)')}")
            delays = sorted(measure_slider(page, moves))
            print(f"slider to repainted graph, {moves} moves: median", end=" ")
            print(f"{statistics.median(delays):.0f} ms, 95th percentile", end=" ")
            print(f"{delays[int(0.95 * (moves - 1))]:.0f} ms, longest {delays[-1]:.0f} ms")

            drawn = measure_drawing(page, long_expression(390))
            nodes, panned = measure_pan(page)
            print(f"{nodes} nodes: longest task while they replace four", end=" ")
            print(f"{max(drawn, default=0):.0f} ms, while panning {max(panned, default=0):.0f} ms")
            browser.close()
    finally:
        process.terminate()


if __name__ == "__main__":
    main()
