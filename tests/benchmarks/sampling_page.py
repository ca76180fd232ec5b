"""A hand on the distribution in a real browser: frames, messages, and the text after letting go.

    python tests/benchmarks/sampling_page.py [DRAGS]

Starts the app and Chromium on the run on Tiny Shakespeare that ships, and measures, first idle and
then while a GPT trains on this machine as the app itself would start it:

- frames a second, and the longest frame, while the pointer drags temperature to and fro;
- messages that the page sends meanwhile, which should be none;
- from letting go to the text that was written anew.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, WebSocket, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import HOME, QUIET, start_app
from look_inside import FRAMES, percentile

LINK = "sampling?run=shakespeare&prompt=What%20s&seed=7&length=90"
TEXT = ".gpt-distribution .text"
DRAG_SECONDS = 3


def drag(page: Page, sent: list[object], final: float) -> tuple[list[float], int, float]:
    """One drag to and fro that ends at a share of the slider's length.

    Returns the times between frames and how long the new text took, both in milliseconds, and
    between them how many messages were sent while the button was down.
    """
    box = page.get_by_role("slider", name="temperature").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    text = page.locator(TEXT)
    written = text.inner_text()
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    page.mouse.down()
    before = len(sent)
    page.evaluate(f"() => {{ window.frames = ({FRAMES})({1000 * DRAG_SECONDS}) }}")
    moves = 60 * DRAG_SECONDS
    for move in range(moves):
        share = 0.5 + 0.4 * ((move % 40) / 20 - 1) * (-1 if move % 80 >= 40 else 1)
        page.mouse.move(box["x"] + share * box["width"], middle)
        page.wait_for_timeout(8)
    times: list[float] = page.evaluate("() => window.frames")
    page.mouse.move(box["x"] + final * box["width"], middle)
    messages = len(sent) - before
    started = page.evaluate("performance.now()")
    page.mouse.up()
    while text.inner_text() == written:  # the view may be another element by now
        page.wait_for_timeout(5)
    took: float = page.evaluate("performance.now()") - started
    return [b - a for a, b in pairwise(times)], messages, took


def measure(page: Page, sent: list[object], drags: int) -> str:
    frames: list[float] = []
    messages = 0
    delays = []
    for number in range(drags):
        times, more, took = drag(page, sent, 0.3 + 0.4 * (number % 2))
        frames += times
        messages += more
        delays.append(took)
        page.wait_for_timeout(2500)  # what stands below follows
    return (
        f"{1000 * len(frames) / sum(frames):.0f} frames a second, longest frame"
        f" {max(frames):.0f} ms, {messages} messages while dragging; from letting go to the new"
        f" text median {statistics.median(delays):.0f} ms, 95th"
        f" {percentile(delays, 0.95):.0f} ms"
    )


def start_training() -> None:
    """A GPT of the app's own, on a task that needs no text from elsewhere."""
    from gpt.corpus.catalogue import load_corpus
    from gpt.runs.launch import start_run
    from gpt.runs.library import create_run
    from gpt.runs.presets import PRESETS, configure

    corpus = load_corpus("copy")
    changes = {"steps": 100_000}
    start_run(create_run(configure(PRESETS["copy"], corpus, changes, title="trains"), corpus))


def main() -> None:
    drags = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_RUNS"] = folder
        process, address = start_app(HOME)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=[*QUIET]
                )
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                sent: list[object] = []

                def listen(socket: WebSocket) -> None:
                    socket.on("framesent", lambda frame: sent.append(frame))

                page.on("websocket", listen)
                page.goto(f"{address}/{LINK}")
                page.locator(".gpt-distribution .taken").nth(59).wait_for(timeout=90_000)
                page.wait_for_timeout(3000)
                print("idle:", measure(page, sent, drags))
                start_training()
                page.wait_for_timeout(5000)
                print("while a run trains:", measure(page, sent, drags))
                browser.close()
        finally:
            stop_training()
            process.terminate()


def stop_training() -> None:
    from gpt.runs.control import stop_run
    from gpt.runs.library import list_runs

    for each in list_runs().runs:
        if each.status.is_active:
            stop_run(each.run, "benchmark")
        while each.run.status().is_active:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
