"""The Attention page without a browser, on the runs that ship."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from explorer.address import quoted
from explorer.attention.film import make_film
from explorer.attention.reading import SwitchedOff, read
from explorer.models import model_at
from gpt.runs.outside import adopt_model
from gpt.runs.run import Run
from tests.byte_model import write_byte_model
from tests.pages import opening
from tests.pages.opening import html, words

open_page = partial(opening.open_page, "attention")
COPIED = "srti=euhwqkpm=euhwqkpm"


def test_the_first_visit_has_a_run_to_show() -> None:
    app = open_page()
    assert app.title[0].value == "Where does each head look?"
    assert app.selectbox(key="attention run").options == [
        "Copying what came before",
        "GPT on Tiny Shakespeare",
    ]
    assert "asks," in html(app)


def test_a_link_to_a_run_that_is_not_here_says_so() -> None:
    app = open_page(run="gone", text=COPIED)
    assert any(
        "gone cannot be shown here: there is no such run. Shown instead is" in each.value
        for each in app.markdown
    )
    assert app.selectbox(key="attention run").value == "copy"
    app.selectbox(key="attention run").set_value("shakespeare").run()
    assert not any("gone" in each.value for each in app.markdown)


def test_a_link_is_taken_up_and_written() -> None:
    app = open_page(run="copy", text=COPIED, step="1000", open="2")
    assert app.query_params["open"] == "2"
    assert app.text_area(key="attention text").value == COPIED
    assert "layer 1, head 0" in html(app)


def test_an_unknown_character_is_named() -> None:
    app = open_page(run="copy", text="Ä")
    assert any("unknown to this tokenizer" in each.value for each in app.markdown)


def test_a_text_that_cannot_be_read_takes_no_picture_away() -> None:
    app = open_page(run="copy", text=COPIED, step="1000", open="2")
    app.text_area(key="attention text").set_value("abcÄ").run()
    assert f"Shown is {quoted(COPIED)}, which it can read." in words(app)
    assert "layer 1, head 0" in html(app)
    assert app.query_params["text"] == COPIED
    app.text_area(key="attention text").set_value("abc=ab").run()
    assert "Shown is a text" not in words(app)
    assert app.query_params["text"] == "abc=ab"


def test_a_text_of_nothing_but_its_beginning_has_a_picture_and_no_loss() -> None:
    app = open_page(run="copy", text="ab")
    app.text_area(key="attention text").set_value("").run()
    assert not app.exception
    assert "loss on" not in html(app)


def test_a_long_text_is_cropped_and_says_so() -> None:
    app = open_page(run="copy", text="a" * 40)
    assert "reads 29 tokens at a time, so the first 12 are left out" in html(app)


def test_copying_needs_both_heads_of_the_second_layer(copy: Run) -> None:
    ids = tuple(model_at(copy, 1000).encode(COPIED).tokens)
    whole = read(copy, 1000, ids)
    assert [label.rsplit(" ", 1)[0] for label in whole.labels] == [
        *("previous token", "previous token"),
        *("induction", "induction"),
    ]
    place = len(ids) - 2  # p, after which comes m
    sure = whole.trace.probabilities[place, ids[-1]].item()
    one_off = read(copy, 1000, ids, SwitchedOff((2,)))
    both_off = read(copy, 1000, ids, SwitchedOff((2, 3)))
    assert sure > 0.99
    assert one_off.trace.probabilities[place, ids[-1]].item() > 0.99
    assert both_off.trace.probabilities[place, ids[-1]].item() < 0.2


def test_a_film_shows_every_checkpoint_as_it_is(copy: Run) -> None:
    ids = tuple(model_at(copy, 1000).encode(COPIED).tokens)
    steps = [each.step for each in copy.checkpoints()]
    film = make_film("name", copy, steps, ids, SwitchedOff())
    first = read(copy, steps[0], ids)
    rows, columns = torch.tril_indices(len(ids), len(ids))
    exact = first.patterns[3][rows, columns]
    assert abs(film.triangles[0, 3] / 65535 - exact).max() < 1e-5
    assert film.labels[-1] == read(copy, 1000, ids).labels
    induction = film.scores["induction"]
    assert induction[0].max() < 0.2
    assert induction[-1, 2:].min() > 0.6


def test_another_run_gets_a_text_that_it_can_read() -> None:
    app = open_page(run="copy")
    assert "=" in app.text_area(key="attention text").value
    app.selectbox(key="attention run").set_value("shakespeare").run()
    assert "=" not in app.text_area(key="attention text").value
    assert not any("unknown" in each.value for each in app.markdown)
    app.text_area(key="attention text").set_value("").run()
    assert not app.exception


def test_a_link_holds_the_whole_view() -> None:
    view = {
        **{"run": "copy", "text": COPIED, "step": "1000", "open": "2", "pinned": "18.10"},
        **{"shown": "2.3", "off": "3", "mlps": "0", "instead": "mean"},
    }
    app = open_page(**view)
    assert {name: app.query_params[name] for name in view} == view
    assert not any("In the link" in each.value for each in app.markdown)


def test_nonsense_in_a_link_is_told_and_spoils_nothing_else() -> None:
    nonsense = {"step": "7", "open": "99", "pinned": "3.4", "shown": "x", "off": "4"}
    app = open_page(run="copy", text=COPIED, mlps="0", **nonsense)
    (told,) = (each.value for each in app.markdown if "In the link" in each.value)
    assert "In the link, step is “7”, which is not here. Shown is “1000”." in told
    assert "In the link, open is “99”, which is not here. Shown is “0”." in told
    assert told.count("In the link") == len(nonsense)
    assert app.query_params["mlps"] == "0"


def test_bytes_that_are_no_character_are_not_read_as_others(tmp_path: Path) -> None:
    write_byte_model(tmp_path / "bytes")
    adopt_model(str(tmp_path / "bytes"))
    app = open_page(run="bytes")
    assert "�" not in app.text_area(key="attention text").value
    app.text_area(key="attention text").set_value("ab").run()
    opening.press(app, "Let it write on")
    assert "The model went on with bytes that are no character; they are left out." in html(app)
    assert "�" not in app.session_state["attention written"]
