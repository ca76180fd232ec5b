"""Home, run headless: what it shows, what its buttons do, and what it must not import."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from explorer.charts.numbers import format_signed
from explorer.home import showing, tour
from explorer.landscape import walk
from gpt.runs.session import train_run
from tests.pages.opening import HOME, html, open_home, press, words


@pytest.fixture(autouse=True)
def short_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    training = replace(tour.PRESET.training, steps=6, warmup_steps=1, evaluation_interval=3)
    for module in (tour, showing):
        monkeypatch.setattr(module, "PRESET", replace(tour.PRESET, training=training))
    # The process that trains is tested elsewhere; here its work is done at once.
    monkeypatch.setattr(showing, "start_run", train_run)


@pytest.fixture
def home() -> AppTest:
    return open_home()


def test_the_numbers_shown_are_those_of_the_last_step(home: AppTest) -> None:
    last = walk(-1.8, 1.2, 0.08, 40)[-1]
    assert f"{last.loss:.4f}" in html(home)
    assert format_signed(last.v) in html(home)
    assert format_signed(last.w_gradient) in html(home)


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("Start on the ridge", (0.04, -0.03)),
        ("Take giant steps", (2.2, 0.9)),
        ("Reach the other valley", (1.8, -1.2)),
    ],
)
def test_each_thing_to_try_begins_a_walk_from_its_place(
    home: AppTest, label: str, start: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The walk goes on by the clock, which here stands still.
    monkeypatch.setattr("explorer.home.descent.time", SimpleNamespace(monotonic=lambda: 5.0))
    press(home, label)
    assert home.session_state.start == start
    assert f"<b>{format_signed(start[0])}</b>" in html(home)


def enabled(at: AppTest) -> list[str]:
    """What the buttons of the tour say that can be pressed."""
    buttons = [each for each in at.button if (each.key or "").startswith("tour ")]
    return [each.label for each in buttons if not each.disabled]


def take_step(at: AppTest, place: int) -> None:
    """A step of the tour. A browser runs its fragment and then the page; here the page runs twice.

    Except at the last, which leads elsewhere.
    """
    at.button(key=f"tour {place}").click().run()
    if place < 3:
        at.run()
    assert not at.exception


def test_the_tour_goes_from_gibberish_to_a_head(home: AppTest) -> None:
    assert enabled(home) == ["Let it write"]
    take_step(home, 0)
    assert enabled(home) == ["Train it"]
    found = tour.find_tour()
    assert found.before is not None
    assert f"<td>{found.before.split()[0]}</td>" in html(home)
    take_step(home, 1)
    assert enabled(home) == ["Let it write again"]
    found = tour.find_tour()
    assert found.summary is not None
    loss = found.summary.status.validation_loss
    assert loss is not None
    assert f"A loss of {loss:.2f}" in html(home)
    assert f"as between {math.exp(loss):.1f} of the 27" in html(home)
    take_step(home, 2)
    assert enabled(home) == ["Open one of its heads"]
    take_step(home, 3)
    assert home.title[0].value == "Where does each head look?"
    assert home.session_state["attention run"] == found.summary.run.name
    assert tour.find_tour().next_step == 4


def test_the_tour_is_taken_up_where_it_was_left(home: AppTest) -> None:
    take_step(home, 0)
    before = tour.find_tour().before
    later = open_home()
    assert enabled(later) == ["Train it"]
    assert before is not None
    assert f"<td>{before.split()[0]}</td>" in html(later)


def test_what_stands_in_the_way_is_said_and_the_step_stays(
    home: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "file" / "runs"))
    home.button(key="tour 0").click().run()
    assert not home.exception
    assert "cannot be" in words(home)


def test_the_code_shown_is_the_code_that_ran(home: AppTest) -> None:
    shown = [code.value for code in home.code]
    assert any(code.startswith("def descend(v: float, w: float, learning_") for code in shown)
    assert any(code.startswith("def backward(root: Value)") for code in shown)


@pytest.mark.parametrize("page", ["home", "autograd"])
def test_no_torch_on_the_way_to_the_first_paint(page: str) -> None:
    """In a process of its own, where no other test has imported it before."""
    tour.let_write(tour.begin(), 0)
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({str(HOME)!r}, default_timeout=30).run()
if {page!r} != "home":
    at.switch_page("../pages/{page}.py").run()
assert not at.exception, at.exception
assert at.title, "the page did not come up"
print(sorted({{"torch", "plotly.express"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
