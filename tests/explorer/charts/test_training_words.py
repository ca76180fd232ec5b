"""What is said beside the figures: exact words for exact numbers, and nobody's text as HTML."""

from __future__ import annotations

import pytest

from explorer.charts.training_words import (
    answers_card,
    describe_event,
    distinct_titles,
    duration,
    facts,
    film,
    loss_text,
    memory_size,
    perplexity_text,
    reading,
    sample_card,
    task_words,
)
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.tasks import TASKS
from gpt.runs.library import Summary
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.status import Status


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.15, "less than 1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (1500, "25 min"),
        (4800, "1 h 20 min"),
        (7200, "2 h"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_sizes_and_losses_are_short() -> None:
    assert (memory_size(290_000_000), memory_size(2_340_000_000)) == ("290 MB", "2.3 GB")
    assert (loss_text(2.47751), loss_text(7.87e29), loss_text(None)) == ("2.4775", "7.87e+29", "")
    assert (perplexity_text(2.4775), perplexity_text(4000.0)) == ("11.91", "e^4,000")


def test_the_reading_shows_the_validation_loss_or_else_the_batch() -> None:
    status = Status("running", 0.0, 200, step=50, train_loss=2.5, seconds=61.0, seconds_left=180)
    html = reading("mine", status) + facts(status, 3.61)
    assert "loss of the last batch" in html
    assert ">2.5000<" in html
    assert 'aria-valuenow="50"' in html
    assert "50 of 200" in html
    assert "3.610" in html
    assert "3 min" in html
    tested = Status("running", 0.0, 200, step=50, train_loss=2.5, validation_loss=2.25)
    assert ">2.2500<" in reading("mine", tested)


def test_of_a_task_the_reading_says_how_many_answers_are_right() -> None:
    asked = Status("running", 0.0, 9, validation_accuracy=0.5, validation_exact_match=0.125)
    assert "<tr><th scope='row'>tokens right</th><td>50.0%</td></tr>" in facts(asked, None)
    assert "<tr><th scope='row'>answers right</th><td>12.5%</td></tr>" in facts(asked, None)
    assert "right" not in facts(Status("running", 0.0, 9), None)


def test_answers_carry_their_marks_in_front() -> None:
    text = "ab=ba ✓\nthe <cat>=si=t… ✗"
    html = answers_card({"step": 50, "text": text}, TASKS["reverse"], heading="Now")
    assert "<b>✓</b><span><i>ab=</i>ba</span>" in html
    right = "<em>→\N{NO-BREAK SPACE}&gt;tac&lt; eht</em>"
    assert f"<b>✗</b><span><i>the &lt;cat&gt;=</i>si=t… {right}</span>" in html
    assert html.count("listitem") == 2
    assert "step 50" in html
    assert "gpt-sample-awaited" in answers_card(None, TASKS["reverse"], heading="Then")


@pytest.mark.parametrize(
    ("task", "line", "answer"),
    [
        (
            "copy",
            "owvmi=aseyf=htakyev ✗",
            "<i>owvmi=aseyf=</i>htakyev <em>→\N{NO-BREAK SPACE}aseyf",
        ),
        ("add", "57+968=1015 ✗", "<i>57+968=</i>1015 <em>→\N{NO-BREAK SPACE}1025"),
        ("brackets", "({[=] ✗", "<i>({[=</i>]</span>"),  # of which many answers are right
    ],
)
def test_beside_a_wrong_answer_stands_the_right_one(task: str, line: str, answer: str) -> None:
    assert answer in answers_card({"step": 0, "text": line}, TASKS[task], heading="Now")


def test_every_task_says_what_it_asks_for() -> None:
    assert task_words(TASKS["sort"]).startswith("Write the digits before the = in order")
    assert "until there are 8 pairs of brackets" in task_words(TASKS["brackets"])
    assert "several are right" in task_words(TASKS["grammar"])
    assert all("right one" in task_words(TASKS[each]) for each in ("copy", "reverse", "add"))


def test_titles_and_samples_are_text_and_never_markup() -> None:
    attack = "<script>alert(1)</script>"
    status = Status("finished", 0.0, 1)
    for html in (
        reading(attack, status),
        sample_card({"step": 1, "text": attack}, is_document=False, heading="Now"),
        describe_event({"step": 1, "what": "pause", "who": attack}),
    ):
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_a_document_that_ended_at_once_is_no_hole() -> None:
    sample = {"step": 1, "text": "anna\n\nolmo"}
    html = sample_card(sample, is_document=True, heading="Now")
    assert "anna\n<small>ended at once</small>\nolmo" in html
    assert "ended at once" not in sample_card(sample, is_document=False, heading="Now")
    assert "ended at once" not in sample_card(None, is_document=True, heading="Now")


def test_events_say_who_did_what() -> None:
    event = {"step": 1200, "who": "page", "what": "learning_rate", "value": 0.0005}
    assert describe_event(event) == "step 1,200: learning rate 0.0005, by page"
    assert describe_event(event | {"value": None}) == ("step 1,200: back to the schedule, by page")


def test_the_film_is_dense_early_and_stays_before_the_present() -> None:
    samples = [{"step": step, "text": ""} for step in range(0, 1000, 100)]
    assert [sample["step"] for sample in film(samples, 900)] == [0, 100, 400]
    assert film(samples, 0) == []
    assert film(samples, 300) == samples[:3]


def test_runs_of_one_title_are_told_apart_by_their_folders(tmp_path) -> None:
    config = configure(PRESETS["eight-names"], load_corpus("eight-names"), title="A try")
    other = configure(PRESETS["eight-names"], load_corpus("eight-names"), title="Another")
    status = Status("finished", 0.0, 50)
    summaries = [
        Summary(Run(tmp_path / name), each, status)
        for name, each in (("a-try", config), ("a-try-2", config), ("another", other))
    ]
    assert distinct_titles(summaries) == {
        "a-try": "A try · 1",
        "a-try-2": "A try · 2",
        "another": "Another",
    }
