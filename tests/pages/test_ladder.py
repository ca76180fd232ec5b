"""The page "Let's build GPT" without a browser: what each chapter shows and starts."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.data import encode_streams
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
    assert ">☃</span> never occurs in this text" in html(app)
    app.text_input(key="ladder text").set_value("hii there!").run()
    assert ">·</span> (a space)" in html(app)
    assert "never occur in this text, so they have no numbers" in html(app)
    app.text_input(key="ladder text").set_value("emma").run()
    assert "encode → <b>[" in html(app)


@pytest.mark.parametrize(
    ("chapter", "key"),
    [
        ("text", "ladder text"),
        ("head", "head text"),
        ("notes", "note text"),
        ("twice", "twice name"),
    ],
)
def test_what_a_chapter_starts_with_can_be_read(chapter: str, key: str) -> None:
    app = open_page("ladder", chapter=chapter)
    known = set(load_corpus("names").tokenizer.characters)
    text = app.text_input(key=key).value
    assert text and known.issuperset(text)
    assert "never occur" not in html(app)


def test_a_text_that_cannot_be_read_leaves_the_head_something_to_read() -> None:
    app = open_page("ladder", chapter="head")
    sample = app.text_input(key="head text").value
    app.text_input(key="head text").set_value("hii ther").run()
    text = html(app)
    assert "(a space) never occurs in this text" in text
    assert f"Token {len(sample)}," in text
    assert app.text_input(key="head text").value == "hii ther"


def test_names_are_not_promised_the_lecture_s_batch_but_another() -> None:
    app = open_page("ladder", chapter="text")
    assert "The lecture's first batch" not in [each.label for each in app.button]
    batch = r"<table class='gpt-batch'>.*?</table>"
    before = re.findall(batch, html(app), re.DOTALL)
    press(app, "Another batch")
    after = re.findall(batch, html(app), re.DOTALL)
    assert len(before) == len(after) == 1
    assert before != after


def test_the_rows_that_are_suggested_are_told_as_they_were_counted() -> None:
    app = open_page("ladder", chapter="bigram")
    assert [each.label for each in app.button if each.label.startswith("What follows")] == [
        "What follows x?",
        "What follows ⊢?",
    ]
    # One is added to each count, of 27 tokens.
    tokenizer, ids = load_corpus("names").tokenizer, encode_streams(load_corpus("names")).train
    x, i = tokenizer.encode("xi")
    followed = [after for before, after in pairwise(ids) if before == x]
    share = (followed.count(i) + 1) / (len(followed) + 27)
    assert f"Above all i, to which the table of counts gives {share:.0%}" in html(app)


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
    assert "4,192 pairs of gradients are apart by at most" in text
    shown = text.split("gpt-headline gpt-backward")[1]
    difference = shown.split(">")[1].split("<")[0]
    assert 0 < float(difference) < 1e-9
    (table,) = app.dataframe
    assert difference == max(table.value["off by"], key=float)


@pytest.mark.parametrize("number", range(6))
def test_every_note_can_be_tried(number: int) -> None:
    app = open_page("ladder", chapter="notes")
    app.session_state["note"] = number
    app.run()
    assert not app.exception
    assert "gpt-note" in html(app)
