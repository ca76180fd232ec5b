"""The page "Let's build GPT" without a browser: what each chapter shows and starts."""

from __future__ import annotations

import pytest

from gpt.runs.library import find_run, list_runs
from tests.pages.opening import html, open_page, press

CHAPTERS = ("text", "bigram", "averaging", "head", "notes", "rungs", "twice")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_opens_offline_and_before_any_training(chapter: str) -> None:
    app = open_page("ladder", chapter=chapter)
    assert app.title[0].value == "How do you build a GPT?"
    assert app.query_params["chapter"] == chapter
    assert app.query_params["corpus"] == "names"
    assert "gpt-lead" in html(app)
    assert len([each for each in app.header if each.value == "The code"]) == 1


def test_an_unknown_character_is_named_and_nothing_is_lost() -> None:
    app = open_page("ladder", chapter="text")
    app.text_input(key="ladder text").set_value("emma☃").run()
    assert "never occurs in this text" in html(app)
    assert "☃" in html(app)
    app.text_input(key="ladder text").set_value("emma").run()
    assert "encode → <b>[" in html(app)


def test_training_the_bigram_starts_the_lecture_s_run(started: list[str]) -> None:
    app = open_page("ladder", chapter="bigram")
    press(app, "Train it")
    (name,) = started
    config = find_run(name).config()
    assert config.preset == "bigram"
    assert (config.training.steps, config.training.learning_rate) == (3000, 0.01)
    assert config.corpus.name == "names"


def test_a_race_queues_every_rung_in_order(started: list[str]) -> None:
    app = open_page("ladder", chapter="rungs")
    press(app, "Race all rungs")
    presets = [find_run(name).config().preset for name in started]
    assert presets == [
        *("bigram", "single-head", "multi-head", "feed-forward"),
        *("blocks", "residuals", "layer-norm", "dropout"),
    ]
    steps = [each.config.training.steps for each in reversed(list_runs().runs)]
    assert sorted(steps) == [300] + [500] * 7


def test_the_change_from_rung_to_rung_is_shown() -> None:
    app = open_page("ladder", chapter="rungs")
    press(app, "Add two plus signs")
    change = app.code[0].value
    assert "-class PlainBlocks(LanguageModel):" in change
    assert '+        x = tap("residual_mid", x + self.attn(x, cache, tap.within("attn")))' in change


def test_plain_numbers_and_torch_find_the_same_gradients() -> None:
    app = open_page("ladder", chapter="twice")
    text = html(app)
    assert "of 4,192 gradients" in text
    shown = text.split("gpt-headline gpt-backward")[1]
    difference = float(shown.split(">")[1].split("<")[0])
    assert 0 < difference < 1e-9


@pytest.mark.parametrize("number", range(6))
def test_every_note_can_be_tried(number: int) -> None:
    app = open_page("ladder", chapter="notes")
    app.session_state["note"] = number
    app.run()
    assert not app.exception
    assert "gpt-note" in html(app)
