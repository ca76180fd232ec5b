"""From a gradient to a new weight in lines of arithmetic, each with its numbers, as HTML."""

from __future__ import annotations

from typing import NamedTuple

from explorer.charts.numbers import format_number
from gpt.lens.update_arithmetic import AdamUpdate, MuonUpdate, Update

DIGITS = 6


class Line(NamedTuple):
    """One line of the arithmetic.

    Attributes:
        symbol: what it works out.
        formula: how, with the numbers put in.
        result: the number.
        reason: why, in a few words.
        kind: "forward" for weights, "backward" for gradients and updates.
    """

    symbol: str
    formula: str
    result: float
    reason: str
    kind: str = ""


def written(number: float) -> str:
    return format_number(number, DIGITS)


def operand(number: float) -> str:
    """A number within a product: in parentheses if it is negative."""
    text = written(number)
    return f"({text})" if text.startswith("−") else text


def lines_of(update: Update, norm: float, longest: float | None) -> list[Line]:
    """Every line from the gradient to the new weight; `norm` is the whole gradient's."""
    if isinstance(update, MuonUpdate):
        return [*_gradient_lines(update, norm, longest), *_muon_lines(update), _sum_line(update)]
    return [*_gradient_lines(update, norm, longest), *_adam_lines(update), _sum_line(update)]


def _gradient_lines(update: Update, norm: float, longest: float | None) -> list[Line]:
    first = Line(
        "gradient",
        "autograd's, the sum of its uses up to rounding",
        update.gradient,
        "how the loss answers",
        "backward",
    )
    if longest is None:
        return [first._replace(symbol="g", reason="this run clips no gradient")]
    reason = (
        f"all gradients together have length {written(norm)}, "
        + ("more than" if update.clip < 1 else "no more than")
        + f" {longest:g}"
    )
    return [
        first,
        Line(
            "g",
            f"{written(update.clip)} · {operand(update.gradient)}",
            update.clipped,
            reason,
            "backward",
        ),
    ]


def _adam_lines(update: AdamUpdate) -> list[Line]:
    u, b1, b2 = update, update.beta1, update.beta2
    rate = written(u.learning_rate)
    lines = [
        Line(
            "m",
            f"{b1:g} · {operand(u.m)} + {1 - b1:.6g} · {operand(u.clipped)}",
            u.new_m,
            f"running mean of g; before: {written(u.m)}",
        ),
        Line(
            "v",
            f"{b2:g} · {operand(u.v)} + {1 - b2:.6g} · {operand(u.clipped)}²",
            u.new_v,
            f"running mean of g²; before: {written(u.v)}",
        ),
        Line(
            "m̂",
            f"{written(u.new_m)} ÷ (1 − {b1:g}<sup>{u.count}</sup>)",
            u.corrected_m,
            "bias correction: m began at 0",
        ),
        Line(
            "v̂",
            f"{written(u.new_v)} ÷ (1 − {b2:g}<sup>{u.count}</sup>)",
            u.corrected_v,
            "and so did v",
        ),
        Line(
            "step",
            f"−{rate} · {operand(u.corrected_m)} ÷ (√{written(u.corrected_v)} + 1e−8)",
            u.move,
            f"at learning rate {rate}; without the correction {written(u.uncorrected_move)}",
            "backward",
        ),
    ]
    return [*lines, _decay_line(u)]


def _muon_lines(update: MuonUpdate) -> list[Line]:
    u, b = update, update.beta
    rate = written(u.learning_rate)
    return [
        Line(
            "m",
            f"{b:g} · {operand(u.momentum)} + {1 - b:.6g} · {operand(u.clipped)}",
            u.new_momentum,
            f"running mean of g; before: {written(u.momentum)}",
        ),
        Line(
            "d",
            f"{b:g} · {operand(u.new_momentum)} + {1 - b:.6g} · {operand(u.clipped)}",
            u.direction,
            "looking ahead, after Nesterov",
        ),
        Line(
            "o",
            "this place of U Vᵀ, where all d of the matrix are U S Vᵀ",
            u.orthogonal,
            "Muon makes every direction of the whole matrix equally large: no weight has a step"
            " of its own",
        ),
        Line(
            "step",
            f"−{rate} · {written(u.stretch)} · {operand(u.orthogonal)}",
            u.move,
            f"at learning rate {rate}, times √(rows ÷ columns) where that is above 1",
            "backward",
        ),
        _decay_line(u),
    ]


def _decay_line(update: Update) -> Line:
    rate, decay = update.learning_rate, update.weight_decay
    reason = "the pull of matrices towards zero" if decay else "nothing pulls this one to zero"
    formula = f"−{written(rate)} · {decay:g} · {operand(update.weight)}"
    return Line("decay", formula, update.decay, reason, "backward")


def _sum_line(update: Update) -> Line:
    parts = [written(update.weight), operand(update.move), operand(update.decay)]
    return Line("new weight", " + ".join(parts), update.new_weight, "", "forward")


def arithmetic(lines: list[Line]) -> str:
    """The lines as a table: what, how and why, and the number."""
    rows = "".join(
        f'<tr><th scope="row">{line.symbol}</th><td><span>{line.formula}</span>'
        f"<small>{line.reason}</small></td>"
        f'<td class="gpt-{line.kind or "plain"}">{written(line.result)}</td></tr>'
        for line in lines
    )
    return f'<div class="gpt-scroll"><table class="gpt-arithmetic">{rows}</table></div>'
