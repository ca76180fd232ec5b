"""The weight moved by hand: the loss over it, and what the model would say next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, inf, log10, sqrt
from secrets import token_hex
from typing import Literal, NamedTuple, get_args
from zlib import crc32

import numpy as np
import streamlit as st

from explorer.charts.heads import before_after_figure
from explorer.charts.numbers import format_number
from explorer.charts.quick_figure import Numbers, QuickFigure
from explorer.charts.tokens import visible
from explorer.charts.weight import Moved, curve_figure
from explorer.components.live_sliders import Slider, live_sliders
from explorer.components.plot import plot
from explorer.components.quick_plot import Film, draw_later, quick_plot
from explorer.reruns import is_asked_for_itself, let_it_be_painted
from explorer.run_choice import readable_text, suit_text
from explorer.weight.subject import Subject, compute_as, loss_along
from gpt.lens.loss_along_weight import LossAlongWeight
from gpt.lens.weight_step import WeightId

# Of the curve: the weight as it is is the one in the middle, and few points are some of many.
POINTS = (7, 13, 25)
FIRST_SECONDS = 0.05  # for what is seen first; where passes are slow, it has fewer points
MORE_SECONDS = 1.5  # for those between them, while what came before is looked at
PATIENCE_SECONDS = 20.0  # where even the fewest points take longer, somebody has to ask for it
FAINT = 5e-5  # nats: in a curve that spans less one would see how float32 rounds
SLIDER = "weight by hand"
CURVE, CURVE_BY_HAND = "curve of a weight", "curve of a weight by hand"  # drawn whole later
NAME = "Move it by hand"
SUGGESTIONS = "suggestions made for a weight"  # counted as long as a visit lasts

Reach = Literal["near", "far", "very far"]
REACHES: dict[Reach, int] = {"near": 1, "far": 8, "very far": 50}
"""How far the weight is moved, in typical sizes of the weights of its matrix."""
REACH: Reach = "far"  # at first
FARTHEST = (
    1e6  # that a link may put a weight: what a number far beyond does is nothing but overflow
)

state = st.session_state


class Suggested(NamedTuple):
    """Where a link or something to try has put a weight by hand."""

    weight: WeightId
    value: float


def suggest(hand: Suggested | None) -> None:
    """Put a weight there, or with None leave every weight where it is, wherever it was put before.

    Each time anew: the slider forgets what the reader did with it.
    """
    state["weight suggested"] = hand
    state[SUGGESTIONS] = state.get(SUGGESTIONS, 0) + 1


@dataclass(frozen=True)
class Curve:
    """The loss at some values of the weight, as measured.

    Attributes:
        values, losses: along the curve; the middle one is the weight as it is.
        after: where the optimiser puts it.
        is_exact: whether all losses are of passes in float64.
        is_whole: whether it has as many points as it will have.
    """

    values: Numbers
    losses: Numbers
    after: Moved
    is_exact: bool
    is_whole: bool


class Begun(NamedTuple):
    """The first passes of a curve, which tell how long the others will take.

    Attributes:
        after: where the optimiser puts the weight.
        lowest, highest: the losses at the ends.
        seconds: that a pass took.
        is_faint: whether it spans so little that one would see how float32 rounds.
    """

    after: Moved
    lowest: float
    highest: float
    seconds: float
    is_faint: bool


def show_moving(subject: Subject) -> None:
    """The curve with its tangent, the slider, and what the weight means for the next token."""
    compute_as(subject.summary)
    along = loss_along(subject)
    reach = reach_of(subject)
    curve = measured_curve(subject, along, reach)
    if curve is None:
        state["weight hand"] = None
        state.pop("curve shown", None)
        return
    here = Moved(along.value, along.loss)
    # The curve stands above the slider that it answers to; the old one stays until it is measured.
    place = st.container()
    by_hand = slide(subject, along, reach, curve)
    is_alone = is_asked_for_itself()
    film = Film(CURVE_BY_HAND if is_alone else CURVE, token_hex(8))
    with place:
        quick_plot(
            figure_of(subject, along, curve, by_hand),
            key="weight curve",
            height=470,
            alt=f"The loss on the batch as the weight goes from {curve.values[0]:.4g} to"
            f" {curve.values[-1]:.4g}; at {here.value:.5g}, where it is now, the loss is"
            f" {here.loss:.5f} and a line with the gradient's slope {subject.gradient:.3g}"
            " touches the curve.",
            filename=subject.filename_here("loss"),
            columns={"what": "trace", "weight": "x", "loss, nats per token": "y"},
            until=None if curve.is_whole else film,
        )
    state["curve shown"] = film, reach, by_hand
    if not is_alone:
        let_it_be_painted()
    show_readings(here, curve, by_hand, subject.gradient)
    show_prediction(subject, along, by_hand)
    if is_alone:
        show_whole_curve(subject)
    else:
        draw_later(Film(CURVE_BY_HAND, ""), None)  # or what is below would move when it comes


def figure_of(
    subject: Subject, along: LossAlongWeight, curve: Curve, by_hand: Moved | None
) -> QuickFigure:
    """The curve as it is drawn, with as many points as it has."""
    return curve_figure(
        curve.values,
        curve.losses,
        Moved(along.value, along.loss),
        subject.gradient,
        curve.after,
        by_hand,
        f"the weight {subject.name}",
    )


def show_whole_curve(subject: Subject) -> None:
    """When all else has been shown: the curve with the points for which nobody had to wait."""
    if "curve shown" not in state:
        return
    film, reach, by_hand = state["curve shown"]
    along = loss_along(subject)
    curve = seen = curve_seen(subject, reach)
    while curve is not None and not curve.is_whole:
        curve = measured_curve(subject, along, reach, more=True)
    is_finer = curve is not None and curve is not seen
    draw_later(film, figure_of(subject, along, curve, by_hand) if curve and is_finer else None)


def curve_seen(subject: Subject, reach: float) -> Curve | None:
    """The curve of this weight, as far as it has been measured."""
    of, known = state.get("curve measured", (None, None))
    seen: Curve | None = known if of == curve_of(subject, reach) else None
    return seen


def curve_of(subject: Subject, reach: float) -> tuple[object, ...]:
    """What tells one curve from another."""
    return str(subject.run.path), subject.checkpoint, subject.weight, reach


def reach_of(subject: Subject) -> float:
    """How far the weight may be moved to either side."""
    state.setdefault("weight reach", REACH)
    st.segmented_control(
        "How far it moves",
        get_args(Reach),
        required=True,
        key="weight reach",
        label_visibility="collapsed",
        persist_state="session",
    )
    chosen: Reach = state["weight reach"]
    typical = sqrt(subject.taken.before.double().square().mean().item())
    change = abs(subject.taken.update[subject.place].item())
    return REACHES[chosen] * max(typical, change, 1e-3)


def measured_curve(
    subject: Subject, along: LossAlongWeight, reach: float, *, more: bool = False
) -> Curve | None:
    """The losses: few of them at first, and `more` when asked for, none anew that are known.

    Where even few take long they are measured when somebody asks for them.
    """
    key, seen = curve_of(subject, reach), curve_seen(subject, reach)
    if seen is not None and (seen.is_whole or not more):
        return seen
    began = time.perf_counter()
    of, known = state.get("curve begun", (None, None))
    begun: Begun = known if of == key else begin_curve(subject, along, reach)
    state["curve begun"] = key, begun
    points = points_in(FIRST_SECONDS, begun.seconds) if seen is None else 2 * len(seen.values) - 1
    needed = 0 if seen else points * begun.seconds
    if needed > PATIENCE_SECONDS and not st.button(
        f"Measure the loss along this weight, about {needed:.0f} seconds",
        icon=":material/show_chart:",
    ):
        return None
    half = points // 2
    values = along.value + reach * (np.arange(-half, half + 1) / half)
    is_exact = begun.is_faint if seen is None else seen.is_exact
    found = {values[0]: begun.lowest, values[-1]: begun.highest, along.value: along.loss}
    if seen is not None:
        found = dict(zip(seen.values, seen.losses, strict=True))
    started = time.perf_counter()
    losses = measured_at(values, along, found, is_exact=is_exact)
    # Of many passes, for one by itself may have had to wait.
    pace = (time.perf_counter() - started) / (points - len(found))
    is_whole = points == POINTS[-1] or (points - 1) * pace > MORE_SECONDS
    if not is_exact and np.ptp(losses) < FAINT:
        is_exact, losses = True, measured_at(values, along, {}, is_exact=True)
    curve = Curve(values, losses, begun.after, is_exact, is_whole)
    state["curve measured"] = key, curve
    if seen is None:
        state["curve took"] = subject.run, time.perf_counter() - began
    return curve


def measured_at(
    values: Numbers, along: LossAlongWeight, found: Mapping[float, float], *, is_exact: bool
) -> Numbers:
    """The loss at each of some values of the weight, in nats per token, but where it was found."""
    measure = along.loss_at if is_exact else along.quick_loss_at
    return np.array(
        [found[value] if value in found else measure(value) for value in values.tolist()]
    )


def begin_curve(subject: Subject, along: LossAlongWeight, reach: float) -> Begun:
    """Three passes: to where the optimiser puts the weight, and to both ends."""
    new = subject.taken.arithmetic(*subject.place).new_weight
    after = Moved(new, along.loss_at(new))
    is_faint = 2 * reach * abs(subject.gradient) < FAINT
    measure = along.loss_at if is_faint else along.quick_loss_at
    lowest = measure(along.value - reach)  # the first pass of all is slower than those that follow
    started = time.perf_counter()
    highest = measure(along.value + reach)
    return Begun(after, lowest, highest, time.perf_counter() - started, is_faint)


def seconds_for_curve(subject: Subject) -> float:
    """What the run's last curve took; before the first nobody knows."""
    of, seconds = state.get("curve took", (None, inf))
    return float(seconds) if of == subject.run else inf


