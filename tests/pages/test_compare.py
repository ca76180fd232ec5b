"""The Compare page without a browser, mostly on the runs that ship."""

from __future__ import annotations

import json
from time import sleep

import torch
from streamlit.testing.v1 import AppTest

from explorer.compare.losses import measure_loss
from explorer.models import model_at
from gpt.corpus.catalogue import load_corpus
from gpt.lens.comparison import head_distances
from gpt.runs.demos import list_demos
from gpt.runs.library import create_run, runs_folder
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from tests.pages import opening
from tests.pages.opening import html

COPIED = "srti=euhwqkpm=euhwqkpm"
TINY = {
    "steps": 8,
    "evaluation_interval": 4,
    "evaluation_windows": 4,
    "batch_size": 4,
    "n_layer": 1,
    "n_head": 2,
    "n_embd": 8,
    "block_size": 8,
    "checkpoints": 3,
    "sample_interval": None,
    "inspection_interval": None,
}


def open_page(**query: str) -> AppTest:
    return settled(opening.open_page("compare", **query))


def settled(app: AppTest) -> AppTest:
    """The page as it is when every loss has been measured."""
    for _ in range(100):
        if "Reading text that was held out" not in html(app):
            return app
        sleep(0.1)
        app.run()
    raise AssertionError("it goes on reading")


def train(title: str, seed: int, corpus: str = "names", **changes: object) -> Run:
    text = load_corpus(corpus)
    config = configure(PRESETS["gpt-small"], text, {**TINY, "seed": seed, **changes}, title=title)
    run = create_run(config, text)
    assert train_run(run).state == "finished"
    return run


def test_two_moments_of_a_run_differ_by_what_was_learnt_between_them() -> None:
    app = open_page(a="copy", a_step="132", b="copy", b_step="298", text=COPIED)
    said = html(app)
    summary = next(each for each in list_demos().runs if each.run.name == "copy")
    assert app.title[0].value == "What makes the difference?"
    losses = [measure_loss(summary, step) for step in (132, 298)]
    assert losses[0] > 0.8 > 0.05 > losses[1]
    assert f"<b>B</b> predicts better, by <b>{losses[0] - losses[1]:.4f}</b> nats" in said
    assert "so much have the steps between them changed" in said
    assert "Nothing: it is one run at two moments" in said
    before, after = (model_at(summary.run, step) for step in (132, 298))
    traces = [
        each.trace(each.encode(COPIED).tokens).patterns.flatten(0, 1) for each in (before, after)
    ]
    distances = head_distances(*traces)
    assert f"{distances[3, 3]:.4f}</b>" in said, "at first, the place where most has changed"
    assert int(torch.argmax(distances.diagonal())) == 3


def test_a_link_is_taken_up_and_written() -> None:
    query = {
        **{"a": "copy", "a_step": "0", "b": "copy", "b_step": "1000"},
        **{"text": COPIED, "seed": "7", "pair": "2~3"},
    }
    app = open_page(**query)
    assert {name: app.query_params[name] for name in query} == query
    assert "A, layer 1, head 0" in html(app)
    assert "B, layer 1, head 1" in html(app)
    assert not any("In the link" in each.value for each in app.markdown)


def test_nonsense_in_a_link_is_told_and_spoils_nothing_else() -> None:
    nonsense = {"a_step": "5", "seed": "-1", "pair": "8~9"}
    app = open_page(a="copy", b="copy", b_step="1000", text=COPIED, **nonsense)
    (told,) = (each.value for each in app.markdown if "In the link" in each.value)
    assert "In the link, seed is “\\-1”, which is not here. Shown is “1337”." in told
    assert "In the link, pair is “8\\~9”, which is not here. It is left out." in told
    assert told.count("In the link") == len(nonsense)
    assert app.text_area(key="compare text").value == COPIED


def test_a_first_visit_has_something_to_compare_and_to_try() -> None:
    app = open_page()
    assert app.selectbox(key="compare run A").value == app.selectbox(key="compare run B").value
    assert app.selectbox(key="compare step A").value < app.selectbox(key="compare step B").value
    next(b for b in app.button if b.label == "A beginner and a playwright").click()
    settled(app.run())
    assert not app.exception
    assert app.query_params["a"] == "shakespeare"
    assert app.query_params["a_step"] == "66"
    assert "They part after" in html(app)


def test_another_run_brings_a_text_that_both_can_read() -> None:
    app = open_page(a="copy", b="copy", text=COPIED)
    app.selectbox(key="compare run A").set_value("shakespeare")
    app.selectbox(key="compare run B").set_value("shakespeare").run()
    assert "unknown" not in " ".join(each.value for each in app.markdown)
    assert app.text_area(key="compare text").value not in ("", COPIED)


def test_seeds_say_how_much_is_luck() -> None:
    for seed in (1, 2):
        train(f"Small {seed}", seed)
        train(f"Wide {seed}", seed, n_embd=16)
    app = open_page(a="small-1", a_step="8", b="wide-1", b_step="8")
    said = html(app)
    assert "on average over 2 and 2 seeds: <b>" in said
    assert "standard errors" in said
    losses = {}
    for name in ("small-1", "small-2", "wide-1", "wide-2"):
        lines = (runs_folder() / name / "metrics.jsonl").read_text().splitlines()
        losses[name] = json.loads(lines[-1])["validation_loss"]
    mean = (losses["small-1"] + losses["small-2"]) / 2
    assert f"{mean:.4f}<small>± " in said
    assert '<tr class="gpt-differs"><th scope="row">n_embd</th><td>8</td><td>16</td>' in said

    next(b for b in app.button if b.label == "Switch each part off, in both").click()
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert table["part"].tolist() == ["layer 0, head 0", "layer 0, head 1", "layer 0, MLP"]
    assert (table["A: loss without"] - table["A: it costs"]).round(5).nunique() == 1


def test_different_tokens_are_not_compared_place_by_place() -> None:
    app = open_page(a="copy", b="shakespeare", text="abcabc")
    assert "The two cut this text into different tokens" in html(app)
    assert "They have learnt different texts" in html(app)
    app = open_page(a="shakespeare", a_step="66", b="shakespeare")
    said = html(app)
    assert "Of A no loss can be measured on text held out: " in said, "the text is not there"
    assert "loss on the text, nats per token" in said


def test_without_a_validation_loss_only_the_text_tells() -> None:
    train("Never tested", 1, corpus="eight-names")
    app = open_page(a="never-tested", b="copy", text="aaa")
    assert "Of A no loss can be measured on text held out: " in html(app)


def test_the_training_page_leads_here_with_both_its_runs() -> None:
    train("One", 1)
    train("Other", 1, n_embd=16)
    app = opening.open_page("training", **{"run": "one", "with": "other"})
    next(b for b in app.button if b.label == "Hold the first two against each other").click()
    settled(app.run())
    assert not app.exception
    chosen = {name: app.query_params[name] for name in ("a", "b", "a_step", "b_step")}
    assert chosen == {"a": "one", "b": "other", "a_step": "8", "b_step": "8"}
    assert "predicts better, by" in html(app)
