"""The Sampling page's view as a link: what it holds, and what it says of nonsense."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from explorer.components.distribution import Controls, Look
from explorer.sampling.text import Text
from tests.pages import opening
from tests.pages.drawing import drawn

open_page = partial(opening.open_page, "sampling")
HOT = Controls(1.5, top_k=20, top_p=0.9, min_p=0.01)


def test_a_link_with_nonsense_is_as_good_as_none() -> None:
    app = open_page(run="nobody", temperature="hot", step="x", seed="-3")
    assert app.session_state["sampling controls"] == Controls()
    assert app.number_input(key="sampling seed").value == 1337


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            {"seed": "-5"},
            "seed is “\\-5”; it must be a whole number from 0 to 2,147,483,647. Shown is “1337”.",
        ),
        ({"temperature": "abc"}, "temperature is “abc”; it must be a number. Shown is “1”."),
        ({"temperature": "inf"}, "temperature is “inf”; it must be a number. Shown is “1”."),
        ({"top_k": "3.5"}, "top_k is “3\\.5”; it must be a whole number. Shown is “0”."),
        ({"top_p": "2"}, "top_p is “2”; it must be above 0 and at most 1. Shown is “1”."),
        ({"k": "4"}, "The link says “k”, which this page has no use for."),
        (
            {"step": "999999"},
            "step is “999999”; this run has kept no weights as after that step. It is left out.",
        ),
        (
            {"past_block": "<b>"},
            "past_block is “\\<b\\>”; this model can go on by crop or slide. Shown is “crop”.",
        ),
        ({"order": "x"}, "order is “x”; it must be likely or vocabulary. Shown is “likely”."),
        (
            {"branches": "7"},
            "branches is “7”; it must be a whole number from 2 to 6. Shown is “4”.",
        ),
        ({"written": "60_1"}, "written is “60\\_1”; it tells of no text. Shown is “60”."),
        (
            {"written": "3_9.9"},
            "it forces a token at place 9, and 3 tokens have the places below 3. Shown is “60”.",
        ),
        (
            {"written": "60_8.65"},
            "it forces token 65 at place 8, and this model's tokens are 0 to 64, so another was"
            " drawn there. Shown is “60”.",
        ),
        (
            {"tries": "30_8.999_7_1_0_1_0"},
            "it forces token 999 at place 8, and this model's tokens are 0 to 64",
        ),
    ],
)
def test_what_makes_no_sense_in_a_link_is_told_beside_what_is_shown_instead(
    query: dict[str, str], sentence: str
) -> None:
    app = open_page(run="shakespeare", prompt="KING", **query)
    assert any(sentence in each.value for each in app.markdown)
    text: Text = app.session_state["sampling text"]
    assert text.taken == drawn(text.subject.opened, text.subject.prompt, 60, seed=1337)
    assert text.controls == Controls()


def test_a_seed_out_of_range_is_told_and_the_last_one_goes_on() -> None:
    app = open_page(run="shakespeare", prompt="KING", seed="7")
    before = list(app.session_state["sampling text"].taken)
    app.number_input(key="sampling seed").set_value(-5).run()
    said = "Seed is -5; it must be from 0 to 2,147,483,647. Used is 7."
    assert any(said in each.value for each in app.markdown)
    assert app.session_state["sampling text"].taken == before


def test_a_link_holds_the_text_what_was_forced_in_it_and_what_was_tried() -> None:
    tried = "30_8.5_7_1.5_20_0.9_0.01"  # 30 tokens, that at place 8 given, by seed and controls
    link = {"run": "shakespeare", "prompt": "KING", "seed": "7", "length": "90"}
    app = open_page(**link, written="12_3.5", tries=tried)
    text: Text = app.session_state["sampling text"]
    assert (len(text.taken), text.taken[3], text.forced) == (12, 5, {3})
    assert text.taken[:3] == drawn(text.subject.opened, text.subject.prompt, 3)
    (branch,) = text.tries
    assert (len(branch.tokens), branch.forced, branch.controls, branch.seed) == (30, {8}, HOT, 7)
    hot = drawn(text.subject.opened, text.subject.prompt, 8, **vars(HOT))
    assert list(branch.tokens[:8]) == hot
    assert app.query_params["written"] in ("12_3.5", ["12_3.5"])
    assert app.query_params["tries"] in (tried, [tried])
    assert not said_of_link(app)


def test_a_link_of_a_text_of_the_usual_length_still_holds_what_was_tried() -> None:
    tried = "30_8.5_7_1.5_20_0.9_0.01"
    app = open_page(run="shakespeare", prompt="KING", seed="7", tries=tried)
    assert len(app.session_state["sampling text"].taken) == 60
    assert app.query_params["tries"] in (tried, [tried])
    assert not said_of_link(app)


def test_a_text_that_ends_before_the_link_says_is_told() -> None:
    app = open_page(run="shakespeare", prompt="KING", length="40", written="50_45.3")
    (said,) = said_of_link(app)
    assert "the text ends here after 40 tokens. Shown is “40”." in said
    next(each for each in app.button if each.label == "Too hot").click().run()
    assert not said_of_link(app)


def test_how_it_is_drawn_is_in_the_link() -> None:
    look = {"order": "vocabulary", "colouring": "rank", "branches": "2", "ahead": "3"}
    app = open_page(run="shakespeare", prompt="KING", **look)
    assert app.session_state["sampling look"] == Look("vocabulary", "rank")
    assert app.slider(key="sampling branches").value == 2
    assert app.slider(key="sampling ahead").value == 3
    for name, value in look.items():
        assert app.query_params[name] in (value, [value])
    app.slider(key="sampling branches").set_value(4).run()
    assert "branches" not in app.query_params
    assert not said_of_link(app)


def said_of_link(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown if "the link" in each.value.lower()]
