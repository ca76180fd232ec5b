from __future__ import annotations

from explorer.charts.weight_words import arithmetic, lines_of
from gpt.lens.update_arithmetic import AdamUpdate, MuonUpdate

ADAM = AdamUpdate(0.5, -0.2, 0.5, 0.1, 0.04, 3, 0.01, 0.1, 0.9, 0.99, 1e-8)
MUON = MuonUpdate(2.0, 0.4, 1.0, 1.0, -0.3, 2.0, 0.1, 0.0, 0.9)


def test_each_line_of_adam_has_its_numbers() -> None:
    lines = {line.symbol: line for line in lines_of(ADAM, 2.0, 1.0)}
    assert list(lines) == ["gradient", "g", "m", "v", "m̂", "v̂", "step", "decay", "new weight"]
    assert lines["g"].formula == "0.5 · (−0.2)" and lines["g"].result == -0.1
    assert "length 2, more than 1" in lines["g"].reason
    assert lines["m"].formula == "0.9 · 0.1 + 0.1 · (−0.1)"
    assert lines["v"].formula == "0.99 · 0.04 + 0.01 · (−0.1)²"
    assert lines["m̂"].formula == "0.08 ÷ (1 − 0.9<sup>3</sup>)"
    assert lines["decay"].result == -0.0005
    assert lines["new weight"].result == ADAM.new_weight
    assert "without the correction −0.00401" in lines["step"].reason


def test_without_clipping_the_gradient_is_g() -> None:
    lines = lines_of(ADAM, 2.0, None)
    assert lines[0].symbol == "g" and lines[1].symbol == "m"


def test_muon_says_that_no_weight_steps_alone() -> None:
    lines = {line.symbol: line for line in lines_of(MUON, 0.5, None)}
    assert list(lines) == ["g", "m", "d", "o", "step", "decay", "new weight"]
    assert "whole matrix" in lines["o"].reason and lines["o"].result == -0.3
    assert lines["step"].formula == "−0.1 · 2 · (−0.3)"
    assert lines["decay"].reason == "nothing pulls this one to zero"


def test_the_table_has_a_row_for_every_line() -> None:
    lines = lines_of(ADAM, 2.0, 1.0)
    html = arithmetic(lines)
    assert html.count("<tr>") == len(lines)
    assert '<td class="gpt-backward">−0.1</td>' in html
    assert "length 2, more than 1" in html
