"""The Sampling page in a real browser: a hand on the sliders, the needle, stepping, forcing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from runpy import run_path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from gpt.lens.opening import open_model
from gpt.lens.writing import start_text
from gpt.runs.demos import list_demos
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.steps import TensorReader, take_step

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
LINK = "sampling?run=shakespeare&prompt=What%20s&seed=7&length=90"


def open_page(page: Page, url: str, controls: str = "") -> None:
    page.goto(f"{url}/{LINK}{controls}")
    expect(page.locator(".gpt-distribution .taken")).to_have_count(60)


def test_the_arithmetic_and_the_needle_are_pythons(
    page: Page, serve: Callable[[Path], str]
) -> None:
    open_page(page, serve(HOME), "&temperature=1.5&top_k=20&top_p=0.9&min_p=0.02")
    page.locator(".gpt-distribution .taken").first.hover()
    expect(page.locator(".gpt-distribution .caption")).to_contain_text("Token 7")
    opened = open_model(next(e.run for e in list_demos().runs if e.run.name == "shakespeare"))
    prompt = start_text(opened, "What s")
    logits = TensorReader(opened.model).next_logits(prompt)
    config = SamplingConfig(1.5, 20, 0.9, 0.02)
    text = page.locator(".gpt-distribution .drawn").inner_text()
    needle = float(text.split("stands at ")[1].split(",")[0])
    step = take_step(logits, prompt, config, uniform=needle)
    cells = page.locator(".gpt-distribution .steps dd").all_inner_texts()
    heated = next(stage for stage in step.stages if stage.name == "temperature").probabilities[0]
    token = step.token
    kept = heated[step.probabilities > 0].sum().item()
    expected = [logits[token], logits[token] / 1.5, heated[token], step.probabilities[token]]
    numbers = [float(cells[i].replace("−", "-")) for i in (0, 1, 2, 4)]
    for number, exact in zip(numbers, expected, strict=True):
        assert abs(number - float(exact)) < 1e-4
    rows = page.locator(".gpt-distribution .steps dt").all_inner_texts()
    assert f"{kept:.4f}" in rows[4]
    entropy = -sum(p * math.log(p) for p in step.probabilities.tolist() if p)
    said = page.locator(".gpt-distribution .summary dd").all_inner_texts()
    assert said[0] == f"{entropy:.3f} nats"
    assert said[2] == f"{int((step.probabilities > 0).sum())} of 65"


def test_dragging_sends_nothing_and_letting_go_writes_anew(
    page: Page, serve: Callable[[Path], str]
) -> None:
    sent: list[object] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(frame))

    page.on("websocket", listen)
    open_page(page, serve(HOME))
    page.wait_for_timeout(1500)
    box = page.get_by_role("slider", name="temperature").bounding_box()
    assert box is not None
    entropy = page.locator(".gpt-distribution .summary dd").first
    written = page.locator(".gpt-distribution .text").inner_text()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    before = len(sent)
    seen = set()
    for share in (0.55, 0.6, 0.7, 0.8, 0.9):
        page.mouse.move(box["x"] + share * box["width"], middle)
        page.wait_for_timeout(60)
        seen.add(entropy.inner_text())
    assert len(sent) == before
    assert len(seen) == 5
    page.mouse.up()
    expect(page.locator(".gpt-distribution .text")).not_to_have_text(written)
    expect(page.locator(".gpt-distribution .taken")).to_have_count(60)


def test_the_text_goes_on_and_back_and_where_it_is_forced(
    page: Page, serve: Callable[[Path], str]
) -> None:
    open_page(page, serve(HOME))
    taken = page.locator(".gpt-distribution .taken")
    page.get_by_role("button", name="one token", exact=True).click()
    expect(taken).to_have_count(61)
    page.get_by_role("button", name="step back").click()
    expect(taken).to_have_count(60)
    page.get_by_role("button", name="to the end").click()
    expect(taken).to_have_count(90)
    expect(page.get_by_role("button", name="one token", exact=True)).to_be_disabled()
    taken.nth(10).click()
    expect(taken).to_have_count(10)
    bars = page.locator(".gpt-distribution .shares")
    bars.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(taken).to_have_count(11)
    expect(page.locator(".gpt-distribution .is-forced")).to_have_count(1)


def test_of_a_large_vocabulary_the_tail_is_exact_while_it_is_dragged(
    page: Page, serve: Callable[[Path], str]
) -> None:
    script = Path(__file__).parent / "apps" / "large_vocabulary.py"
    page.goto(serve(script))
    logits = run_path(str(script))["make_text"]().ask()
    said = page.locator(".gpt-distribution .summary dd")

    def entropy(config: SamplingConfig) -> str:
        shares = take_step(logits, [], config, uniform=0.5).probabilities
        return f"{-sum(p * math.log(p) for p in shares.tolist() if p):.3f} nats"

    def kept(config: SamplingConfig) -> int:
        return int((take_step(logits, [], config, uniform=0.5).probabilities > 0).sum())

    settled = SamplingConfig(1.3, top_p=0.9)
    expect(said.first).to_have_text(entropy(settled))
    expect(said.nth(2)).to_have_text(f"{kept(settled)} of 1,000")
    drag(page, "top-p", 1.0)
    for temperature in (0.7, 1.9):
        drag(page, "temperature", temperature)
        expect(said.first).to_have_text(entropy(SamplingConfig(temperature)))
        expect(said.nth(2)).to_have_text("1,000 of 1,000")
    expect(page.locator(".gpt-distribution .drawn")).to_contain_text("Let go")
    drag(page, "top-k", 20)
    expect(said.first).to_have_text(entropy(SamplingConfig(1.9, top_k=20)))
    shares = (logits.double() / 1.0).softmax(-1)
    tail = 1 - shares.topk(100).values.sum().item()
    expect(page.locator(".gpt-distribution .caption")).to_contain_text(
        f"The other 900 hold {100 * tail:.2f} %, then 0.00 %"
    )


def drag(page: Page, name: str, value: float) -> None:
    """Move a slider as a hand does that does not let go."""
    page.get_by_role("slider", name=name).evaluate(
        "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')); }", value
    )


def test_a_click_in_the_trees_changes_the_text(page: Page, serve: Callable[[Path], str]) -> None:
    open_page(page, serve(HOME))
    taken = page.locator(".gpt-distribution .taken")
    taken.nth(10).click()
    expect(taken).to_have_count(10)
    likely = page.locator('[aria-label^="The 4 likeliest tokens after the text"]')
    likely.focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(taken).to_have_count(11)
    tried = page.locator('[aria-label^="2 continuations of the prompt"]')
    expect(tried).to_be_attached()


def test_enter_on_what_nearly_came_goes_that_way(page: Page, serve: Callable[[Path], str]) -> None:
    open_page(page, serve(HOME))
    tried = page.locator('[aria-label^="1 continuation of the prompt"]')
    tried.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "Enter"):  # past the beginning and the end
        page.keyboard.press(key)
    expect(page.locator(".gpt-distribution .is-forced")).to_have_count(1)
    expect(page.locator('[aria-label^="2 continuations of the prompt"]')).to_be_attached()


@pytest.mark.parametrize("width", [800, 1440])
def test_the_hand_the_bars_and_the_text_are_on_one_screen(
    page: Page, serve: Callable[[Path], str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, serve(HOME))
    view = page.locator(".gpt-distribution")
    for part in (".controls", ".shares", ".needle", ".acts", ".text"):
        expect(view.locator(part)).to_be_in_viewport(ratio=1)
    tops = [
        page.get_by_text(label, exact=True).first.bounding_box()
        for label in ("Run", "As after step", "Prompt", "Seed, length, past the block")
    ]
    assert len({round(box["y"] + box["height"] / 2) for box in tops if box}) == 1


@pytest.mark.parametrize("width", [800, 1440])
def test_nothing_moves_while_the_text_is_written_and_its_end_stays_in_view(
    page: Page, serve: Callable[[Path], str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{serve(HOME)}/sampling?run=shakespeare&prompt=KING&seed=7&length=400&written=1")
    taken = page.locator(".gpt-distribution .taken")
    expect(taken).to_have_count(1)
    page.wait_for_timeout(1500)
    text = page.locator(".gpt-distribution .text")
    places = "() => [...document.querySelectorAll('h1, .gpt-distribution, .arithmetic, h2')]"
    places += ".map((each) => each.getBoundingClientRect().top)"
    before = page.evaluate(places)
    for act in ("one token", "one word", "to the end"):
        page.get_by_role("button", name=act, exact=True).click()
        page.wait_for_timeout(800)
        assert page.evaluate(places) == before
    expect(taken).to_have_count(400)
    expect(taken.last).to_be_in_viewport()
    end = "text => text.scrollHeight - text.clientHeight - text.scrollTop"
    assert text.evaluate(end) < 2
    assert text.evaluate("text => text.scrollHeight - text.clientHeight") > 20, "there is more"
    # Who reads the beginning goes on reading it when the text is written anew.
    text.evaluate("text => { text.scrollTop = 10 }")
    written = text.inner_text()
    temperature = page.get_by_role("slider", name="temperature")
    temperature.focus()
    page.keyboard.press("ArrowLeft")
    expect(text).not_to_have_text(written)
    assert text.evaluate("text => text.scrollTop") == 10
    assert page.evaluate(places) == before


def test_what_was_written_by_other_controls_says_so(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(f"{serve(HOME)}/sampling?run=copy&prompt=ab%3D")
    expect(page.locator(".gpt-distribution .taken").first).to_be_attached()
    page.get_by_role("button", name="Write at every checkpoint").click()
    said = page.get_by_text("Written at temperature 1.", exact=False)
    expect(said).to_be_visible(timeout=60_000)
    expect(said).not_to_contain_text("moved since")
    temperature = page.get_by_role("slider", name="temperature")
    temperature.focus()
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("The controls have moved since")
    page.keyboard.press("ArrowRight")
    expect(said).not_to_contain_text("moved since")


def test_the_focus_stays_at_the_place_of_the_token_that_was_chosen(
    page: Page, serve: Callable[[Path], str]
) -> None:
    open_page(page, serve(HOME))
    taken = page.locator(".gpt-distribution .taken")
    cursor = page.locator(".gpt-distribution .cursor")
    taken.nth(20).focus()
    page.keyboard.press("Enter")
    expect(taken).to_have_count(20)
    expect(cursor).to_be_focused()
    page.keyboard.press("Enter")  # the next token is drawn, and the focus stays behind it
    expect(taken).to_have_count(21)
    expect(cursor).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(taken.nth(20)).to_be_focused()
    expect(page.locator(".gpt-distribution .caption")).to_contain_text("Token 27")


def test_a_link_opened_elsewhere_shows_the_same(page: Page, serve: Callable[[Path], str]) -> None:
    url = serve(HOME)
    open_page(page, url)
    taken = page.locator(".gpt-distribution .taken")
    taken.nth(10).click()
    expect(taken).to_have_count(10)
    bars = page.locator(".gpt-distribution .shares")
    bars.focus()
    for key in (*["ArrowRight"] * 5, "Enter"):
        page.keyboard.press(key)
    expect(taken).to_have_count(11)
    tried = page.locator('[aria-label^="2 continuations of the prompt"]')
    expect(tried).to_be_attached()
    page.wait_for_url("**written=11_10.**tries=60**")
    text = page.locator(".gpt-distribution .text").inner_text()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(taken).to_have_count(11)
    assert page.locator(".gpt-distribution .text").inner_text() == text
    expect(page.locator(".gpt-distribution .is-forced")).to_have_count(1)
    expect(tried).to_be_attached()


def test_numbers_that_no_slider_has_are_told(page: Page, serve: Callable[[Path], str]) -> None:
    open_page(page, serve(HOME), "&temperature=1e-6&top_k=5000")
    said = page.locator(".gpt-distribution output")
    expect(said.nth(0)).to_have_text("1.0e−6")
    expect(said.nth(1)).to_have_text("5,000: all 65")


def test_a_line_break_of_the_prompt_looks_as_one_that_was_written(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(f"{serve(HOME)}/sampling?run=shakespeare&prompt=KING%0A%0AHE&seed=7")
    expect(page.locator(".gpt-distribution .taken")).to_have_count(60)
    assert page.locator(".gpt-distribution .given").inner_text() == "KING↵\n↵\nHE"
    text = page.locator(".gpt-distribution .text").inner_text()
    assert text.count("↵\n") == text.count("↵") > 2, "each mark has its break behind it"


def test_how_it_is_drawn_comes_back_with_the_link(page: Page, serve: Callable[[Path], str]) -> None:
    open_page(page, serve(HOME))
    page.get_by_role("radio", name="rank").click()
    page.get_by_role("radio", name="by vocabulary").click()
    page.wait_for_url("**order=vocabulary&colouring=rank**")
    expect(page.get_by_role("radio", name="by vocabulary")).to_be_focused()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    for name in ("rank", "by vocabulary"):
        expect(page.get_by_role("radio", name=name)).to_be_checked()
    expect(page.locator(".gpt-distribution .legend")).to_contain_text("Rank, 1 for the likeliest")


@pytest.mark.parametrize("width", [800, 1440])
def test_what_a_thing_to_try_changes_is_in_view(
    page: Page, serve: Callable[[Path], str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, serve(HOME))
    text = page.locator(".gpt-distribution .text")
    before = text.inner_text()
    button = page.get_by_role("button", name="Always the likeliest")
    # As far as a hand scrolls that looks for the button, which is found at the lower edge.
    button.evaluate("button => button.scrollIntoView({ block: 'nearest' })")
    button.click()
    expect(text).not_to_have_text(before)
    expect(page.locator(".gpt-distribution output").first).to_have_text("0.00")
    expect(text).to_be_in_viewport(ratio=1)


def test_quick_arrow_keys_are_not_overtaken_by_earlier_answers(
    page: Page, serve: Callable[[Path], str]
) -> None:
    open_page(page, serve(HOME))
    temperature = page.get_by_role("slider", name="temperature")
    temperature.focus()
    seen = []
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
        seen.append(float(temperature.input_value()))
    assert seen == [round(1 + press / 100, 2) for press in range(1, 13)]
    expect(page).to_have_url(re.compile("temperature=1.12"))
    assert temperature.input_value() == "1.12"
