"""The Attention page in a real browser: its numbers are the model's, and the slider moves them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.attention.reading import Reading, SwitchedOff, read
from explorer.charts.attention_words import EXACT
from explorer.charts.numbers import format_number
from explorer.charts.tokens import visible
from explorer.models import model_at
from gpt.runs.library import find_run

Serve = Callable[[Path], str]

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
TEXT = "srti=euhwqkpm=euhwqkpm"
STEP = 1000
OPEN = 2  # layer 1, head 0: one of those that copy
VIEW = ".gpt-attention"


def reading(off: tuple[int, ...] = (), step: int = STEP) -> Reading:
    run = find_run("copy")
    ids = tuple(model_at(run, step).encode(TEXT).tokens)
    return read(run, step, ids, SwitchedOff(off))


@pytest.fixture
def view(page: Page, serve: Serve) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1000})
    query = f"run=copy&text={quote(TEXT)}&step={STEP}&open={OPEN}"
    page.goto(f"{serve(HOME)}/attention?{query}")
    expect(page.locator(f"{VIEW} .heatmap .main-svg").first).to_be_visible(timeout=60_000)
    expect(page.locator(f"{VIEW} .play")).to_be_enabled(timeout=60_000)
    return page


def point_at(page: Page, query: int, key: int) -> None:
    """Bring the pointer to a cell of the open head."""
    place = page.locator(f"{VIEW} .heatmap").evaluate(
        """(chart, [query, key]) => {
          const { left, top } = chart.getBoundingClientRect();
          const { xaxis, yaxis } = chart._fullLayout;
          return [left + xaxis._offset + xaxis.d2p(key), top + yaxis._offset + yaxis.d2p(query)];
        }""",
        [query, key],
    )
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)


def shown_weight(page: Page) -> float:
    text = page.locator(f"{VIEW} .reading").inner_text()
    return float(text.rsplit(":", 1)[1])


def test_the_number_under_the_pointer_is_the_model_s(view: Page) -> None:
    whole = reading()
    pattern = whole.patterns[OPEN]
    for query, key in ((18, 10), (20, 12), (5, 0)):
        point_at(view, query, key)
        expected = f"{float(pattern[query, key]):.4f}"
        expect(view.locator(f"{VIEW} .reading")).to_contain_text(f": {expected}")
        score = float(whole.trace["blocks.1.attn.scores"][0, query, key])
        expect(view.locator(f"{VIEW} .gpt-tip")).to_contain_text(
            f"softmax({score:.2f}) = {expected}".replace("-0.00", "0.00")
        )


def test_a_click_unfolds_the_weight_into_its_product(view: Page) -> None:
    query, key = 18, 10
    point_at(view, query, key)
    view.mouse.down()
    view.mouse.up()
    whole = reading()
    share = float(whole.patterns[OPEN][query, key])
    expect(view.get_by_role("heading", name=f"How {share:.4f} came to be")).to_be_visible()
    queries, keys = (whole.trace[f"blocks.1.attn.{part}"][0].numpy() for part in ("query", "key"))
    dot = float(queries[query] @ keys[key])
    chain = view.locator(".gpt-chain")
    expect(chain).to_contain_text(format_number(dot, EXACT))
    expect(chain).to_contain_text(format_number(dot / queries.shape[1] ** 0.5, EXACT))
    expect(chain).to_contain_text(f"{share:.4f}")


def test_switching_both_copying_heads_off_shows_what_python_computes(view: Page) -> None:
    for name in ("layer 1, head 0", "layer 1, head 1"):
        view.get_by_role("button", name=f"Switch {name} off").click(force=True)
        expect(view.get_by_role("button", name=f"Switch {name} on")).to_be_attached()
    chart = view.locator('[aria-label^="The most likely tokens"]')
    expect(chart).to_have_attribute("aria-label", re.compile("with and without"))
    view.wait_for_function(
        "() => document.querySelector('[aria-label^=\"The most likely\"]').data.length === 2"
    )
    shown = chart.evaluate("chart => chart._fullData.map(bars => [[...bars.text], [...bars.y]])")
    tokenizer = model_at(find_run("copy"), STEP).tokenizer
    names = [visible(tokenizer.decode([each])) for each in range(tokenizer.vocab_size)]
    for (texts, shares), off in zip(shown, ((), (2, 3)), strict=True):
        expected = reading(off).trace.probabilities[-1].numpy()
        for text, share in zip(texts, shares, strict=True):
            assert share == pytest.approx(float(expected[names.index(text)]), abs=1e-5)


def test_the_slider_shows_an_earlier_head_without_asking_python(view: Page) -> None:
    chart = view.locator(f"{VIEW} .heatmap")
    view.locator(f"{VIEW} .steps").evaluate(
        """range => {
          range.value = 0;
          range.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    expect(view.locator(f"{VIEW} .step")).to_contain_text("step 0 ")
    view.wait_for_function(
        f"() => document.querySelector('{VIEW} .heatmap').getAttribute('aria-label')"
        ".includes('step 0:')"
    )
    drawn = chart.evaluate("chart => [...chart.data[0].z].map(row => [...row].map(Number))")
    first = reading(step=0).patterns[OPEN]
    rows, columns = np.tril_indices(len(first))
    shown = np.array(drawn, dtype=float)[rows, columns]
    np.testing.assert_allclose(shown, first[rows, columns], atol=2e-5)
    assert "step=1000" in view.url


def test_all_heads_can_be_reached_by_keyboard(view: Page) -> None:
    opener = view.get_by_role("button", name=re.compile("^layer 0, head 1"))
    opener.focus()
    view.keyboard.press("Enter")
    expect(view.locator(f"{VIEW} .open .title")).to_have_text("Layer 0, head 1")
    expect(opener).to_have_attribute("aria-pressed", "true")