def points_in(patience: float, seconds: float) -> int:
    """Most of the points that fit into so many seconds, at least the fewest."""
    fitting = [points for points in POINTS if points * seconds <= patience]
    return max(fitting, default=POINTS[0])


def slide(subject: Subject, along: LossAlongWeight, reach: float, curve: Curve) -> Moved | None:
    """Where the reader has put the weight; None where it is as it was.

    Where it is moved less far than it was put, it is as it was.
    """
    what = (str(subject.run.path), subject.checkpoint, subject.weight)
    low, high = float(curve.values[0]), float(curve.values[-1])
    put, hand = (what, state.get(SUGGESTIONS)), state.get("weight hand")
    put_before, reach_before = state.get("weight hand within", (put, reach))
    is_farther = hand is not None and not low <= hand <= high
    if put == put_before and reach != reach_before and is_farther:
        suggest(None)  # it would stand beside the curve
    state["weight hand within"] = (what, state.get(SUGGESTIONS)), reach
    suggested: Suggested | None = state.get("weight suggested")
    if suggested and suggested.weight != subject.weight:
        suggested = None
    generation = crc32(repr((what, suggested, state.get(SUGGESTIONS))).encode())
    value = suggested.value if suggested else along.value
    reading = live_sliders(
        [
            Slider(
                NAME,
                value,
                min(low, value),
                max(high, value),
                10.0 ** floor(log10(reach / 200)),
            )
        ],
        key=SLIDER,
        generation=generation,
    )
    moved = reading.numbers[NAME]
    if reading.is_resting:  # the link is not written while a hand is moving
        state["weight hand"] = None if moved == along.value else moved
    if moved == along.value:
        return None
    return Moved(moved, along.loss_at(moved))


