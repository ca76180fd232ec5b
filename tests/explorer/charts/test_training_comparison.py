"""Runs beside one another: what differs is lit, what is shared is folded away."""

from __future__ import annotations

import re

from explorer.charts.training_comparison import comparison_table, differs, rows_of, settings
from gpt.corpus.catalogue import load_corpus
from gpt.runs.library import Summary
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.status import Status


def summary(tmp_path, title: str, **changes: object) -> Summary:
    corpus = load_corpus("eight-names")
    config = configure(PRESETS["eight-names"], corpus, changes, title=title)
    status = Status("finished", 0.0, 50, step=50, train_loss=0.5, best_validation_loss=1.25)
    return Summary(Run(tmp_path / title), config, status)


def test_only_the_settings_that_differ_are_lit(tmp_path) -> None:
    html = comparison_table(
        [summary(tmp_path, "one"), summary(tmp_path, "two", n_embd=64, learning_rate=0.02)],
        {"one": "one", "two": "two"},
    )
    lit = re.findall(r'class="gpt-differs"><th scope="row">(\w+)', html)
    assert lit == ["n_embd", "learning_rate"]
    assert "<td>32</td><td>64</td>" in html
    assert "<td>0.01</td><td>0.02</td>" in html


def test_every_setting_of_the_configuration_is_there(tmp_path) -> None:
    config = summary(tmp_path, "one").config
    named = settings(config)
    for section in (config.model, config.training, config.recording, config.compute):
        assert section.to_dict().keys() <= named.keys()
    assert named["patience"] == "none"
    assert named["weight_tying"] == "yes"


def test_a_setting_that_only_one_run_has_counts_as_a_difference() -> None:
    (row,) = rows_of([{"beta2": "0.99"}, {}])
    assert row == ("beta2", ["0.99", ""])
    assert differs(row)


def test_a_title_is_text_and_never_markup(tmp_path) -> None:
    bold = summary(tmp_path, "<b>bold</b>")
    html = comparison_table([bold], {bold.run.name: "<b>bold</b>"})
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold" in html
