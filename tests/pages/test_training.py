"""The Training page without a browser: what it starts, and what it refuses to start."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.library import create_run, find_run
from gpt.runs.presets import PRESETS, configure
from tests.pages import opening
from tests.pages.opening import html, press, words


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


open_page = partial(opening.open_page, "training")


def test_before_any_training_there_is_a_button_that_begins(started: list[str]) -> None:
    app = open_page()
    assert app.title[0].value == "How does a GPT learn?"
    assert "Nothing has been trained here yet" in html(app)
    app = press(app, "Train eight names, over in seconds")
    assert started == ["eight-names"]
    assert find_run("eight-names").config().training.steps == 50
    assert app.session_state.run == "eight-names"


def test_a_text_can_be_cut_into_byte_pairs(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    size = app.number_input(key="setting 0 eight-names vocab_size")
    assert (size.value, size.disabled) == (512, True)
    app.selectbox(key="setting 0 eight-names tokenizer").set_value("bpe").run()
    assert not app.number_input(key="setting 0 eight-names vocab_size").disabled
    app.number_input(key="setting 0 eight-names vocab_size").set_value(5).run()
    assert "A vocabulary of 5 tokens is too small: this text takes at least 14" in words(app)
    app.number_input(key="setting 0 eight-names vocab_size").set_value(20).run()
    press(app, "Train")
    config = find_run(started[0]).config()
    assert config.tokenizer_settings.to_dict() == {"tokenizer": "bpe", "vocab_size": 20}
    # Back to characters, the size that was set is no longer asked about.
    app.selectbox(key="setting 0 eight-names tokenizer").set_value("characters").run()
    press(app, "Train")
    assert find_run(started[1]).config().tokenizer == load_corpus("eight-names").tokenizer


def test_a_task_is_shown_with_its_answers(started: list[str]) -> None:
    corpus = load_corpus("copy")
    run = create_run(configure(PRESETS["copy"], corpus), corpus)
    metrics = {"step": 0, "validation_loss": 3.3, "validation_accuracy": 0.5}
    run.metrics_file.write_text(json.dumps(metrics) + "\n")
    run.samples_file.write_text(json.dumps({"step": 0, "text": "ab=cd=cd ✓\na=bc=ba ✗"}) + "\n")
    status = {"state": "stopped", "heartbeat": 0.0, "steps": 50, "validation_accuracy": 0.5}
    run.status_file.write_text(json.dumps(status))
    app = open_page(corpus="copy", preset="copy", run=run.name)
    assert "What it answers" in [header.value for header in app.header]
    assert "Write again what stands between the two =" in html(app)
    assert "<b>✓</b><span><i>ab=cd=</i>cd</span>" in html(app)
    assert "<i>a=bc=</i>ba <em>→\N{NO-BREAK SPACE}bc</em>" in html(app)
    assert "<th scope='row'>tokens right</th><td>50.0%</td>" in html(app)


def test_another_text_brings_its_model_unless_one_was_chosen_for_it_by_hand() -> None:
    app = open_page()
    app.selectbox(key="corpus").set_value("copy").run()
    assert app.selectbox(key="preset").value == "copy"
    app.selectbox(key="preset").set_value("nanogpt-cpu").run()
    app.selectbox(key="corpus").set_value("names").run()
    assert app.selectbox(key="preset").value == "nanogpt-cpu"
    app.selectbox(key="corpus").set_value("eight-names").run()
    assert app.selectbox(key="preset").value == "eight-names"
    app.selectbox(key="corpus").set_value("own").run()
    assert app.selectbox(key="preset").value == "gpt-small", "eight names are no text of one's own"
    app.selectbox(key="corpus").set_value("copy").run()
    assert app.selectbox(key="preset").value == "nanogpt-cpu", "it was chosen for this text"
    linked = open_page(corpus="copy", preset="gpt-small")
    assert linked.selectbox(key="preset").value == "gpt-small"


def test_every_setting_is_a_field_of_the_configuration(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    app.number_input(key="setting 0 eight-names n_embd").set_value(64).run()
    app.number_input(key="setting 0 eight-names steps").set_value(7).run()
    app.text_input(key="title").set_value("Wider").run()
    app = press(app, "Train")
    (name,) = started
    config = find_run(name).config()
    assert (config.title, config.model.n_embd, config.training.steps) == ("Wider", 64, 7)
    assert config.training.learning_rate == PRESETS["eight-names"].training.learning_rate


def test_settings_that_follow_others_are_seen_to_follow_until_they_are_touched(
    started: list[str],
) -> None:
    app = open_page(corpus="names", preset="nanogpt-cpu")
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 100
    app.number_input(key="setting 0 nanogpt-cpu steps").set_value(300).run()
    app.number_input(key="setting 0 nanogpt-cpu learning_rate").set_value(5e-4).run()
    app.number_input(key="setting 0 nanogpt-cpu evaluation_interval").set_value(30).run()
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 30
    assert app.number_input(key="setting 0 nanogpt-cpu minimum_learning_rate").value == 5e-5
    assert app.number_input(key="setting 0 nanogpt-cpu sample_interval").value == 30
    app.number_input(key="setting 0 nanogpt-cpu warmup_steps").set_value(7).run()
    app.number_input(key="setting 0 nanogpt-cpu steps").set_value(200).run()
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 7
    press(app, "Train")
    training = find_run(started[0]).config().training
    assert (training.steps, training.warmup_steps) == (200, 7)
    assert training.minimum_learning_rate == 5e-5


def test_every_model_is_estimated_when_asked() -> None:
    app = open_page(corpus="names", preset="microgpt")
    assert "not measured here yet" not in html(app)
    app.session_state.takes = True
    app.run()
    assert html(app).count("not measured here yet") == len(PRESETS)
    assert f">{PRESETS['gpt-small'].title}<" in html(app)
    app = press(app, "Measure the others")
    deadline = time.monotonic() + 20
    while "taking a few steps" in html(app) and time.monotonic() < deadline:
        app.run()
    assert html(app).count("Not measured in tests.") >= len(PRESETS)


def test_an_impossible_setting_is_answered_in_a_sentence(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    app.number_input(key="setting 0 eight-names n_head").set_value(5).run()
    assert "n_embd (32) must be a multiple of n_head (5)" in words(app)
    (train,) = (button for button in app.button if button.label == "Train")
    assert train.disabled


def test_a_text_too_short_for_the_model_is_said_beside_it_before_training(
    started: list[str],
) -> None:
    app = open_page(corpus="eight-names", preset="copy")
    reason = "eight-names has 48 tokens to learn from, but blocks of 64 need at least 65"
    assert reason in words(app)
    assert next(button for button in app.button if button.label == "Train").disabled
    assert "parameters" not in html(app), "what cannot be trained takes no time"
    app.number_input(key="setting 0 copy block_size").set_value(47).run()
    assert reason not in words(app)
    press(app, "Train")
    assert find_run(started[0]).config().model.block_size == 47


def test_a_scalar_model_does_not_learn_running_text() -> None:
    app = open_page(corpus="names", preset="microgpt")
    assert not next(button for button in app.button if button.label == "Train").disabled
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value("So shaken as we are, so wan with care. " * 9).run()
    assert "learns documents, one a line" in words(app)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("too short", "too short"), ("   \n " * 50, "nothing but white space")],
)
def test_a_text_that_cannot_serve_is_refused_with_the_reason(text: str, answer: str) -> None:
    app = open_page()
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value(text).run()
    assert answer in words(app)
    assert not app.exception


def test_ones_own_text_is_trained_on_and_kept_with_the_run(started: list[str]) -> None:
    verse = "Shall I compare thee to a summer's day?\nThou art more lovely. " * 4
    app = open_page()
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value(verse).run()
    press(app, "Train")
    assert find_run(started[0]).corpus().text == verse


def upload_text(app: AppTest, name: str, contents: bytes) -> AppTest:
    app.selectbox(key="corpus").set_value("own").run()
    app.file_uploader(key="uploaded").set_value((name, contents, "text/plain")).run()
    assert not app.exception
    return app


def test_an_uploaded_text_is_trained_on_under_its_own_name(started: list[str]) -> None:
    verse = "Shall I compare thee to a summer's day?\r\nThou art more lovely. " * 4
    app = upload_text(open_page(), "sonnet.txt", b"\xef\xbb\xbf" + verse.encode())
    press(app, "Train")
    run = find_run(started[0])
    assert run.config().title == "gpt-small on sonnet.txt"
    assert run.corpus().text == verse.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("contents", "answer"),
    [
        (b"", "verse.txt is empty"),
        ("Shall I compare thee? ".encode("utf-16") * 9, "verse.txt is encoded as UTF-16"),
        ("Füße ".encode("latin-1") * 40, "verse.txt is not UTF-8: byte 0xFC in line 1"),
        (b"verse\0" * 40, "verse.txt is not plain text: byte 6 is NUL"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 20, "verse.txt is not plain text: byte 9 is NUL"),
    ],
)
def test_an_upload_that_is_no_text_is_refused_with_the_reason(contents: bytes, answer: str) -> None:
    app = upload_text(open_page(), "verse.txt", contents)
    assert answer in words(app)
    assert next(button for button in app.button if button.label == "Train").disabled


def test_only_the_right_file_takes_the_place_of_a_missing_corpus() -> None:
    app = open_page(corpus="shakespeare")
    uploader = app.file_uploader(key="upload of shakespeare")
    uploader.set_value(("input.txt", b"To be, or not to be. " * 9, "text/plain")).run()
    assert "This file is not Tiny Shakespeare, for its SHA-256 is another" in words(app)
