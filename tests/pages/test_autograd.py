"""The Autograd page without a browser: what it computes from what is typed, chosen and dragged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import partial

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gpt.scalar.examples import EXAMPLES, TinyGPT
from gpt.scalar.expression import parse
from gpt.scalar.value import backward
from tests.pages import opening
from tests.pages.opening import HOME

open_page = partial(opening.open_page, "autograd")
TINY_GPT = "The loss of a tiny GPT"


@pytest.fixture
def app() -> AppTest:
    return open_page()


def nodes(app: AppTest) -> pd.DataFrame:
    """The table of all nodes."""
    return app.dataframe[0].value.set_index("node")


def choose(app: AppTest, title: str) -> AppTest:
    return app.button_group(key="example").set_value(title).run()


def type_text(app: AppTest, text: str) -> AppTest:
    return app.text_area(key="text").set_value(text).run()


def words(app: AppTest) -> str:
    return opening.words(app) + opening.html(app)


def caret(app: AppTest) -> str:
    """The line under the place of a mistake."""
    place = re.search(r"<pre>(.*?)</pre>", opening.html(app), re.DOTALL)
    assert place
    return place.group(1).split("\n")[1]


def turn(app: AppTest, **numbers: float) -> AppTest:
    """Move sliders, as the browser would report it, and let them go."""
    generation = app.session_state["generation"]
    app.session_state["leaves"] = {
        "values": {"generation": generation, "numbers": numbers, "resting": True}
    }
    return app.run()


def test_the_neuron_is_there_at_the_first_visit(app: AppTest) -> None:
    table = nodes(app)
    assert app.title[0].value == "What does every number remember?"
    assert table.loc["relu", "data"] == pytest.approx(0.7)
    assert table["gradient"].to_dict() == {
        "w1": 2.0,
        "x": 0.5,
        "w2": 1.0,
        "×": 1,
        "+": 1,
        "relu": 1,
    }
    assert table.loc["×", "how its data came to be"] == "0.5 × 2 = 1"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_every_example_shows_its_own_gradients(app: AppTest, example) -> None:
    choose(app, example.title)
    evaluation = parse(example.text).evaluate(example.numbers)
    expected = backward(evaluation.output)
    table = nodes(app)
    for leaf in evaluation.leaves:
        assert table.loc[leaf, "gradient"] == pytest.approx(expected[leaf], rel=1e-12)
    assert not app.exception


def test_a_whole_gpt_is_an_example_too(app: AppTest) -> None:
    choose(app, TINY_GPT)
    gpt = TinyGPT("ava")
    assert nodes(app).loc["loss", "data"] == pytest.approx(gpt.loss({}), rel=1e-12)
    app.text_input(key="name").set_value("ava1").run()
    assert "the name must be 1 to 8 letters" in words(app).lower()
    assert not app.exception


def test_a_gpt_that_a_link_opened_can_be_left() -> None:
    app = open_page(example=TINY_GPT)
    app.button_group(key="example").set_value(None).run()
    assert not app.exception
    assert app.text_area(key="text").value == EXAMPLES[0].text


def test_what_is_typed_replaces_the_example_and_keeps_known_leaves(app: AppTest) -> None:
    type_text(app, "x * x + w1")
    table = nodes(app)
    assert table.loc["x", "data"] == 2.0
    assert table.loc["x", "gradient"] == 4.0
    assert app.session_state["example"] is None


def test_a_number_that_the_text_gives_holds_until_its_slider_moves(app: AppTest) -> None:
    """The first example has set x to 2."""
    type_text(app, "x = 3\nx*w1")
    assert nodes(app).loc["x", "data"] == 3.0
    assert nodes(app).loc["w1", "gradient"] == 3.0
    assert app.query_params["at"] == "w1:0.5~x:3"
    turn(app, x=5.0, w1=0.5)
    assert nodes(app).loc["w1", "gradient"] == 5.0
    assert app.query_params["at"] == "w1:0.5~x:5"
    type_text(app, "x = 3\nx*w1 + 1")
    assert nodes(app).loc["x", "data"] == 3.0


def test_a_link_says_more_than_the_text_in_it() -> None:
    app = open_page(text="x = 3\nx*y", at="x:4~y:2")
    assert nodes(app).loc["y", "gradient"] == 4.0
    assert app.query_params["at"] == "x:4~y:2"


@pytest.mark.parametrize("text", ["1/0", "exp(1000)", "foo(", "sin(x)", "import os", ""])
def test_what_has_no_graph_says_which_is_kept(app: AppTest, text: str) -> None:
    type_text(app, text)
    assert "The graph keeps the last expression that worked." in words(app)
    assert nodes(app).loc["relu", "data"] == pytest.approx(0.7)
    type_text(app, "w1*x")
    assert "The graph keeps" not in words(app)


@pytest.mark.parametrize(
    ("text", "sentence", "column"),
    [
        ("sin(x)", "There is no function sin", 0),
        ("x + (y", "This ( is never closed", 4),
        ("1 / (a - a)", "Division by zero", 5),
        ("log(a - 3)", "log(−2) is undefined", 0),
    ],
)
def test_a_mistake_gets_a_sentence_and_a_caret(
    app: AppTest, text: str, sentence: str, column: int
) -> None:
    type_text(app, text)
    assert sentence in words(app)
    assert caret(app) == " " * column + "^"
    assert not app.exception
    type_text(app, "a + 1")
    assert sentence not in words(app)


def test_an_empty_text_says_what_to_type(app: AppTest) -> None:
    type_text(app, "  ")
    assert "There is nothing here yet" in words(app)
    assert not app.code or "^" not in app.code[0].value


def test_a_number_that_leads_out_of_bounds_loses_nothing(app: AppTest) -> None:
    type_text(app, "log(x)")
    turn(app, x=-1.0)
    assert "log(−1) is undefined" in words(app)
    assert nodes(app).loc["x", "data"] == 2.0, "the last graph that worked stays"
    assert "The graph keeps the last numbers that worked." in words(app)
    turn(app, x=4.0)
    assert nodes(app).loc["x", "gradient"] == 0.25


def test_primitives_only(app: AppTest) -> None:
    choose(app, "Sigmoid")
    before = nodes(app).loc[["w", "x", "b"], "gradient"].to_dict()
    app.toggle(key="primitive").set_value(True).run()
    table = nodes(app)
    assert set(table["operation"]) <= {"leaf", "add", "mul", "pow", "log", "exp", "relu"}
    assert table.loc[["w", "x", "b"], "gradient"].to_dict() == pytest.approx(before)


def test_torch_agrees_when_asked(app: AppTest) -> None:
    choose(app, "Two-layer MLP")
    next(button for button in app.button if button.label == "Ask torch as well").click().run()
    table = app.table[0].value
    assert table["torch off by"].astype(float).max() < 1e-12


def test_the_address_holds_the_view() -> None:
    app = open_page(text="a*b + a**2", at="a:2~b:-3", order="naive")
    table = nodes(app)
    assert table.loc["a", "gradient"] == 1.0
    assert table.loc["b", "gradient"] == 2.0
    assert app.toggle(key="naive").value is True
    assert app.query_params["at"] == "a:2~b:-3"
    assert app.query_params["text"] == "a*b + a**2"


@pytest.mark.parametrize(
    "query",
    [{"text": "__import__('os')"}, {"at": "x:nan~:~~q"}, {"step": "-1"}, {"example": "none"},
     {"example": TINY_GPT, "open": "nowhere~0: ", "pin": "<b>"}, {"text": "a", "at": "a:1e999"}],
)  # fmt: skip
def test_a_hostile_address_gets_no_traceback(query: dict[str, str]) -> None:
    app = open_page(**query)
    assert not app.exception
    assert app.title[0].value == "What does every number remember?"


def test_the_first_paint_does_not_wait_for_torch() -> None:
    script = f"""
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(HOME)!r}, default_timeout=60).run()
app.switch_page("../pages/autograd.py").run()
print(json.dumps([len(app.exception), "torch" in sys.modules]))
"""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert json.loads(finished.stdout.splitlines()[-1]) == [0, False]


def test_leaving_the_page_loses_nothing(app: AppTest) -> None:
    type_text(app, "x * x + w1")
    app.switch_page("../pages/home.py").run()
    app.switch_page("../pages/autograd.py").run()
    assert app.text_area(key="text").value == "x * x + w1"
    assert nodes(app).loc["x", "gradient"] == 4.0


def test_a_slip_of_the_keyboard_takes_nothing_away(app: AppTest) -> None:
    type_text(app, "a*b +")
    assert "The line ends in +" in words(app)
    assert nodes(app).loc["relu", "data"] == pytest.approx(0.7)


@pytest.mark.parametrize(("text", "output"), [("3 + 4", 7.0), ("5", 5.0)])
def test_an_expression_without_leaves_has_a_graph_too(
    app: AppTest, text: str, output: float
) -> None:
    type_text(app, text)
    assert not app.exception
    assert nodes(app)["data"].iloc[-1] == output


def test_an_expression_that_is_undefined_does_not_get_in_the_way_of_the_next(app: AppTest) -> None:
    type_text(app, "exp(1000*a)")
    assert "exp(1000) overflows" in words(app)
    type_text(app, "a +")
    assert "overflows" not in words(app)
    assert nodes(app).loc["relu", "data"] == pytest.approx(0.7), "the last graph that worked"


def test_the_address_names_the_leaves_of_the_program_alone(app: AppTest) -> None:
    type_text(app, "p*q")
    assert app.query_params["at"] == "p:1~q:1"
    assert app.query_params["text"] == "p*q"
