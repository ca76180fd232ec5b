"""The interface while a model trains, in a real browser.

    python tests/benchmarks/training_page.py [MINUTES] [THREADS]

Starts the app and Chromium and measures, first idle and then beside a run of `nanogpt-cpu`:

- on the Autograd page, from a slider's move to the repainted graph;
- on the Training page, which is left open for MINUTES (5) with a part of the loss curve zoomed in:
  every task of the page's main thread after the first paint, whether the figure's node and the zoom
  stay, and whether anything moves;
- the run's milliseconds a step, with the page open and after it is closed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograd_page import measure_slider, open_page
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import HOME, QUIET, start_app

from gpt.runs.launch import lower_priority

MOVES = 60
PLAIN_GPT = f"/autograd?text={quote('relu(w1*x + w2)')}"
RUN = "watched"
CHART = '[aria-label^="Loss of"]'
WARM_UP_STEPS = 20

COUNT_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value);
  }).observe({ type: "layout-shift" });
}"""


def percentile(numbers: list[float], share: float) -> float:
    """The smallest of the numbers that is not below that share of them."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report_slider(browser: Browser, address: str, when: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    open_page(page, address + PLAIN_GPT)
    delays = measure_slider(page, MOVES)
    page.close()
    print(
        f"slider to repainted graph, {when}, {MOVES} moves: median"
        f" {statistics.median(delays):.0f} ms, 95th percentile {percentile(delays, 0.95):.0f} ms,"
        f" longest {max(delays):.0f} ms"
    )


def train(folder: Path, threads: int) -> subprocess.Popen[bytes]:
    """A run as the page would start it, long enough for all that is measured."""
    command = [sys.executable, "-m", "gpt", "train", "--preset", "nanogpt-cpu", "--steps", "100000"]
    command += ["--warmup-steps", "100", "--threads", str(threads), "--run", str(folder / RUN)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lower_priority(process.pid)
    return process


def steps_of(folder: Path) -> list[float]:
    """Milliseconds of every step up to now."""
    with (folder / RUN / "metrics.jsonl").open() as file:
        records = (json.loads(line) for line in file if line.endswith("\n"))
        return [each["milliseconds"] for each in records if each.get("milliseconds") is not None]


def wait_for_steps(folder: Path, count: int) -> None:
    while not (folder / RUN / "metrics.jsonl").exists() or len(steps_of(folder)) < count:
        time.sleep(0.5)


def zoom_in(page: Page) -> list[float]:
    box = page.locator(CHART).locator('.nsewdrag[data-subplot="xy"]').bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=8)
    page.mouse.up()
    page.mouse.move(5, 5)
    page.wait_for_timeout(1000)
    zoomed: list[float] = page.locator(CHART).evaluate("chart => [...chart.layout.xaxis.range]")
    return zoomed


@contextmanager
def watched_tasks(browser: Browser, page: Page, trace: Path) -> Iterator[None]:
    """Has Chromium write down every task of the page while the context lasts."""
    browser.start_tracing(
        page=page, path=trace, categories=["toplevel", "disabled-by-default-devtools.timeline"]
    )
    yield
    browser.stop_tracing()


def main_thread_tasks(trace: Path) -> list[float]:
    """Milliseconds of every task of the main thread of the page, of all renderers' the busiest."""
    events: list[Mapping[str, Any]] = json.loads(trace.read_bytes())["traceEvents"]
    main_threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks: dict[tuple[int, int], list[float]] = {thread: [] for thread in main_threads}
    for event in events:
        thread = (event["pid"], event["tid"])
        if event["name"] == "RunTask" and "dur" in event and thread in tasks:
            tasks[thread].append(event["dur"] / 1000)
    return max(tasks.values(), key=sum)


def report_live_page(browser: Browser, address: str, folder: Path, minutes: float) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{address}/training?run={RUN}")
    page.locator(f"{CHART} .main-svg").first.wait_for()
    page.wait_for_timeout(4000)  # what loads behind the first paint
    chart = page.locator(CHART)
    chart.evaluate("chart => { globalThis.node = chart }")
    zoomed = zoom_in(page)
    page.evaluate(COUNT_SHIFTS)
    before = len(steps_of(folder))
    with tempfile.TemporaryDirectory() as place:
        trace = Path(place) / "trace.json"
        with watched_tasks(browser, page, trace):
            page.wait_for_timeout(60_000 * minutes)
        tasks = main_thread_tasks(trace)
    steps = steps_of(folder)[before:]
    shifts = page.evaluate("shifts")
    long = [each for each in tasks if each >= 50]
    print(
        f"live page, {minutes:g} minutes, {len(tasks):,} main-thread tasks: 99th percentile"
        f" {percentile(tasks, 0.99):.1f} ms, 99.9th {percentile(tasks, 0.999):.1f} ms, longest"
        f" {max(tasks):.0f} ms, {len(long)} of 50 ms or more"
    )
    worth_naming = [each for each in tasks if each >= 1]
    print(
        f"  of the {len(worth_naming):,} tasks of 1 ms or more: median"
        f" {statistics.median(worth_naming):.1f} ms, 99th percentile"
        f" {percentile(worth_naming, 0.99):.1f} ms"
    )
    is_same = chart.evaluate("chart => chart === globalThis.node")
    is_zoomed = chart.evaluate("chart => [...chart.layout.xaxis.range]") == zoomed
    print(f"  same node: {is_same}; zoom kept: {is_zoomed}; layout shift: {sum(shifts):.4f}")
    report_steps(steps, "with the page open")
    page.close()


def report_steps(milliseconds: list[float], when: str) -> None:
    print(
        f"  a step {when}: median {statistics.median(milliseconds):.1f} ms, 95th percentile"
        f" {percentile(milliseconds, 0.95):.1f} ms ({len(milliseconds)} steps)"
    )


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["GPT_RUNS"] = str(folder)
        app, address = start_app(HOME)
        trainer = None
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=[*QUIET]
                )
                report_slider(browser, address, "idle")
                trainer = train(folder, threads)
                wait_for_steps(folder, WARM_UP_STEPS)
                report_slider(browser, address, f"while {threads} thread(s) train")
                report_live_page(browser, address, folder, minutes)
                before = len(steps_of(folder))
                wait_for_steps(folder, before + 200)
                report_steps(steps_of(folder)[before:], "with the browser at rest")
                browser.close()
        finally:
            app.terminate()
            if trainer:
                trainer.terminate()
                trainer.wait()


if __name__ == "__main__":
    main()
