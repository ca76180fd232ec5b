"""What a run would take: said where it is known, and why where it is not."""

from __future__ import annotations

import re

from explorer.charts.training_estimates import Estimate, estimate_line, estimates_table
from gpt.corpus.catalogue import load_corpus
from gpt.runs.pace import Pace
from gpt.runs.presets import PRESETS, configure

CONFIG = configure(PRESETS["eight-names"], load_corpus("eight-names"), {"steps": 2000})
PACE = Pace(0.0123, 0.0, 0.0, 250_000_000, was_disturbed=False)
BUSY = Pace(0.2, 0.0, 0.0, 250_000_000, was_disturbed=True)


def text(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def test_a_known_pace_is_told_with_the_time_of_the_whole_run() -> None:
    count = f"{CONFIG.model.parameter_count():,}"
    assert text(estimate_line(Estimate(CONFIG, PACE, 24.6, None))) == (
        f"{count} parameters · about 25 s for 2,000 steps of 12.3 ms · 250 MB of memory, measured"
        " on this machine with nothing beside it; watched, it takes longer"
    )


def test_a_disturbed_pace_is_never_told_as_if_it_were_none() -> None:
    line = text(estimate_line(Estimate(CONFIG, BUSY, 400.0, None)))
    assert line.endswith(
        "measured while this machine was busy with something else: it may well be faster"
    )
    table = estimates_table([(PRESETS["eight-names"], Estimate(CONFIG, BUSY, 400.0, None))], "")
    assert "<td>200 ms, busy</td>" in table


def test_without_a_pace_the_reason_stands_in_its_place() -> None:
    assert "2,000 steps · <none>" not in estimate_line(Estimate(CONFIG, None, None, "<none>"))
    assert text(estimate_line(Estimate(CONFIG, None, None, None))).endswith(
        "2,000 steps · taking a few steps to see how long they take …"
    )


def test_every_preset_has_a_row_and_the_chosen_one_is_marked() -> None:
    known, unable = PRESETS["eight-names"], PRESETS["microgpt"]
    table = estimates_table(
        [(known, Estimate(CONFIG, PACE, 24.6, None)), (unable, "It is <running> text.")], known.name
    )
    rows = re.findall(r'<tr class="(.*?)">(.*?)</tr>', table)
    assert [kind for kind, _ in rows] == ["gpt-chosen", ""]
    assert "<td>12.3 ms</td><td>25 s</td><td>250 MB</td>" in rows[0][1]
    assert "It is &lt;running&gt; text." in rows[1][1]
