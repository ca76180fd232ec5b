"""The text that is written, and all that is known of each of its tokens."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

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
from gpt.lens.writing import start_text
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.steps import take_step
from tests.pages.drawing import drawn
from tests.shipped_writer import shipped_writer

HOT = Controls(1.5, top_k=20, top_p=0.9, min_p=0.01)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return shipped_writer("shakespeare", "ROMEO:")


@pytest.fixture(scope="module")
def copyist() -> Subject:
    """Whose texts end."""
    return shipped_writer("copy", "t=eprkuvo=")


def test_a_first_text_that_has_ended_is_shown_where_it_can_go_on(copyist: Subject) -> None:
    text = Text(copyist, Controls())
    text.begin()
    decode = copyist.opened.tokenizer.decode
    assert decode(text.taken) == "ep"
    (whole,) = text.tries
    assert (decode(whole.tokens), whole.tokens[-1]) == ("eprkuvo", copyist.end)


def test_a_first_text_that_goes_on_is_as_long_as_ever(subject: Subject) -> None:
    text = Text(subject, Controls())
    text.begin()
    assert len(text.taken) == 60
    assert not text.tries


def test_what_had_ended_is_written_anew_to_its_end(copyist: Subject) -> None:
    text = Text(copyist, Controls())
    text.go_on(100)
    longer = replace(copyist, prompt=tuple(start_text(copyist.opened, "t=eprkuvolsz=")))
    anew = text.written_anew(longer, Controls())
    assert copyist.opened.tokenizer.decode(anew.taken) == "eprkuvolsz"
    assert anew.has_ended


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
