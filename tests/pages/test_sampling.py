"""The Sampling page without a browser, on a run that ships."""

from __future__ import annotations

import math
import re
from functools import partial
from html import escape

import pytest

from explorer.charts.tokens import visible
from explorer.components.distribution import Controls
from explorer.sampling.text import Text
from gpt.lens.guessing import model_shares
from gpt.lens.novelty import N_GRAM
from gpt.runs.outside import adopt_model
from tests.byte_model import write_byte_model
from tests.pages import opening
from tests.pages.drawing import drawn

open_page = partial(opening.open_page, "sampling")
HOT = Controls(1.5, top_k=20, top_p=0.9, min_p=0.01)


def test_the_files_are_there_before_a_click_so_that_no_run_can_take_them_away() -> None:
    app = open_page(run="shakespeare", prompt="KING")
    files = [element.proto for element in app.get("download_button")]
    assert [each.url.rpartition(".")[2] for each in files] == ["txt", "csv"]
    assert not any(each.HasField("deferred_file_id") for each in files)


def test_a_link_is_taken_up_and_written() -> None:
    link = {"run": "shakespeare", "prompt": "KING", "seed": "7", "length": "90"}
    app = open_page(**link, temperature="1.5", top_k="20", top_p="0.9", min_p="0.01")
    text: Text = app.session_state["sampling text"]
    assert text.controls == HOT
    assert len(text.taken) == 60
    assert text.taken == drawn(text.subject.opened, text.subject.prompt, 60, **vars(HOT))
    for name, value in link.items():
        assert app.query_params[name] in (value, [value])


def test_a_thing_to_try_writes_the_text_anew() -> None:
    app = open_page(run="shakespeare", prompt="KING")
    next(each for each in app.button if each.label == "Always the likeliest").click().run()
    text: Text = app.session_state["sampling text"]
    assert text.controls == Controls(temperature=0.0)
    assert text.taken == drawn(text.subject.opened, text.subject.prompt, 60, temperature=0.0)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("é€", "The characters 'é' and '€' are unknown"), ("x" * 300, "the first")],
)
def test_a_prompt_that_cannot_be_read_gets_a_sentence(prompt: str, sentence: str) -> None:
    app = open_page(run="shakespeare", prompt=prompt)
    said = [each.value for each in app.markdown] + [each.proto.body for each in app.get("html")]
    assert any(sentence in each for each in said)


def test_after_a_prompt_that_cannot_be_read_the_one_before_is_kept() -> None:
    app = open_page(run="shakespeare", prompt="KING")
    app.text_area(key="sampling prompt").set_value("KINGÄ").run()
    assert "Shown is “KING”, which it can read." in opening.words(app)
    text: Text = app.session_state["sampling text"]
    assert text.subject.opened.tokenizer.decode(text.subject.prompt) == "KING"
    assert app.query_params["prompt"] == "KING"


def test_a_prompt_of_a_link_that_cannot_be_read_is_told_once() -> None:
    linked = open_page(run="shakespeare", prompt="KINGÄ")
    assert opening.words(linked).count("Shown is") == 1
    assert "The character 'Ä' is unknown" in opening.words(linked)


def test_another_run_gets_a_prompt_of_its_own_and_the_first_finds_its_own_again() -> None:
    app = open_page(run="shakespeare", prompt="KING")
    app.selectbox(key="sampling run").set_value("copy").run()
    opened = app.session_state["sampling text"].subject.opened
    prompt = app.text_area(key="sampling prompt").value
    assert prompt and prompt != "KING"
    assert opened.tokenizer.decode(opened.tokenizer.encode(prompt)) == prompt
    app.selectbox(key="sampling run").set_value("shakespeare").run()
    assert app.text_area(key="sampling prompt").value == "KING"


def test_a_game_stays_with_the_checkpoint_of_its_first_guess() -> None:
    app = open_page(run="copy", prompt="ab=", step="132")
    app.selectbox(key="sampling step").set_value(298).run()
    game = app.session_state["sampling games"]["copy"]
    assert game.opened.step == 298  # nothing had been guessed against the other
    app.text_input(key="guess typed").set_value("e")
    next(each for each in app.button if each.label == "Guess").click().run()
    assert len(game.rounds) == 1
    app.selectbox(key="sampling step").set_value(529).run()
    kept = app.session_state["sampling games"]["copy"]
    assert (kept.opened.step, len(kept.rounds)) == (298, 1)
    next(each for each in app.button if each.label == "Begin anew against step 529").click().run()
    begun = app.session_state["sampling games"]["copy"]
    assert (begun.opened.step, begun.rounds) == (529, [])


