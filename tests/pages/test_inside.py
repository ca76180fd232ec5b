"""The Inside page without a browser, on the runs that ship."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.charts.numbers import format_number
from explorer.components.logit_lens import Choice, Drawing
from explorer.inside.film import make_film
from explorer.inside.flow import SMALLEST_SHARE, list_edges
from explorer.inside.neurons import pick_typed
from explorer.inside.reading import LARGEST, as_said, read, streams_of
from explorer.inside.swapping import swap
from explorer.models import model_at
from gpt.corpus.corpus import Corpus
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.tensor.config import GPTConfig
from tests.pages import opening
from tests.pages.opening import html, press, words

open_page = partial(opening.open_page, "inside")
COPIED = "srti=euhwqkpm=euhwqkpm"


@pytest.fixture
def ids(copy: Run) -> tuple[int, ...]:
    return tuple(model_at(copy, 1000).encode(COPIED).tokens)


def test_the_first_visit_has_a_run_to_show() -> None:
    app = open_page()
    assert app.title[0].value == "Where is the answer decided?"
    assert app.query_params["run"] == app.selectbox(key="inside run").value
    assert "the answer stays" in html(app)


def test_a_link_is_taken_up_and_explained(copy: Run, ids: tuple[int, ...]) -> None:
    app = open_page(run="copy", text=COPIED, step="1000", position="19", depth="3")
    assert app.header[0].value == "Why “q” after “w”"
    logit = float(read(copy, 1000, ids).logits(18, 3).max())
    assert f"logit of q <b>{format_number(logit, 6)}</b>" in html(app)
    assert (app.query_params["position"], app.query_params["depth"]) == ("19", "3")


def test_what_is_explained_is_what_is_said_until_another_token_is_chosen(copy: Run) -> None:
    app = open_page(run="copy", text=COPIED, step="1000", position="19", depth="3")
    answers = {}
    for step in (1000, 33, 0):
        app.session_state["inside choice"] = Choice(step, 18, 3)
        app.run()
        answers[step] = app.selectbox(key="inside token").value
        (said,) = {read(copy, step, tuple(model_at(copy, 1000).encode(COPIED).tokens)).said(18, 3)}
        assert answers[step] == said
        assert "token" not in app.query_params
    assert len(set(answers.values())) > 1
    other = next(token for token in range(3, 9) if token not in answers.values())
    app.selectbox(key="inside token").set_value(other).run()
    name = model_at(copy, 1000).tokenizer.decode([other])
    assert app.header[0].value == f"Why “{name}” after “w”"
    app.session_state["inside choice"] = Choice(1000, 18, 3)
    app.run()
    assert app.query_params["token"] == str(other)
    app.selectbox(key="inside against").set_value(answers[1000]).run()
    assert app.header[0].value == f"Why “{name}” rather than “q” after “w”"
    # One that was chosen stays, also past a step at which it is what is said.
    for chosen in (answers[33], answers[1000]):
        app.selectbox(key="inside token").set_value(chosen).run()
    app.session_state["inside choice"] = Choice(0, 18, 3)
    app.run()
    assert app.selectbox(key="inside token").value == answers[0]  # to choose what is said: follow
    app.selectbox(key="inside token").set_value(answers[33]).run()
    for step in (33, 1000):
        app.session_state["inside choice"] = Choice(step, 18, 3)
        app.run()
        assert app.selectbox(key="inside token").value == answers[33]


def test_whoever_looks_at_the_last_token_goes_on_looking_at_the_last() -> None:
    app = open_page(run="copy", text="t=abc=", step="1000", position="7", depth="4")
    for text, position in (("t=abc=ab", "9"), ("", "1"), ("t=abcd=", "8")):
        app.text_area(key="inside text").set_value(text).run()
        assert app.query_params["position"] == position
    app.session_state["inside choice"] = Choice(1000, 2, 4)
    app.text_area(key="inside text").set_value("t=abcd=ab").run()
    assert app.query_params["position"] == "3", "but another stays where it is"


VIEW = {
    "run": "copy",
    "text": COPIED,
    "vectors": "position",
    "step": "529",
    "position": "19",
    "depth": "3",
    "rank": "next",
    "curves": "off",
    "shares": "0.2",
    "token": "10",
    "against": "0",
    "other": "srti=euhwqkpx=euhwqkpx",
    "neuron": "0.17",
}


def test_a_link_holds_the_whole_view(copy: Run) -> None:
    app = open_page(**VIEW)
    assert app.query_params == VIEW
    assert "In the link" not in words(app)
    shown = html(app)
    name = model_at(copy, 529).tokenizer.decode
    assert f"logit of {name([10])} less that of {name([0])}" in shown
    assert "Layer 0, 17 on this text" in shown
    assert "the place that is pinned" in shown
    assert app.session_state["inside drawing"] == Drawing("next", False, 0.2)


def test_nonsense_in_a_link_is_told_and_spoils_nothing_else() -> None:
    nonsense = {
        "step": "7",
        "position": "99",
        "depth": "-1",
        "rank": "first",
        "shares": "7",
        "token": "k",
        "against": "999",
        "neuron": "9.1",
        "vectors": "none",
        "colour": "[red](http://x)",
    }
    app = open_page(run="copy", text="abc=ab", curves="off", **nonsense)
    (told,) = (each.value for each in app.markdown if "In the link" in each.value)
    assert "In the link, step is “7”, which is not here. Shown is “1000”." in told
    assert told.count("In the link") == len(nonsense) - 1
    assert "The link says “colour”, which this page has no use for." in told
    assert dict(app.query_params) == {
        **{"run": "copy", "text": "abc=ab", "step": "1000", "position": "7", "depth": "4"},
        "curves": "off",
    }
    app.selectbox(key="inside against").set_value(3).run()
    assert "In the link" not in words(app)


def test_another_run_has_neurons_and_tokens_of_its_own(copy: Run) -> None:
    app = open_page(run="copy", text="abc", neuron="0.17", against="3")
    app.selectbox(key="inside run").set_value("shakespeare").run()
    assert not {"neuron", "token", "against"} & set(app.query_params)


def test_what_cannot_be_read_leaves_what_could() -> None:
    app = open_page(run="copy", text=COPIED, position="19", depth="3", step="1000")
    app.text_area(key="inside text").set_value("Ä").run()
    assert "unknown to this tokenizer" in words(app)
    assert app.header[0].value == "Why “q” after “w”"
    app.selectbox(key="inside run").set_value("shakespeare").run()
    assert "unknown to this tokenizer" not in words(app)
    assert (app.text_area(key="inside text").value or "").isascii()
    assert len(app.header) == 5
    app.selectbox(key="inside run").set_value("copy").run()
    assert app.text_area(key="inside text").value == "Ä"  # what was typed waits for its run


def test_another_text_that_the_next_run_cannot_read_gives_way() -> None:
    app = open_page(run="shakespeare", text="LADY")
    app.text_area(key="inside other").set_value("LORD").run()
    app.selectbox(key="inside run").set_value("copy").run()
    assert app.text_area(key="inside other").value == ""
    app.text_area(key="inside other").set_value("srt").run()
    app.selectbox(key="inside run").set_value("shakespeare").run()
    assert app.text_area(key="inside other").value == "srt", "which this model can read"


def test_a_text_is_swapped_against_another() -> None:
    app = open_page(run="copy", text="euhwqkpm=euhwq")
    app.text_area(key="inside other").set_value("euhwqxpm=euhw").run()
    assert "this has 15, that 14" in words(app)
    app.text_area(key="inside other").set_value("euhwqxpm=euhwq").run()
    assert not app.exception
    assert "In this text the model says" in html(app)
    app.text_area(key="inside other").set_value("euhwqkpm=euhwq").run()
    assert "both texts are the same" in html(app)


def test_everything_swapped_answers_as_the_other_text_does(copy: Run) -> None:
    opened = model_at(copy, 1000)
    text, other = (tuple(opened.encode(each).tokens) for each in ("abc=ab", "abd=ab"))
    swaps = swap(copy, 1000, text, other)
    assert swaps is not None
    assert swaps.swapped_lead == swaps.other_lead
    assert swaps.streams[-1, -1] == pytest.approx(1, abs=1e-5)
    assert abs(swaps.streams[:, :3]).max() < 1e-5  # where both texts are the same


def test_one_token_is_changed_at_a_click() -> None:
    app = open_page(run="copy", text="euhwqkpm=euhwq")
    press(app, "Change one token")
    other = app.text_area(key="inside other").value or ""
    assert sum(a != b for a, b in zip(other, "euhwqkpm=euhwq", strict=True)) == 1


def test_one_changed_token_is_after_another_and_each_is_answered_otherwise() -> None:
    app = open_page(run="copy", text="euhwqkpm=euhwq", step="1000")
    written = []
    for _ in range(3):
        press(app, "Change one token")
        written.append(app.text_area(key="inside other").value)
        assert "In this text the model says" in html(app)
    assert written[0] != written[1] != written[2]


@pytest.mark.parametrize("position", ["1", "2", "5"])
def test_what_is_changed_stands_where_the_pinned_token_can_see_it(position: str) -> None:
    app = open_page(run="copy", text="euhwqkpm=euhwq", step="1000", position=position, depth="4")
    press(app, "Change one token")
    other = app.text_area(key="inside other").value or ""
    pairs = zip(other, "euhwqkpm=euhwq", strict=True)
    (changed,) = (number for number, (new, old) in enumerate(pairs, start=2) if new != old)
    assert changed <= max(int(position), 2)  # token 1 is BOS, which stays


def test_swaps_answer_for_the_pinned_token() -> None:
    texts = {"text": "euhwqkpm=euhwq", "other": "euhwqxpm=euhwq"}
    pinned = open_page(run="copy", step="1000", position="6", depth="4", **texts)
    assert "Up to the pinned" in html(pinned)
    pinned = open_page(run="copy", step="1000", position="15", depth="4", **texts)
    assert "In this text the model says" in html(pinned)


def test_copying_is_decided_by_the_attention_of_layer_1(copy: Run, ids: tuple[int, ...]) -> None:
    reading = read(copy, 1000, ids)
    assert reading.streams == streams_of(reading.opened.model.config, len(ids))
    said = as_said(reading)
    tokens = np.array(said.words)[said.tokens[:, :, 0]]
    assert "".join(tokens[4, 14:22]) == "euhwqkpm"
    assert "".join(tokens[3, 15:22]) == "uhwqkpm"
    assert (said.probabilities[3, 15:22, 0] > 0.99).all()
    assert (said.last_ranks[2, 15:22] > 0).sum() >= 6
    assert said.next_ranks[-1, -1] == LARGEST


def test_the_loss_on_the_text_is_that_of_every_token_after_the_first(
    copy: Run, ids: tuple[int, ...]
) -> None:
    reading = read(copy, 1000, ids)
    shares = [
        float(row[token]) for row, token in zip(reading.trace.probabilities, ids[1:], strict=False)
    ]
    assert reading.loss == pytest.approx(-np.log(shares).mean(), abs=1e-5)
    shown = html(open_page(run="copy", text=COPIED, step="1000"))
    assert f"On this text, at step 1,000, it is <b>{reading.loss:.3f}</b> nats" in shown


def test_a_film_says_what_every_checkpoint_would(copy: Run, ids: tuple[int, ...]) -> None:
    steps = [each.step for each in copy.checkpoints()]
    film = make_film(copy, steps, ids)
    first = as_said(read(copy, steps[0], ids))
    assert film.tokens.shape == (len(steps), 5, len(ids), 1)
    shown = np.array(film.words)[film.tokens[0, ..., 0]]
    assert (shown == np.array(first.words)[first.tokens[..., 0]]).all()
    exact = first.probabilities[..., 0]
    assert abs(film.probabilities[0, ..., 0] / LARGEST - exact).max() < 1e-5
    assert (film.last_ranks[0] == first.last_ranks).all()


def test_edges_are_the_large_shares(copy: Run, ids: tuple[int, ...]) -> None:
    edges = list_edges(copy, 1000, ids)
    assert edges["shares"].min() >= SMALLEST_SHARE * LARGEST - 1
    # After w, both heads of layer 1 bring what stood after the first w.
    is_there = (edges["layers"] == 1) & (edges["queries"] == 18) & (edges["keys"] == 10)
    assert sorted(edges["heads"][is_there]) == [0, 1]
    assert edges["shares"][is_there].min() > 0.4 * LARGEST


def test_half_steps_are_left_out_where_they_would_be_many() -> None:
    assert len(streams_of(GPTConfig(vocab_size=65, n_layer=6), 256)) == 13
    assert len(streams_of(GPTConfig.gpt2(), 64)) == 13
    assert len(streams_of(GPTConfig(vocab_size=65, n_layer=12), 64)) == 13


def test_a_rung_without_a_stream_says_so() -> None:
    corpus = Corpus("text", "To be, or not to be, that is the question. " * 20, "text")
    changes = {"steps": 2, "batch_size": 2, "evaluation_interval": 2, "evaluation_windows": 1}
    train_run(create_run(configure(PRESETS["blocks"], corpus, changes, title="rung"), corpus))
    app = open_page(run="rung", text="To be")
    assert "no stream to which all parts add" in html(app)
    assert [each.value for each in app.header] == ["What is alike to it", "The code"]


def test_every_suggestion_sets_the_page_up() -> None:
    app = open_page()
    for label, run in (
        ("Watch copying being found", "copy"),
        ("Follow one letter through", "copy"),
        ("Which lady is it?", "shakespeare"),
    ):
        press(app, label)
        assert app.query_params["run"] == run
    assert "In this text the model says" in html(app)


def test_a_plain_model_is_read_too(tmp_path: Path) -> None:
    corpus = Corpus("names", "emma\nolivia\nava\n" * 4, "documents")
    run = create_run(configure(PRESETS["microgpt"], corpus, {"steps": 2}, title="plain"), corpus)
    train_run(run)
    step = run.checkpoints()[-1].step
    text = tuple(model_at(run, step).encode("em").tokens)
    reading = read(run, step, text)
    assert torch.allclose(reading.logits(2, -1), reading.trace.logits[2])


def test_a_text_of_one_letter_is_changed_as_well() -> None:
    app = open_page(run="copy", text="aaaa")
    press(app, "Change one token")
    other = app.text_area(key="inside other").value or ""
    assert sum(a != "a" for a in other) == 1
    assert len(other) == 4


@pytest.mark.parametrize("told", [{}, {"Layer beside 0.17": 0, "Neuron beside 0.17": 17}])
def test_a_neuron_that_the_browser_only_tells_again_is_not_picked(
    copy: Run, told: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.inside.neurons.state", told)
    pick_typed(copy, (0, 17), (2, 256))
    assert "inside neuron" not in told


def test_a_neuron_that_was_typed_is_picked(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {"Layer beside 0.17": 1, "Neuron beside 0.17": 17}
    monkeypatch.setattr("explorer.inside.neurons.state", told)
    pick_typed(copy, (0, 17), (2, 256))
    assert told["inside neuron"] == (1, 17)
