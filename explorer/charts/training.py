"""Figures of a training: losses beside what they must beat, learning rate, gradient norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.theme import CATEGORICAL, LIGHT
from gpt.runs.text_measure import Baseline

Unit = Literal["nats", "perplexity", "bits per character"]
UNITS: tuple[Unit, ...] = ("nats", "perplexity", "bits per character")
UNIT_TITLES: dict[Unit, str] = {
    "nats": "loss, nats per token",
    "perplexity": "perplexity: as unsure as between so many tokens",
    "bits per character": "bits per character",
}

MOST_POINTS = 2000
LARGEST_EXPONENT = 80.0  # of a perplexity that float32 can still hold
SMALLEST_LOSS = 1e-6  # on a logarithmic axis
LABEL_SHARE = 0.05  # of the axis that a label of a line is high
SMOOTHING_SHARE = 40  # the thick line averages over this share of the curve

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The losses of one run, in nats per token.

    Attributes:
        title: of the run.
        train_steps, train_losses: of every batch.
        validation_steps, validation_losses: of the text that was held out.
        steps: how many there will be in all.
        characters_per_token: from nats per token to bits per character.
    """

    title: str
    train_steps: npt.NDArray[np.int64]
    train_losses: Numbers
    validation_steps: npt.NDArray[np.int64]
    validation_losses: Numbers
    steps: int
    characters_per_token: float = 1.0


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step."""

    step: int
    text: str


@dataclass(frozen=True)
class View:
    """How losses are looked at.

    Attributes:
        unit: what they are shown in.
        is_log_x, is_log_y: whether the axes are logarithmic.
        moment: the step that is looked back at; None for the newest.
    """

    unit: Unit = "nats"
    is_log_x: bool = False
    is_log_y: bool = False
    moment: int | None = None


def in_unit(losses: Numbers, unit: Unit, characters_per_token: float) -> Numbers:
    """Losses in nats per token as e^loss, as loss / (ln 2 · characters per token), or as they are.

    Perplexity is the number of equally likely tokens that would be as hard to guess among.
    """
    if unit == "perplexity":
        return np.exp(np.minimum(losses, LARGEST_EXPONENT))
    if unit == "bits per character":
        return losses / (math.log(2) * characters_per_token)
    return losses


def thin(
    steps: npt.NDArray[np.int64], values: Numbers, most: int = MOST_POINTS
) -> tuple[npt.NDArray[np.int64], Numbers]:
    """At most so many points, of which each stretch keeps its lowest and its highest.

    So no peak and no dip is lost, however long the curve. The first and the last point stay.
    """
    count = len(steps)
    if count <= most:
        return steps, values
    edges = np.linspace(1, count - 1, (most - 2) // 2 + 1).astype(int)
    kept = {0, count - 1}
    for start, end in pairwise(edges):
        stretch = values[start:end]
        kept.add(start + int(np.argmin(stretch)))
        kept.add(start + int(np.argmax(stretch)))
    chosen = np.array(sorted(kept))
    return steps[chosen], values[chosen]


def smooth(values: Numbers, width: int) -> Numbers:
    """The mean of each value and those before it, `width` in all or as many as there are."""
    if width <= 1 or len(values) == 0:
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    means: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def loss_figure(
    curve: Curve,
    baselines: Sequence[Baseline] = (),
    *,
    view: View,
    overlays: Sequence[Curve] = (),
    marks: Sequence[Mark] = (),
) -> go.Figure:
    """Train and validation loss over the steps, with the baselines as labelled lines.

    Overlaid runs take the categorical colours, validation solid and training dotted. `marks` are
    set as triangles at the foot of the figure.
    """
    figure = go.Figure()
    for overlaid, colour in zip(overlays, CATEGORICAL, strict=False):
        _add_overlay(figure, overlaid, colour, view)
    whose = f"{curve.title}, " if overlays else ""
    _add_train(figure, curve, view, whose)
    _add_validation(figure, curve, view, whose)
    if marks:
        _add_marks(figure, marks)
    last_step = max(each.steps for each in (curve, *overlays))
    low, high = _reach(curve, baselines, overlays, view)
    _add_baselines(figure, baselines, curve.characters_per_token, view, (low, high))
    if view.moment is not None:
        figure.add_vline(view.moment, line={"color": LIGHT.backward, "width": 1.5})
    figure.update_layout(
        uirevision=f"{curve.title} {view.unit} {view.is_log_x} {view.is_log_y}",
        margin={"l": 76, "r": 16, "t": 36, "b": 48},
        hovermode="x unified" if len(curve.train_steps) else "closest",
        xaxis={
            "title": {"text": "step"},
            "type": "log" if view.is_log_x else "linear",
            "range": [0, math.log10(max(last_step, 2))]
            if view.is_log_x
            else [-0.01 * last_step, 1.01 * last_step],
        },
        yaxis={
            "title": {"text": UNIT_TITLES[view.unit]},
            "type": "log" if view.is_log_y else "linear",
            "range": [low, high],
            "automargin": False,
        },
    )
    return figure


def _reach(
    curve: Curve, baselines: Sequence[Baseline], overlays: Sequence[Curve], view: View
) -> tuple[float, float]:
    """From where to where the loss axis goes: all of the curve and the baselines are in it.

    Overlaid runs that went astray may leave it; they would press the curve itself flat.
    """
    lines = [b.loss for b in baselines if b.loss > 0 or not view.is_log_y]
    own = [curve.train_losses, curve.validation_losses, np.array(lines)]
    shown = in_unit(np.concatenate(own), view.unit, curve.characters_per_token)
    if len(shown) == 0:
        shown = np.array([1.0, 2.0])
    highest = float(shown.max())
    for each in overlays:
        losses = np.concatenate([each.train_losses, each.validation_losses])
        others = in_unit(losses, view.unit, each.characters_per_token)
        shown = np.concatenate([shown, np.minimum(others, 1.25 * highest)])
    if view.is_log_y:
        shown = np.log10(np.maximum(shown, SMALLEST_LOSS))
    low, high = float(shown.min()), float(shown.max())
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _add_baselines(
    figure: go.Figure,
    baselines: Sequence[Baseline],
    characters_per_token: float,
    view: View,
    reach: tuple[float, float],
) -> None:
    """A dashed line for each; labels that would cover one another are written as one."""
    labels: list[tuple[float, str]] = []
    for baseline in sorted(baselines, key=lambda each: each.loss):
        losses = in_unit(np.array([baseline.loss]), view.unit, characters_per_token)
        height = float(losses[0])
        if view.is_log_y and height <= 0:
            continue  # infinitely far down
        figure.add_shape(
            type="line",
            xref="paper",
            x0=0,
            x1=1,
            y0=height,
            y1=height,
            layer="below",
            line={"color": LIGHT.muted, "width": 1, "dash": "dash"},
        )
        place = math.log10(height) if view.is_log_y else height
        label = f"{baseline.label} {height:.2f}"
        if labels and place - labels[-1][0] < LABEL_SHARE * (reach[1] - reach[0]):
            labels[-1] = (place, f"{labels[-1][1]} · {label}")
        else:
            labels.append((place, label))
    for place, label in labels:
        figure.add_annotation(
            xref="paper",
            x=1,
            xanchor="right",
            y=place,
            yanchor="bottom",
            yshift=1,
            showarrow=False,
            text=label,
            font={"size": 12, "color": LIGHT.muted},
            bgcolor=LIGHT.ground + "CC",
        )


def _mode(steps: npt.NDArray[np.int64]) -> str:
    """A single point makes no line: it is marked."""
    return "markers" if len(steps) == 1 else "lines"


def _add_train(figure: go.Figure, curve: Curve, view: View, whose: str) -> None:
    losses = in_unit(curve.train_losses, view.unit, curve.characters_per_token)
    steps, values = thin(curve.train_steps, losses)
    figure.add_scatter(
        x=steps.astype(np.float32),
        y=values.astype(np.float32),
        name="each batch",
        mode="lines",
        line={"color": LIGHT.forward + "55", "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    width = max(1, len(curve.train_losses) // SMOOTHING_SHARE)
    averaged = in_unit(smooth(curve.train_losses, width), view.unit, curve.characters_per_token)
    steps, values = thin(curve.train_steps, averaged)
    figure.add_scatter(
        x=steps.astype(np.float32),
        y=values.astype(np.float32),
        name=f"{whose}train",
        mode=_mode(steps),
        line={"color": LIGHT.forward, "width": 2.5},
        hovertemplate="%{y:.4f}",
    )


def _add_validation(figure: go.Figure, curve: Curve, view: View, whose: str) -> None:
    if len(curve.validation_steps) == 0:
        return
    losses = in_unit(curve.validation_losses, view.unit, curve.characters_per_token)
    figure.add_scatter(
        x=curve.validation_steps.astype(np.float32),
        y=losses.astype(np.float32),
        name=f"{whose}validation",
        mode="lines+markers",
        line={"color": LIGHT.text, "width": 2},
        marker={"size": 7, "color": LIGHT.ground, "line": {"color": LIGHT.text, "width": 2}},
        hovertemplate="%{y:.4f}",
    )


def _add_overlay(figure: go.Figure, curve: Curve, colour: str, view: View) -> None:
    width = max(1, len(curve.train_losses) // SMOOTHING_SHARE)
    averaged = in_unit(smooth(curve.train_losses, width), view.unit, curve.characters_per_token)
    steps, values = thin(curve.train_steps, averaged, MOST_POINTS // 2)
    has_validation = len(curve.validation_steps) > 0
    figure.add_scatter(
        x=steps.astype(np.float32),
        y=values.astype(np.float32),
        name=f"{curve.title}, train",
        mode=_mode(steps),
        line={"color": colour, "width": 1.5, "dash": "dot" if has_validation else "solid"},
        hovertemplate="%{y:.4f}",
    )
    if has_validation:
        losses = in_unit(curve.validation_losses, view.unit, curve.characters_per_token)
        figure.add_scatter(
            x=curve.validation_steps.astype(np.float32),
            y=losses.astype(np.float32),
            name=f"{curve.title}, validation",
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.4f}",
        )


def _add_marks(figure: go.Figure, marks: Sequence[Mark]) -> None:
    figure.add_scatter(
        x=[mark.step for mark in marks],
        y=[0.02] * len(marks),
        yaxis="y2",
        text=[mark.text for mark in marks],
        mode="markers",
        name="began, was steered or ended",
        marker={"symbol": "triangle-up", "size": 9, "color": LIGHT.backward},
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_layout(
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    )


@dataclass(frozen=True)
class Trail:
    """One quantity of a run over its steps, and how it is written."""

    title: str
    steps: npt.NDArray[np.int64]
    values: Numbers
    last_step: int
    number_format: str = ".3g"
    limit: Baseline | None = None


def trail_figure(trail: Trail, *, is_log_x: bool, moment: int | None = None) -> go.Figure:
    """A quantity of the optimiser, in orange as all that goes backward."""
    steps, values = thin(trail.steps, trail.values)
    figure = go.Figure(
        go.Scatter(
            x=steps.astype(np.float32),
            y=values.astype(np.float32),
            name=trail.title,
            mode=_mode(steps),
            line={"color": LIGHT.backward, "width": 1.75},
            hovertemplate=f"step %{{x:d}}<br>%{{y:{trail.number_format}}}<extra></extra>",
        )
    )
    if trail.limit:
        reach = (0.0, max(float(values.max(initial=0)), trail.limit.loss))
        _add_baselines(figure, [trail.limit], 1.0, View(), reach)
    if moment is not None:
        figure.add_vline(moment, line={"color": LIGHT.backward, "width": 1.5})
    last = max(trail.last_step, 2)
    figure.update_layout(
        uirevision=f"{trail.title} {is_log_x}",
        showlegend=False,
        margin={"l": 76, "r": 16, "t": 36, "b": 44},
        xaxis={
            "title": {"text": "step"},
            "type": "log" if is_log_x else "linear",
            "range": [0, math.log10(last)] if is_log_x else [-0.01 * last, 1.01 * last],
        },
        yaxis={
            "title": {"text": trail.title},
            "rangemode": "tozero",
            "automargin": False,
            "exponentformat": "power",
        },
    )
    return figure
