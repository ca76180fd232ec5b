"""Back and forward in a real browser: each leads to the view that its address tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from gpt.corpus.catalogue import load_corpus
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.session import train_run
from tests.browser.conftest import start_app

HOME = Path(__file__).resolve().parents[2] / "explorer" / "Home.py"
TINY = {
    **{"n_layer": 1, "n_head": 1, "n_embd": 8, "block_size": 8, "steps": 8, "batch_size": 2},
    **{"evaluation_interval": 8, "evaluation_windows": 2, "checkpoints": 2, "warmup_steps": 0},
}
COPIED = "srti=euhwqkpm=euhwqkpm"

View = tuple[dict[str, list[str]], list[str]]


def view_of(page: Page) -> View:
    """What the address says and what stands in the fields, once both have come to rest."""
    before = None
    while True:
        page.wait_for_timeout(1000)
        page.wait_for_selector('[data-test-script-state="notRunning"]')
        fields = page.locator("main").locator("input:visible, textarea:visible").all()
        query = parse_qs(urlparse(page.url).query, keep_blank_values=True)
        view = query, [each.input_value() for each in fields]
        if view == before:
            return view
        before = view


def assert_comes_to(page: Page, view: View) -> None:
    """The address is right at once; what stands in the fields takes a page's run."""
    for _ in range(10):
        if view_of(page) == view:
            break
    assert view_of(page) == view


@pytest.mark.parametrize(
    ("path", "presses"),
    [
        ("inside?run=copy&text=eu%3Deu&step=33", ["Watch copying", "Follow one letter"]),
        ("weight?run=copy&step=33&hand=0.5&matrix=lm_head.weight&row=1&column=2",
         ["Trust the slope too far", "A letter, wherever it stands"]),
        ("attention?run=copy&text=eu%3Deu&step=33", ["Watch a head learn", "Take a copying head"]),
        ("compare?a=copy&a_step=33&b=copy&b_step=74&text=eu%3Deu", ["What the last steps still"]),
        ("sampling?run=copy&prompt=eu%3D&temperature=0.7", ["Too hot", "Always the likeliest"]),
        ("ladder?chapter=bigram&corpus=names", ["3 · Averaging the past"]),
    ],
)  # fmt: skip
def test_back_and_forward_lead_to_what_was_seen(
    page: Page, serve: Callable[[Path], str], path: str, presses: list[str]
) -> None:
    page.goto(f"{serve(HOME)}/{path}")
    expect(page.get_by_text(presses[0]).first).to_be_visible(timeout=60_000)
    views = [view_of(page)]
    for press in presses:
        page.get_by_text(press).first.click()
        page.wait_for_function("before => location.href !== before", arg=page.url)
        views.append(view_of(page))
    for before in views[-2::-1]:
        page.go_back()
        assert_comes_to(page, before)
    for after in views[1:]:
        page.go_forward()
        assert_comes_to(page, after)


def test_a_number_that_was_typed_is_as_the_address_has_it(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(f"{serve(HOME)}/compare?a=copy&a_step=33&b=copy&b_step=74&text=eu%3Deu&seed=7")
    seed = page.get_by_label("Seed of what they write", exact=True)
    expect(seed).to_have_value("7", timeout=60_000)
    view_of(page)
    seed.fill("9")
    seed.press("Enter")
    page.wait_for_url(lambda address: "seed=9" in address)
    page.go_back()
    expect(seed).to_have_value("7")
    page.go_forward()
    expect(seed).to_have_value("9")


def test_going_back_shows_the_text_and_the_cell_again(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(f"{serve(HOME)}/inside?run=copy&text={COPIED}&step=1000&position=19&depth=3")
    text = page.get_by_label("Text to read", exact=True)
    expect(text).to_have_value(COPIED, timeout=60_000)
    expect(page.locator(".gpt-lens .reading")).to_contain_text("is made of")
    said = page.locator(".gpt-lens .reading").text_content()
    assert said
    text.fill("")
    text.press("Control+Enter")
    page.wait_for_url(lambda address: "text=&" in f"{address}&")
    expect(page.locator(".gpt-lens .reading")).not_to_have_text(said)
    page.go_back()
    expect(text).to_have_value(COPIED)
    expect(page.locator(".gpt-lens .reading")).to_have_text(said)
    page.go_forward()
    expect(text).to_have_value("")
    page.reload()  # a text that was emptied stays empty in a link
    expect(page.locator(".gpt-lens .reading")).to_contain_text("is made of", timeout=60_000)
    expect(text).to_have_value("")


def test_what_a_page_writes_by_itself_is_no_place_to_go_back_to(
    page: Page, serve: Callable[[Path], str]
) -> None:
    page.goto(f"{serve(HOME)}/ladder?chapter=bigram&corpus=names")
    expect(page.locator(".gpt-plot .main-svg").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Look inside").click()
    page.get_by_role("menuitem", name="Inside").click()
    expect(page.locator(".gpt-lens .reading")).to_contain_text("is made of", timeout=60_000)
    view_of(page)
    assert "&depth=" in page.url  # the whole view, which nobody asked for
    page.go_back()
    expect(page.get_by_text("How do you build a GPT?")).to_be_visible()


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An app with two runs of its own, the first and the second."""
    monkeypatch.setenv("GPT_RUNS", str(tmp_path))
    corpus = load_corpus("names")
    for title in ("The first", "The second"):
        run = create_run(configure(PRESETS["gpt-small"], corpus, TINY, title=title), corpus)
        assert train_run(run).state == "finished"
    process, address = start_app(HOME)
    yield address
    process.terminate()
    process.wait(timeout=10)


def test_the_page_before_another_page_is_as_it_was_left(page: Page, trained: str) -> None:
    page.goto(f"{trained}/training?corpus=names&run=the-first&with=the-second")
    link = page.get_by_role("button", name="Then and now")
    expect(link).to_be_enabled(timeout=60_000)
    before = view_of(page)
    assert (before[0]["run"], before[0]["with"]) == (["the-first"], ["the-second"])
    link.click()
    page.wait_for_url(lambda address: "/compare?a=the-first" in address)
    expect(page.locator(".st-key-pair-of-heads canvas")).to_be_visible(timeout=60_000)
    view_of(page)
    page.go_back()
    page.wait_for_url(lambda address: "/training?" in address)
    assert_comes_to(page, before)
    expect(page.get_by_role("button", name="Then and now")).to_be_enabled()
