"""The pages that look inside, in a real browser: edits, pointing, the slider over training, bytes.

    python tests/benchmarks/look_inside.py [attention | inside | compare | weight] [EDITS]

Makes runs with a few checkpoints of random weights, of 4 layers of 4 heads with a block of 64, and
of 6 by 6 and 12 by 12 with 256, starts the app and Chromium, and measures with a full block:

- from a changed text, or another weight chosen, until everything that answers to it is repainted:
  the thumbnails of all heads; the grid; the distances and the pair of heads; the frame in the
  matrix and the uses, and by itself the curve, whose forward passes take their time;
- frames a second while the pointer wanders over the picture;
- from a move of the slider over the training to the repainted picture, where there is one;
- bytes received over the page's socket to the first picture, and in all with what comes behind it.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import string
import sys
import tempfile
from collections.abc import Callable
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import HOME, QUIET, start_app

SIZES = ((4, 4, 64), (6, 6, 256), (12, 12, 256))
CHECKPOINTS = 12

FRAMES = """async (milliseconds) => {
  const times = [];
  const end = performance.now() + milliseconds;
  await new Promise((done) => {
    const tick = (now) => { times.push(now); now < end ? requestAnimationFrame(tick) : done(); };
    requestAnimationFrame(tick);
  });
  return times;
}"""


class Look(NamedTuple):
    """Where on a page what is measured stands.

    Attributes:
        address: of the page, with RUN, TEXT and, for the last checkpoint, LAST in it.
        entry: the label of what is filled in.
        edit: what is typed into it, of the number of the edit and how long a text is read.
        pictures: what must have changed, by what is promised together: canvases that are cleared
            and painted in one go, or parts of a drawing.
        ready: what is there as soon as the first picture is.
        wander: what the pointer goes across.
        root: what holds the picture, the slider and the button that plays, where there is one.
        key: that sends what was filled in.
    """

    address: str
    entry: str
    edit: Callable[[int, int], str]
    pictures: dict[str, tuple[str, ...]]
    ready: str
    wander: tuple[str, ...]
    root: str | None = None
    key: str = "Control+Enter"


def text_of(length: int, seed: int) -> str:
    rng = random.Random(seed)
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(length))


def another_text(edit: int, length: int) -> str:
    return text_of(length, edit + 10)


def another_row(edit: int, length: int) -> str:
    """Of a matrix of at least 64 rows, far from the one before."""
    return str((edit + 1) * 37 % 64)


LOOKS = {
    "attention": Look(
        "attention?run=RUN&text=TEXT",
        "Text to read",
        another_text,
        {"picture": (".gpt-attention .patterns",)},
        ".gpt-attention .opener",
        (".gpt-attention .thumbnails", ".gpt-attention .heatmap"),
        root=".gpt-attention",
    ),
    "inside": Look(
        "inside?run=RUN&text=TEXT",
        "Text to read",
        another_text,
        {"picture": (".gpt-lens .cells",)},
        ".gpt-lens .reading b",
        (".gpt-lens .stage",),
        root=".gpt-lens",
    ),
    "compare": Look(
        "compare?a=RUN&a_step=0&b=RUN&b_step=LAST&text=TEXT",
        "Text that both read",
        another_text,
        {"picture": (".st-key-head-distances canvas", ".st-key-pair-of-heads canvas")},
        ".st-key-head-distances .chart",
        (".st-key-head-distances .chart", ".st-key-pair-of-heads .chart"),
    ),
    "weight": Look(
        "weight?run=RUN&matrix=blocks.0.attn.query.weight",
        "Row",
        another_row,
        {
            "matrix and uses": (
                ".st-key-weight-matrix-cells .chart",
                ".st-key-weight-uses .chart",
            ),
            "curve": (".st-key-weight-curve .chart",),
        },
        ".st-key-weight-matrix-cells .chart",
        (".st-key-weight-matrix-cells .chart", ".st-key-weight-curve .chart"),
        key="Enter",
    ),
}

PATIENCE = 60  # seconds for an edit's pictures, after which the benchmark says what it waits for

# The clock runs in the page: a question from outside would wait for whatever the page does next.
REPAINTED = """async ([pictures, patience]) => {
  const fingerprint = (selector) => {
    const canvas = document.querySelector(selector);
    // A drawn figure says what it shows in the very task in which it paints it.
    if (canvas?.matches(".gpt-drawn .chart")) return canvas.ariaLabel;
    if (!canvas?.getContext) return canvas?.innerHTML ?? "";
    // Some lines of pixels: to read them all in every frame delays what is measured by a tenth.
    const context = canvas.getContext("2d");
    let sum = 0;
    for (let line = 0; line < 12; line++) {
      const y = Math.floor(((line + 0.5) / 12) * canvas.height);
      for (const byte of context.getImageData(0, y, canvas.width, 1).data) {
        sum = (sum * 31 + byte) >>> 0;
      }
    }
    return sum;
  };
  const before = new Map(pictures.flat().map((each) => [each, fingerprint(each)]));
  const started = await new Promise((done) =>
    document.addEventListener("keydown", function heard(event) {
      if (event.key !== "Enter") return;
      document.removeEventListener("keydown", heard, true);
      done(event.timeStamp);
    }, true),
  );
  const waiting = new Map(pictures.map((together, i) => [i, new Set(together)]));
  const delays = [];
  return new Promise((done) => {
    const tick = () => {
      const now = performance.now() - started;
      for (const [i, together] of waiting) {
        for (const each of together) {
          if (fingerprint(each) !== before.get(each)) together.delete(each);
        }
        if (!together.size && waiting.delete(i)) delays[i] = now;
      }
      const unchanged = [...waiting.values()].flatMap((together) => [...together]);
      if (!waiting.size || now > 1000 * patience) done({ delays, unchanged });
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
}"""

# What has come over the socket by the frame in which the picture is there.
FIRST = """
  window.received = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        window.received += data.byteLength ?? data.length;
      });
    }
  };
  const look = () => {
    if (document.querySelector(READY)) window.first = window.received;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""

SCRUB = """async (root) => {
  const range = document.querySelector(`${root} .steps`);
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


def make_run(folder: Path, layers: int, heads: int, block_size: int) -> str:
    """A finished run of that shape: noise at every checkpoint, which takes as long to look at."""
    from gpt.corpus.corpus import Corpus
    from gpt.runs.library import create_run
    from gpt.runs.presets import PRESETS, configure
    from gpt.runs.session import train_run

    rng = random.Random(0)
    text = "".join(rng.choice(string.ascii_letters + " \n") for _ in range(20_000))
    corpus = Corpus("noise", text, "text")
    changes = {
        **{"n_layer": layers, "n_head": heads, "n_embd": 16 * heads, "block_size": block_size},
        **{"steps": 12, "batch_size": 1, "evaluation_interval": 12, "evaluation_windows": 1},
        **{"checkpoints": CHECKPOINTS, "sample_interval": None, "warmup_steps": 0},
    }
    title = f"{layers} x {heads}"
    run = create_run(configure(PRESETS["gpt-small"], corpus, changes, title=title), corpus)
    train_run(run)
    return run.name


def percentile(numbers: list[float], share: float) -> float:
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure_edits(page: Page, look: Look, length: int, edits: int) -> dict[str, list[float]]:
    """Milliseconds from the key that sends an edit to the frame that shows its pictures."""
    entry = page.get_by_label(look.entry, exact=True)
    delays: dict[str, list[float]] = {name: [] for name in look.pictures}
    for edit in range(edits):
        text = look.edit(edit, length)
        entry.fill(text)
        page.evaluate(
            f"(asked) => {{ window.repainted = ({REPAINTED})(asked) }}",
            [list(look.pictures.values()), PATIENCE],
        )
        entry.press(look.key)
        seen = page.evaluate("() => window.repainted")
        if seen["unchanged"]:
            sys.exit(
                f"{look.entry} was changed to {text!r}, and in {PATIENCE} seconds these did not"
                f" change: {', '.join(seen['unchanged'])}."
            )
        for name, delay in zip(look.pictures, seen["delays"], strict=True):
            delays[name].append(delay)
        page.wait_for_timeout(2500)  # what comes behind it: a film, tables
    return delays


def measure_frames(page: Page, look: Look) -> float:
    """The rate while the pointer moves."""
    page.locator(look.wander[0]).scroll_into_view_if_needed()
    boxes = [page.locator(each).bounding_box() for each in look.wander]
    page.evaluate(f"() => {{ window.frames = ({FRAMES})(4000) }}")
    for box in boxes:
        assert box
        steps = 200 // len(boxes)
        for step in range(steps):
            page.mouse.move(
                box["x"] + box["width"] * (0.15 + 0.7 * step / steps),
                box["y"] + box["height"] * (0.2 + 0.6 * step / steps),
            )
            page.wait_for_timeout(16)
    times: list[float] = page.evaluate("() => window.frames")
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def measure(browser: Browser, address: str, where: str, name: str, length: int, edits: int) -> str:
    look = LOOKS[where]
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.add_init_script(FIRST.replace("READY", json.dumps(look.ready)))
    view = look.address.replace("RUN", name).replace("LAST", str(CHECKPOINTS))
    page.goto(f"{address}/{view.replace('TEXT', text_of(length, 1))}")
    page.locator(look.ready).first.wait_for(timeout=90_000)
    first = page.evaluate("() => window.first")
    if look.root:
        page.wait_for_function(
            "(root) => !document.querySelector(`${root} .play`).disabled", arg=look.root
        )
    for picture in chain.from_iterable(look.pictures.values()):
        page.locator(picture).first.wait_for(state="attached", timeout=90_000)
    page.wait_for_timeout(3000)
    in_all = page.evaluate("() => window.received")
    scrubbed = page.evaluate(SCRUB, look.root) if look.root else []
    frames = measure_frames(page, look)
    edited = measure_edits(page, look, length, edits)
    page.close()
    scrubber = (
        f" scrubber median {statistics.median(scrubbed):.0f} ms, 95th"
        f" {percentile(scrubbed, 0.95):.0f} ms;"
        if scrubbed
        else ""
    )
    answers = "".join(
        f" edit to {what} median {statistics.median(delays):.0f} ms, 95th"
        f" {percentile(delays, 0.95):.0f} ms;"
        for what, delays in edited.items()
    )
    return (
        f"{where}, {name} heads, {length} tokens:{answers}"
        f" hover {frames:.0f} frames a second;{scrubber}"
        f" {first / 1000:.0f} kB to the first picture, {in_all / 1000:.0f} kB in all"
    )


def main() -> None:
    pages = [each for each in sys.argv[1:] if each in LOOKS] or list(LOOKS)
    edits = next((int(each) for each in sys.argv[1:] if each.isdecimal()), 10)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_RUNS"] = folder
        runs = [(make_run(Path(folder), *size), size[2]) for size in SIZES]
        process, address = start_app(HOME)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=[*QUIET]
                )
                for where, (name, length) in product(pages, runs):
                    print(measure(browser, address, where, name, length, edits))
                browser.close()
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
