"""The computation graph and its player in a real browser, on graphs of ``gpt.scalar``."""

from __future__ import annotations

import json
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from explorer.theme import DARK, LIGHT

Serve = Callable[[Path], str]

APP = Path(__file__).parent / "apps" / "graphs.py"
EARLY = quote("b = a + a\nc = b + b\nc")  # fires too early in the naive order
SUM = "3"  # the node of w1*x + w2


@pytest.fixture
def open_graph(page: Page, serve: Serve) -> Callable[[str], Page]:
    """Open the page at a query and wait for the graph."""

    def open_at(query: str = "") -> Page:
        page.goto(f"{serve(APP)}/{query}")
        expect(page.locator(".node").first).to_be_visible()
        page.evaluate("document.fonts.ready")
        return page

    return open_at


@pytest.fixture
def neuron(open_graph: Callable[[str], Page]) -> Page:
    """relu(w1*x + w2) at w1 = 0.5, x = 2, w2 = −0.3."""
    return open_graph("")


def node(page: Page, title: str) -> Locator:
    return page.locator(".node").filter(
        has=page.locator(".title", has_text=re.compile(f"^{title}$"))
    )


def step(page: Page, times: int = 1) -> None:
    for _ in range(times):
        page.get_by_role("button", name="One step on").click()


def transform(page: Page) -> str | None:
    return page.locator(".scene").get_attribute("transform")


def canvas(page: Page) -> tuple[float, float, float, float]:
    box = page.locator("svg.graph").first.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def test_every_number_is_on_its_node(neuron: Page) -> None:
    labels = [element.get_attribute("aria-label") for element in neuron.locator(".node").all()]
    assert sorted(filter(None, labels)) == [
        "+, data 0.7, grad 1",
        "relu, data 0.7, grad 1",
        "w1, data 0.5, grad 2",
        "w2, data −0.3, grad 1",
        "x, data 2, grad 0.5",
        "×, data 1, grad 1",
    ]
    assert sorted(neuron.locator(".local").all_text_contents()) == ["×0.5", "×1", "×1", "×1", "×2"]


def test_a_node_says_how_its_numbers_came_to_be(neuron: Page) -> None:
    node(neuron, "×").hover()
    tooltip = neuron.get_by_role("tooltip")
    expect(tooltip).to_contain_text("0.5 × 2 = 1")
    expect(tooltip).to_contain_text("grad = 1 × 1 = 1")
    neuron.locator(".local", has_text="×2").hover()
    expect(tooltip).to_have_text("d(×)/d(w1) = 2")
    neuron.mouse.move(5, 5)
    expect(tooltip).to_be_hidden()


def test_a_pin_lights_every_path_to_the_output(neuron: Page) -> None:
    node(neuron, "x").click()
    expect(neuron.get_by_text("pinned leaf x")).to_be_visible()
    expect(node(neuron, "x")).to_have_attribute("aria-pressed", "true")
    assert neuron.locator(".node.lit .title").all_text_contents() == ["x", "×", "+", "relu"]
    expect(neuron.locator(".edge.lit")).to_have_count(3)
    expect(neuron.locator(".node.dim .title")).to_have_text(["w1", "w2"])
    expect(neuron.locator(".about")).to_contain_text("grad = 1 × 0.5 = 0.5")
    neuron.keyboard.press("Escape")
    expect(neuron.get_by_text("pinned None")).to_be_visible()
    expect(neuron.locator(".dim")).to_have_count(0)


def test_python_can_pin_and_the_reader_can_pin_again(neuron: Page) -> None:
    node(neuron, "w1").click()
    expect(neuron.get_by_text("pinned leaf w1")).to_be_visible()
    neuron.get_by_role("button", name="Preset").click()
    expect(neuron.get_by_text("pinned leaf x")).to_be_visible()
    expect(neuron.locator(".node.pinned .title")).to_have_text("x")
    node(neuron, "w1").click()
    expect(neuron.get_by_text("pinned leaf w1")).to_be_visible()
    expect(neuron.locator(".node.pinned .title")).to_have_text("w1")


