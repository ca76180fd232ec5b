"""The losses of two models over their steps, the chosen checkpoints marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.charts.comparison import SIDE_COLOURS, SIDE_NAMES
from explorer.charts.training import (
    LABEL_SHARE,
    SMOOTHING_SHARE,
    Curve,
    Unit,
    View,
    in_unit,
    loss_figure,
    smooth,
)
from explorer.theme import LIGHT
from gpt.runs.text_measure import Baseline

FOOT = 2  # times the room above, that is below the curves: for A, B and the labels of lines
LABEL_BEGINS = 0.75  # of the steps, from where on the labels of lines stand at the right


def losses_figure(
    curves: Mapping[str, Curve],
    steps: Mapping[str, int],
    baselines: Sequence[Baseline] = (),
    unit: Unit = "nats",
) -> go.Figure:
    """The losses of the sides that were trained here, each chosen checkpoint a line.

    Validation solid and training dotted, A before B, each in the colour of its side.

    Args:
        curves: by the names of the sides; of one run at two steps only A's, which is in neither
            side's colour.
        steps: of the checkpoints, by the names of the sides.
        baselines: that hold for all curves.
        unit: that holds for all curves.
    """
    first, *others = curves.values()
    figure = loss_figure(first, baselines, view=View(unit), overlays=others)
    whose = f"{first.title}, " if others else ""
    traces = {trace.name: trace for trace in figure.data}
    drawn = []
    is_of_both = len(curves) == 1 and len(steps) == 2
    for name, curve in curves.items():
        colour = LIGHT.muted if is_of_both else SIDE_COLOURS[SIDE_NAMES.index(name)]
        for part, width, dash in (("validation", 2, "solid"), ("train", 1.5, "dot")):
            trace = traces.get(f"{whose if curve is first else f'{curve.title}, '}{part}")
            if trace is not None:
                trace.line = {"color": colour, "width": width, "dash": dash}
                trace.marker = {"size": 6, "color": colour}
                trace.mode = "lines+markers" if part == "validation" else trace.mode
                drawn.append(trace)
    figure.data = drawn
    lows, highs = zip(*(extent(curve, unit) for curve in curves.values()), strict=True)
    lines = in_unit(
        np.array([each.loss for each in baselines]), unit, first.characters_per_token
    ).tolist()
    low, high = min(*lows, *lines, np.inf), max(*highs, *lines, -np.inf)
    if np.isfinite([low, high]).all():
        room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
        reach = (low - FOOT * room, high + room)
        for label in figure.layout.annotations:
            if covers_a_curve(label.y, LABEL_SHARE * (reach[1] - reach[0]), curves, unit):
                label.update(yanchor="top", yshift=-1)
                if label.y < low + room:  # A and B then stand below it
                    reach = (low - 1.75 * FOOT * room, reach[1])
        figure.update_yaxes(range=reach)
    last = max(curve.steps for curve in curves.values())
    is_same = len(steps) == 2 and len(set(steps.values())) == 1
    for name, step in steps.items():
        label = ("A and B" if name == "A" else "") if is_same else name
        figure.add_vline(
            step,
            line={"color": SIDE_COLOURS[SIDE_NAMES.index(name)], "width": 1.5, "dash": "dot"},
            annotation={"text": f"<b>{label}</b>", "font": {"color": LIGHT.text, "size": 13}},
            # At the foot, on the side where there is room: above stand the baselines' names.
            annotation_position="bottom right" if 2 * step < last else "bottom left",
        )
    return figure


def covers_a_curve(foot: float, height: float, curves: Mapping[str, Curve], unit: Unit) -> bool:
    """Whether a label at the right, on its line at `foot`, would hide where a curve ends."""
    last = max(curve.steps for curve in curves.values())
    for curve in curves.values():
        width = max(1, len(curve.train_losses) // SMOOTHING_SHARE)
        for steps, losses in (
            (curve.train_steps, smooth(curve.train_losses, width)),
            (curve.validation_steps, curve.validation_losses),
        ):
            under = in_unit(losses, unit, curve.characters_per_token)[steps >= last * LABEL_BEGINS]
            if np.any((under >= foot) & (under <= foot + height)):
                return True
    return False


def extent(curve: Curve, unit: Unit) -> tuple[float, float]:
    """From where to where the drawn losses of a curve go."""
    width = max(1, len(curve.train_losses) // SMOOTHING_SHARE)
    losses = np.concatenate([smooth(curve.train_losses, width), curve.validation_losses])
    shown = in_unit(losses, unit, curve.characters_per_token)
    return float(np.min(shown, initial=np.inf)), float(np.max(shown, initial=-np.inf))
