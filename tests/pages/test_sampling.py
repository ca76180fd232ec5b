"""The Sampling page without a browser, on a run that ships."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import replace
from functools import partial
from html import escape
from types import SimpleNamespace

import pytest
import torch

from explorer.charts.tokens import visible
from explorer.components.distribution import Controls, Look, Request, message
from explorer.sampling import training
from explorer.sampling.files import table_of
from explorer.sampling.near_misses import near_misses
from explorer.sampling.picture import picture_of
from explorer.sampling.subject import Subject
from explorer.sampling.text import Text, answer, needles
from explorer.sampling.told import Told, draw_again, read_told, told_of
from explorer.sampling.training import Written, write_at_new_checkpoints
from explorer.sampling.tries import with_branch
from gpt.lens.guessing import model_shares
from gpt.lens.novelty import N_GRAM
from gpt.lens.opening import open_model
from gpt.lens.writing import start_text
from gpt.runs.demos import list_demos
from gpt.runs.outside import adopt_model
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.steps import take_step
from tests.byte_model import write_byte_model
from tests.pages import opening
from tests.pages.drawing import drawn

open_page = partial(opening.open_page, "sampling")
HOT = Controls(1.5, top_k=20, top_p=0.9, min_p=0.01)


@pytest.fixture(scope="module")
def subject() -> Subject:
    summary = next(each for each in list_demos().runs if each.run.name == "shakespeare")
    steps = tuple(each.step for each in summary.run.checkpoints())
    opened = open_model(summary.run)
    prompt = tuple(start_text(opened, "ROMEO:"))
    return Subject(summary, steps[-1], steps, opened, prompt, 7, 100, "crop")


def test_the_text_is_what_generate_draws_with_that_seed(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(30)
    assert text.taken == drawn(subject.opened, subject.prompt, 30, **vars(HOT))


def test_whoever_goes_back_and_on_again_draws_the_same(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(30)
    whole = list(text.taken)
    text = answer(text, Request("goto", HOT, place=12))
    assert text.taken == whole[:12]
    text = answer(text, Request("back", HOT))
    assert text.taken == whole[:11]
    text.go_on(19)
    assert text.taken == whole


def test_what_is_left_for_another_way_can_be_taken_up_again(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(20)
    first = text.branch
    text = answer(text, Request("force", HOT, token=5, place=8))
    text.go_on(3)
    second = text.branch
    assert [each.tokens for each in text.tries] == [first.tokens]
    text.return_to(first)
    assert (text.branch.tokens, text.forced) == (first.tokens, set())
    assert [each.tokens for each in text.tries] == [first.tokens, second.tokens]
    text.go_on(2)
    assert text.taken == drawn(subject.opened, subject.prompt, 22, **vars(HOT))
    text.return_to(second)
    assert (text.taken, text.forced) == (list(second.tokens), {8})
    anew = text.written_anew(subject, Controls())
    assert len(anew.tries) == 2
    assert not anew.written_anew(replace(subject, prompt=(4,)), Controls()).tries


def test_what_is_taken_up_again_brings_the_controls_that_drew_it(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(12)
    tried = text.branch
    cold = Text(subject, Controls(temperature=0.0))
    cold.go_on(12)
    cold.return_to(tried)
    assert (cold.taken, cold.forced, cold.controls) == (list(tried.tokens), set(), HOT)


def test_what_was_forced_stays_only_behind_the_same_text(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(8)
    text = answer(text, Request("force", HOT, token=5, place=0))
    assert text.written_anew(subject, Controls(temperature=0.5)).forced == {0}
    text.go_on(8)
    text = answer(text, Request("force", HOT, token=5, place=6))
    cold = text.written_anew(subject, Controls(temperature=0.0))
    is_same = cold.taken[:6] == text.taken[:6]
    assert (6 in cold.forced) == is_same
    assert text.branch in cold.tries


def test_of_a_vocabulary_as_large_as_gpt2s_only_the_likeliest_are_sent(subject: Subject) -> None:
    V, places = 50_257, 61
    logits = 3 * torch.randn(places, V, generator=torch.Generator().manual_seed(3))
    tokenizer = SimpleNamespace(vocab_size=V, bos=None, decode=lambda ids: f" w{ids[0]}")
    opened = subject.opened._replace(config=SimpleNamespace(tokenizer=tokenizer))
    text = Text(replace(subject, opened=opened, prompt=(1,)), HOT, logits=list(logits))
    text.go_on(places - 1)
    picture = picture_of(text)
    assert len(message(picture, HOT, Look())) < 300_000
    assert picture.settled is not None
    shares = take_step(logits[-1], [], SamplingConfig(**vars(HOT)), uniform=0.5).probabilities
    assert picture.settled.kept[-1] == int((shares > 0).sum())
    assert picture.settled.final[-1].sum() == pytest.approx(1)  # top-k leaves nothing to the tail


def test_other_controls_write_anew_and_what_was_forced_can_be_taken_up(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(20)
    text = answer(text, Request("force", HOT, token=5, place=8))
    assert text.taken[8:] == [5]
    text.go_on(4)
    cold = Controls(temperature=0.0)
    tried = text.branch
    text = answer(text, Request("controls", cold))
    assert (text.controls, len(text.taken), text.forced) == (cold, 13, set())
    assert text.taken == drawn(subject.opened, subject.prompt, 13, temperature=0.0)
    assert tried in text.tries
    text.return_to(tried)
    assert (text.controls, text.taken[8], text.forced) == (HOT, 5, {8})


def test_a_word_ends_with_a_blank_and_the_end_is_the_longest_text(subject: Subject) -> None:
    text = answer(Text(subject, HOT), Request("word", HOT))
    assert subject.opened.tokenizer.decode(text.taken)[-1].isspace()
    text = answer(text, Request("end", HOT))
    assert len(text.taken) == 100
    assert text.is_over


def test_the_table_tells_what_decided_each_token(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(10)
    rows = list(csv.DictReader(io.StringIO(table_of(text).to_csv(index=False))))
    assert [int(row["token"]) for row in rows] == text.taken
    assert [float(row["uniform"]) for row in rows] == list(needles(7, 10))
    logits = subject.opened.model(torch.tensor([[*subject.prompt, *text.taken]]))[0][0]
    shares = logits[len(subject.prompt) - 1 : -1].softmax(-1)
    for row, place, token in zip(rows, shares, text.taken, strict=True):
        assert float(row["model_probability"]) == pytest.approx(place[token].item(), abs=1e-5)
        assert float(row["surprisal_nats"]) == pytest.approx(-place[token].log().item(), abs=1e-4)
    config = SamplingConfig(**vars(HOT))
    step = take_step(text.logits[4], [], config, token=text.taken[4])
    kept = step.probabilities[text.taken[4]].item()
    assert float(rows[4]["drawn_from_probability"]) == pytest.approx(kept)


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
    assert "Shown is a text that it can read." in opening.words(app)
    text: Text = app.session_state["sampling text"]
    assert text.subject.opened.tokenizer.decode(text.subject.prompt) == "KING"
    assert app.query_params["prompt"] == "KING"
    linked = open_page(run="shakespeare", prompt="KINGÄ")
    assert "this model does not know all of its characters" in opening.words(linked)


def test_a_continuation_is_read_as_it_is_told(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(6)
    for branch in (text.branch, answer(text, Request("force", HOT, token=5, place=3)).branch):
        told = read_told(told_of(branch), Told(60, {}, 1, Controls()))
        assert draw_again(subject, told).branch == branch


def test_what_another_seed_drew_stays_as_it_was(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(20)
    tried = text.branch
    other = text.written_anew(replace(subject, seed=8), HOT)
    other.tries = (tried,)
    assert other.taken != list(tried.tokens)
    other.return_to(tried)
    assert other.taken == list(tried.tokens)


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


def test_what_nearly_came_is_the_likeliest_that_was_not_taken_nor_tried(subject: Subject) -> None:
    text = Text(subject, HOT)
    text.go_on(20)
    logits = subject.opened.model(torch.tensor([text.whole]))[0][0]
    shares = logits[len(subject.prompt) - 1 : -1].softmax(-1)
    shares[range(20), text.taken] = 0
    misses = near_misses(text, [text.branch], 20)
    assert [miss.place for miss in misses] == [*range(19, -1, -1)]
    assert [miss.token for miss in reversed(misses)] == shares.argmax(-1).tolist()
    for miss in misses:
        assert miss.probability == pytest.approx(shares[miss.place].max().item(), rel=1e-3)
    (likeliest,) = near_misses(text, [text.branch], 1)
    assert likeliest.probability == pytest.approx(shares.max().item(), rel=1e-3)
    text.go_back(likeliest.place)
    text.take_path([likeliest.token])
    text.return_to(text.tries[0])
    tried = with_branch(text.tries, text.branch)
    again = [(miss.place, miss.token) for miss in near_misses(text, tried, 20)]
    assert (likeliest.place, likeliest.token) not in again


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


def test_what_new_checkpoints_write_joins_the_film(subject: Subject, monkeypatch) -> None:
    monkeypatch.setattr(training, "st", SimpleNamespace(progress=lambda _: None))
    steps = subject.steps[-3:]
    written = Written(None, HOT)
    write_at_new_checkpoints(replace(subject, steps=steps[:1]), written)
    first = dict(written.texts)
    write_at_new_checkpoints(replace(subject, steps=steps), written)
    assert [*written.texts] == [*steps]
    assert first.items() <= written.texts.items()
    hot = drawn(subject.opened, subject.prompt, training.TOKENS, **vars(HOT))
    assert written.texts[subject.step] == subject.opened.tokenizer.decode(hot)