def test_all_by_keyboard(neuron: Page) -> None:
    neuron.locator("svg.graph").focus()
    fitted = transform(neuron)
    neuron.keyboard.press("ArrowRight")
    assert transform(neuron) != fitted
    neuron.keyboard.press("0")
    assert transform(neuron) == fitted
    neuron.keyboard.press("Tab")
    expect(node(neuron, "w1")).to_be_focused()
    expect(neuron.get_by_role("tooltip")).to_contain_text("w1 is given: 0.5")
    for key, title in [("ArrowRight", "×"), ("ArrowRight", r"\+"), ("ArrowLeft", "×")]:
        neuron.keyboard.press(key)
        expect(node(neuron, title)).to_be_focused()
    neuron.keyboard.press("Enter")
    expect(neuron.locator(".node.pinned .title")).to_have_text("×")


def test_pan_and_zoom(neuron: Page) -> None:
    fitted = transform(neuron)
    left, top, _, _ = canvas(neuron)
    neuron.mouse.move(left + 20, top + 20)
    neuron.mouse.wheel(0, 200)
    neuron.wait_for_timeout(600)  # a page glides to where the wheel sent it
    assert transform(neuron) == fitted, "the wheel alone belongs to the page"
    neuron.mouse.wheel(0, -200)
    neuron.wait_for_timeout(600)

    target = node(neuron, "x")
    before = target.bounding_box()
    assert before is not None
    neuron.mouse.move(before["x"], before["y"])
    neuron.keyboard.down("Control")
    neuron.mouse.wheel(0, -100)
    neuron.keyboard.up("Control")
    expect(neuron.locator(".scene")).not_to_have_attribute("transform", fitted or "")
    after = target.bounding_box()
    assert after is not None
    assert after["width"] > 1.3 * before["width"]
    assert after["x"] == pytest.approx(before["x"], abs=2), "what is pointed at stays in place"
    assert after["y"] == pytest.approx(before["y"], abs=2)

    neuron.mouse.move(left + 20, top + 20)
    neuron.mouse.down()
    neuron.mouse.move(left + 50, top + 60, steps=4)
    neuron.mouse.up()
    dragged = target.bounding_box()
    assert dragged is not None
    assert dragged["x"] - after["x"] == pytest.approx(30, abs=1)
    assert dragged["y"] - after["y"] == pytest.approx(40, abs=1)
    expect(neuron.locator(".node.pinned")).to_have_count(0)

    neuron.get_by_role("button", name="Show the whole graph").click()
    assert transform(neuron) == fitted


def test_zoom_and_step_stay_when_a_number_changes(neuron: Page) -> None:
    neuron.get_by_role("button", name="Zoom in").click()
    step(neuron, 2)
    zoomed = transform(neuron)
    neuron.get_by_role("slider", name="w1", exact=True).press("ArrowRight")
    expect(node(neuron, "w1").locator(".data")).to_have_text("0.51")
    assert transform(neuron) == zoomed
    expect(neuron.locator(".count")).to_have_text("forward 2 / 3")


def test_the_forward_pass_tells_one_number_at_a_time(neuron: Page) -> None:
    step(neuron)
    told = {
        title: (node(neuron, re.escape(title)).locator(".data").text_content())
        for title in ("w1", "x", "w2", "×", "+", "relu")
    }
    assert told == {"w1": "0.5", "x": "2", "w2": "−0.3", "×": "1", "+": "", "relu": ""}
    assert set(neuron.locator(".gradient").all_text_contents()) == {""}
    expect(neuron.locator(".node.running .title")).to_have_text("×")
    expect(neuron.locator(".edge.running.forward")).to_have_count(2)
    expect(neuron.locator(".arithmetic")).to_have_text("0.5 × 2 = 1")
    expect(neuron.locator(".code .running")).to_have_text("the forward pass")


def test_the_backward_pass_tells_one_gradient_at_a_time(neuron: Page) -> None:
    step(neuron, 5)
    expect(neuron.locator(".count")).to_have_text("backward 2 / 3")
    gradients = {
        title: node(neuron, re.escape(title)).locator(".gradient").text_content()
        for title in ("relu", "+", "×", "w2", "w1", "x")
    }
    assert gradients == {"relu": "1", "+": "1", "×": "1", "w2": "1", "w1": "", "x": ""}
    expect(neuron.locator(".node.running.backward .title")).to_have_text("+")
    expect(neuron.locator(".edge.running.backward")).to_have_count(2)
    expect(neuron.locator(".arithmetic")).to_contain_text("grad[w2] += 1 × 1 → 1")
    expect(neuron.locator(".code .running")).to_have_count(1)


