"""Home, run headless: what it shows, what its buttons do, and what it must not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.landscape import walk

ENTRY = str(Path(__file__).resolve().parents[2] / "explorer" / "Home.py")


@pytest.fixture
def home() -> AppTest:
    at = AppTest.from_file(ENTRY, default_timeout=20).run()
    assert not at.exception
    return at


def text(at: AppTest) -> str:
    """The page's own HTML, where the numbers beside the figure are."""
    return " ".join(element.proto.body for element in at.get("html"))


def test_the_numbers_shown_are_those_of_the_last_step(home: AppTest) -> None:
    last = walk(-1.8, 1.2, 0.08, 40)[-1]
    assert f"{last.loss:.4f}" in text(home)
    assert f"{last.v:+.3f}" in text(home)
    assert f"{last.w_gradient:+.3f}" in text(home)


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("Start on the ridge", (0.04, -0.03)),
        ("Take giant steps", (2.2, 0.9)),
        ("Reach the other valley", (1.8, -1.2)),
    ],
)
def test_each_thing_to_try_begins_a_walk_from_its_place(
    home: AppTest, label: str, start: tuple[float, float]
) -> None:
    (button,) = (button for button in home.button if button.label == label)
    button.click().run()
    assert not home.exception
    assert home.session_state.start == start
    assert f"<b>{start[0]:+.3f}</b>" in text(home)


def test_the_code_shown_is_the_code_that_ran(home: AppTest) -> None:
    shown = [code.value for code in home.code]
    assert shown[0].startswith("def descend(v: float, w: float, learning_rate: float)")
    assert any(code.startswith("def backward(root: Value)") for code in shown)


@pytest.mark.parametrize("page", ["home", "autograd"])
def test_no_torch_on_the_way_to_the_first_paint(page: str) -> None:
    """In a process of its own, where no other test has imported it before."""
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({ENTRY!r}, default_timeout=30).run()
if {page!r} != "home":
    at.switch_page("../pages/{page}.py").run()
assert not at.exception, at.exception
assert at.title, "the page did not come up"
print(sorted({{"torch", "plotly.express"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