def show_readings(here: Moved, curve: Curve, by_hand: Moved | None, gradient: float) -> None:
    """The loss where the weight is, and elsewhere, beside what the slope had promised."""

    def change(moved: Moved) -> str:
        promised = gradient * (moved.value - here.value)
        measured = moved.loss - here.loss
        return (
            f"<p>change of the loss <b class='gpt-forward'>{signed(measured)}</b></p>"
            f"<p>by the slope alone <b class='gpt-backward'>{signed(promised)}</b></p>"
        )

    hand, after = by_hand or here, curve.after
    is_beyond = not curve.values[0] <= hand.value <= curve.values[-1]
    columns = (
        ("as it is", here, "<p>where the line touches</p><p>&nbsp;</p>"),
        ("after the step", after, change(after)),
        ("off the curve" if is_beyond else "by hand", hand, change(hand)),
    )
    cells = "".join(
        f'<div><p>batch loss {title}</p><b class="gpt-headline">{moved.loss:.5f}</b>'
        f"<p>with the weight <b>{format_number(moved.value, 5)}</b></p>{about}</div>"
        for title, moved, about in columns
    )
    st.html(f'<div class="gpt-reading gpt-moved">{cells}</div>')
    st.html(
        '<p class="gpt-caption">All three are of the batch of this step, in nats per token, with'
        " this weight alone moved: a whole step moves all the others as well.</p>"
    )


def signed(number: float) -> str:
    text = format_number(number, 4)
    return text if text.startswith("−") or number == 0 else f"+{text}"


def show_prediction(subject: Subject, along: LossAlongWeight, by_hand: Moved | None) -> None:
    """What comes next in a short text, before and after the weight was moved."""
    suit_text("weight text", subject.summary, subject.opened)
    text = st.text_input("What comes next after", key="weight text", persist_state="session")
    text = readable_text("weight text", subject.summary, subject.opened, text)
    tokens = subject.opened.encode(text).tokens
    tokenizer = subject.opened.tokenizer
    texts = [tokenizer.decode([token]) for token in range(tokenizer.vocab_size)]
    before = along.predict(tokens, along.value).numpy()
    after = along.predict(tokens, by_hand.value).numpy() if by_hand else None
    plot(
        before_after_figure(before, after, texts, changed="moved by hand"),
        key="weight prediction",
        height=240,
        alt=f"The most likely tokens after {''.join(map(visible, text))}"
        + (", as the weight is and as it was moved" if by_hand else ""),
        filename=subject.filename_here("next token"),
        columns={"weight": "trace", "token": "text", "probability": "y"},
    )