def test_a_guess_is_answered_in_words_with_both_scores_and_who_leads() -> None:
    app = open_page(run="copy", prompt="ab=", step="132")
    game = app.session_state["sampling games"]["copy"]
    V, first = game.opened.tokenizer.vocab_size, game.place
    tokens = game.passage.tokens[first : first + 2]
    signs = [visible(game.opened.tokenizer.decode([token])) for token in tokens]
    read = [game.passage.tokens[:place] for place in (first, first + 1)]
    models = [
        -math.log(model_shares(game.opened, text)[token].item())
        for text, token in zip(read, tokens, strict=True)
    ]

    def guess(typed: str) -> str:
        app.text_input(key="guess typed").set_value(typed)
        next(each for each in app.button if each.label == "Guess").click().run()
        told = next(e.proto.body for e in app.get("html") if "gpt-told" in e.proto.body)
        assert 'role="alert"' in told
        return re.sub(r"<[^>]*>", "", told)

    said = guess("x" if signs[0] != "x" else "y")
    mine = -math.log(0.5 / (V - 1))  # half of all is spread over all but the one that was named
    assert f"Wrong: it was {signs[0]}.You gave it" in said
    assert f": {mine:.3f} nats. The model gave it" in said
    assert f": {models[0]:.3f} nats.After 1 guess: you {mine:.3f} nats in all, the model" in said
    said = guess(signs[1])
    mine, both = round(mine + math.log(2), 3), round(sum(models), 3)
    leads = "you lead" if mine < both else "the model leads"
    assert f"Right: it was {signs[1]}.You gave it 50.0%: 0.693 nats." in said
    assert f"After 2 guesses: you {mine:.3f} nats in all, the model {both:.3f}; {leads} by" in said
    assert f" by {abs(mine - both):.3f}." in said


def test_a_guess_of_nothing_leaves_the_last_answer_standing() -> None:
    app = open_page(run="copy", prompt="ab=", step="132")
    V = app.session_state["sampling games"]["copy"].opened.tokenizer.vocab_size
    assert f"naming one of {V} scores" in opening.html(app), "no hole before the first answer"
    assert f"<td>{-math.log(0.1 / (V - 1)):.3f}</td>" in opening.html(app), "wrong, and 90% sure"
    for typed in ("a", ""):
        app.text_input(key="guess typed").set_value(typed)
        next(each for each in app.button if each.label == "Guess").click().run()
    told = next(e.proto.body for e in app.get("html") if "gpt-told" in e.proto.body)
    assert "Type at least one character" in told
    assert "After 1 guess: you" in told
    app.text_input(key="guess typed").set_value("b")
    next(each for each in app.button if each.label == "Guess").click().run()
    assert "Type at least one character" not in opening.html(app)


def test_an_empty_prompt_says_after_what_the_model_begins() -> None:
    app = open_page(run="shakespeare", prompt="")
    assert app.text_area(key="sampling prompt").placeholder.endswith("by itself, after ↵.")
    text: Text = app.session_state["sampling text"]
    assert text.subject.opened.tokenizer.decode(text.subject.prompt) == "\n"


def test_bytes_that_are_no_character_go_their_way_and_are_not_read_as_others(tmp_path) -> None:
    write_byte_model(tmp_path / "bytes")
    adopt_model(str(tmp_path / "bytes"))
    app = open_page(run="bytes", prompt="ab猫", seed="3")
    text: Text = app.session_state["sampling text"]
    tokenizer = text.subject.opened.tokenizer
    assert text.subject.prompt == tuple(tokenizer.encode("ab猫"))
    assert len(text.whole) > text.subject.opened.model.config.block_size
    written = tokenizer.decode(text.taken)
    assert "�" in written
    opening.press(app, "Write past the block")
    assert escape(written[:20]) in opening.html(app)
    opening.press(app, "Write at five temperatures")
    columns = ["temperature", "surprisal, nats", f"distinct {N_GRAM}-grams"]
    assert list(app.dataframe[0].value) == columns, "nothing that takes a corpus"
    assert "bytes comes from outside" in opening.words(app)
    assert app.session_state["sampling text"].taken == text.taken
    opening.press(app, "Attention of this text")
    read = app.session_state["attention text"] + app.session_state["attention written"]
    whole = list(text.whole)
    assert tokenizer.encode(read) == whole[: len(tokenizer.encode(read))]
    assert len(read) > len("ab猫")
    assert "bytes that are no character; they are left out" in opening.html(app)


def test_a_link_brings_back_bytes_that_were_forced(tmp_path) -> None:
    write_byte_model(tmp_path / "bytes")
    adopt_model(str(tmp_path / "bytes"))
    app = open_page(run="bytes", prompt="猫", written="9_2.200.3.7")
    text: Text = app.session_state["sampling text"]
    assert (text.taken[2:4], text.forced, len(text.taken)) == ([200, 7], {2, 3}, 9)
    assert app.query_params["written"] in ("9_2.200.3.7", ["9_2.200.3.7"])
    assert app.query_params["prompt"] in ("猫", ["猫"])
