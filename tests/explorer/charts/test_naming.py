"""Names before and after, and what a loss says."""

from __future__ import annotations

import math
import re

from explorer.charts.naming import loss_words, names_table


def test_a_loss_is_told_as_so_many_equally_likely_letters() -> None:
    assert loss_words(math.log(8), 27) == (
        "A loss of 2.08: before each letter the model is as unsure as between 8.0 of the 27"
        " tokens that it knows."
    )


def test_names_stand_in_pairs_and_those_it_learnt_from_are_marked() -> None:
    html = names_table("xq\n\nzz", "anna\n<b>\nolmo", frozenset({"anna"}))
    rows = re.findall(r"<tr>(<td>.*?)</tr>", html)
    assert rows[:3] == [
        "<td>xq</td><td>anna <small>known</small></td>",
        "<td><small>empty: ended at once</small></td><td>&lt;b&gt;</td>",
        "<td>zz</td><td>olmo</td>",
    ]
    assert rows[3] == "<td>2 made up, 1 empty</td><td>2 made up, 1 known</td>"


def test_before_anything_is_written_there_is_room_for_it() -> None:
    assert names_table(None, None, frozenset()).count('<td class="gpt-awaited">') == 20