def test_the_scrubber_reaches_every_step_and_python_hears_where_it_rests(neuron: Page) -> None:
    scrubber = neuron.get_by_role("slider", name="Step")
    scrubber.press("Home")
    expect(scrubber).to_have_attribute("aria-valuetext", "forward 1 / 3")
    for _ in range(3):
        scrubber.press("ArrowRight")
    expect(scrubber).to_have_attribute("aria-valuetext", "backward 1 / 3")
    expect(neuron.get_by_text("step 3")).to_be_visible()
    neuron.get_by_role("button", name="Show all").click()
    expect(neuron.get_by_text("step None")).to_be_visible()
    expect(scrubber).to_have_attribute("aria-valuetext", "all 6 steps")
    expect(node(neuron, "w1").locator(".gradient")).to_have_text("2")


def test_it_plays_to_the_end(neuron: Page) -> None:
    neuron.get_by_label("Steps a second").select_option("16×")
    neuron.get_by_role("slider", name="Step").press("Space")
    expect(neuron.get_by_role("button", name="Pause")).to_be_visible()
    expect(neuron.locator(".count")).to_have_text("backward 3 / 3")
    expect(neuron.get_by_role("button", name="Play")).to_be_visible()
    expect(neuron.get_by_text("step 5")).to_be_visible()
    expect(node(neuron, "x").locator(".gradient")).to_have_text("0.5")


def test_two_orders_share_a_player_and_the_wrong_gradient_shows(
    open_graph: Callable[[str], Page],
) -> None:
    page = open_graph(f"?naive&program={EARLY}")
    right, naive = page.locator(".pane").all()
    expect(right.locator("figcaption")).to_have_text("Right order")
    expect(right.locator('[data-key="leaf a"]')).to_have_attribute(
        "aria-label", "a, data 1, grad 4"
    )
    expect(naive.locator('[data-key="leaf a"]')).to_have_attribute(
        "aria-label", "a, data 1, grad 2, ≠ 4"
    )
    naive.locator('[data-key="leaf a"]').hover()
    expect(page.get_by_role("tooltip")).to_contain_text("grad = 2, but rightly 4")
    page.get_by_role("button", name="Last step").click()
    expect(page.locator(".arithmetic").first).to_contain_text("grad[a] += 2 × 1 → 4")
    expect(page.locator(".arithmetic").last).to_contain_text("grad[")
    expect(naive.locator(".node.wrong")).to_have_count(1)
    expect(right.locator(".node.wrong")).to_have_count(0)


def test_no_label_covers_another(open_graph: Callable[[str], Page]) -> None:
    page = open_graph(f"?program={EARLY}")
    labels = page.locator(".local text")
    expect(labels).to_have_text(["×1"] * 4)
    boxes = [label.bounding_box() for label in labels.all()]
    for one, other in combinations(filter(None, boxes), 2):
        is_beside = abs(one["x"] - other["x"]) >= one["width"]
        assert is_beside or abs(one["y"] - other["y"]) >= one["height"]


def test_the_code_is_seen_to_the_ends_of_its_lines(neuron: Page) -> None:
    step(neuron, 4)
    code = neuron.locator(".code")
    expect(code.locator(".running")).to_have_count(1)
    assert code.evaluate("list => list.scrollWidth <= list.clientWidth")
    heights = code.evaluate("list => [...list.children].map(line => line.offsetHeight)")
    assert max(heights) >= 2 * min(heights), "a long line goes on below"


def test_a_dead_relu_is_visibly_dead(open_graph: Callable[[str], Page]) -> None:
    page = open_graph("?program=" + quote("relu(w1*x - 3)"))
    dead = node(page, "relu")
    expect(dead.locator(".mark")).to_have_text("dead")
    assert "hatch" in dead.locator(".box").evaluate("(box) => getComputedStyle(box).fill")
    page.get_by_role("slider", name="w1", exact=True).press("End")
    expect(dead.locator(".mark")).to_have_text("")
    assert "hatch" not in dead.locator(".box").evaluate("(box) => getComputedStyle(box).fill")


def test_a_group_unfolds_to_be_read_and_folds_again(open_graph: Callable[[str], Page]) -> None:
    page = open_graph("?gpt")
    expect(page.locator(".node.group")).to_have_count(5)
    page.get_by_role("button", name="unfold 3: a → ⊢").click()
    expect(page.locator(".frame text")).to_have_text("3: a → ⊢")
    page.get_by_role("button", name="unfold attention 0").click()
    expect(page.locator(".frame")).to_have_count(2)
    expect(page.locator("svg.graph")).to_have_attribute("data-detail", "all")
    expect(node(page, "query").locator(".subtitle")).to_have_text("4 numbers")
    expect(node(page, "query")).to_be_visible()
    page.get_by_role("button", name="fold attention 0", exact=True).click()
    expect(page.locator(".frame")).to_have_count(1)
    node(page, "attention 0").dblclick()
    expect(page.locator(".frame")).to_have_count(2)
    expect(page.get_by_text("pinned None")).to_be_visible()


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_data_is_blue_and_gradients_are_orange(
    page: Page, open_graph: Callable[[str], Page], scheme: str, palette: object
) -> None:
    page.emulate_media(color_scheme=scheme)
    open_graph("")
    for part, name in [("data", "forward_text"), ("gradient", "backward_text")]:
        fill = page.locator(f".node .{part}").first.evaluate(
            "(text) => getComputedStyle(text).fill"
        )
        red, green, blue = (int(number) for number in re.findall(r"\d+", fill))
        assert f"#{red:02X}{green:02X}{blue:02X}" == getattr(palette, name)


def test_saved_as_svg_it_stands_alone(neuron: Page) -> None:
    node(neuron, "x").click()
    with neuron.expect_download() as download:
        neuron.get_by_label("Save as SVG").focus()
        neuron.keyboard.press("Enter")
    assert download.value.suggested_filename == "graph.svg"
    text = Path(download.value.path()).read_text()
    root = ET.fromstring(text)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"w1", "0.5", "−0.3", "relu", "×2"} <= set(words)
    assert "var(" not in text
    assert LIGHT.ground.lower() in text and LIGHT.backward.lower() in text
    assert len(root.findall(".//*[@class='edge lit']")) == 3


def test_saved_as_png_it_is_twice_as_large_as_drawn(neuron: Page) -> None:
    with neuron.expect_download() as download:
        neuron.get_by_label("Save as PNG").focus()
        neuron.keyboard.press("Enter")
    content = Path(download.value.path()).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > 1200 and height > 400


def test_those_who_want_no_movement_get_none(page: Page, open_graph: Callable[[str], Page]) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_graph("")
    step(page, 5)
    assert page.evaluate("document.getAnimations().length") == 0
    expect(page.locator(".flow").first).to_be_hidden()


def test_nothing_on_the_page_moves_while_stepping(neuron: Page) -> None:
    below = neuron.get_by_text("1 runs").bounding_box()
    for _ in range(6):
        step(neuron)
        assert neuron.get_by_text(re.compile(r"^\d+ runs$")).bounding_box() == below
    node(neuron, "x").click()
    assert neuron.get_by_text(re.compile(r"^\d+ runs$")).bounding_box() == below


def test_four_hundred_nodes_keep_the_main_thread_free(browser: Browser, neuron: Page) -> None:
    """Drawn, panned, zoomed in and stepped without a task of more than 100 ms.

    Counted is the main thread's own time, so that what runs beside the tests does not count.
    """
    browser.start_tracing(page=neuron, categories=["toplevel", "devtools.timeline"])
    neuron.get_by_role("button", name="400 nodes").click()
    expect(neuron.locator(".node")).to_have_count(399)
    neuron.wait_for_timeout(500)
    left, top, width, _ = canvas(neuron)
    neuron.mouse.move(left + width / 2, top + 10)
    neuron.mouse.down()
    neuron.mouse.move(left + width / 2 + 60, top + 40, steps=20)
    neuron.mouse.up()
    for _ in range(10):
        neuron.get_by_role("button", name="Zoom in").click()
    expect(neuron.locator("svg.graph")).to_have_attribute("data-detail", "all")
    neuron.mouse.move(left + width / 2, top + 10)
    neuron.mouse.down()
    neuron.mouse.move(left + width / 2 - 300, top + 10, steps=30)
    neuron.mouse.up()
    step(neuron, 3)
    neuron.wait_for_timeout(200)
    tasks = milliseconds_of_tasks(json.loads(browser.stop_tracing()))
    assert len(tasks) > 100
    assert max(tasks) <= 100


def milliseconds_of_tasks(trace: dict[str, Any]) -> list[float]:
    """How long the page's main thread itself worked on each task."""
    events = trace["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"].endswith("RunTask")
        and (event["pid"], event["tid"]) in threads
        and "tdur" in event
    ]
