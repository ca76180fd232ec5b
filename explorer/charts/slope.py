"""Figures of a derivative: the tangent it draws, and how well nudging the input finds it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.theme import LIGHT

NEAR = 1e-3  # a relative error that is no longer called near
ROUNDING = 1e-12  # a relative error that rounding alone may cause at the widest nudge


def tangent(
    leaf: str,
    xs: Sequence[float],
    outputs: Sequence[float | None],
    x: float,
    output: float,
    gradient: float,
) -> go.Figure:
    """The output as a function of one leaf, and the line of slope `gradient` through (x, output).

    `outputs` holds None where the expression is undefined; the curve has a gap there.
    """
    curve = np.asarray([np.nan if y is None else y for y in outputs], dtype=np.float32)
    reach = 0.3 * (xs[-1] - xs[0])
    touching = np.asarray([x - reach, x + reach], dtype=np.float32)
    figure = go.Figure(
        [
            go.Scatter(
                x=np.asarray(xs, dtype=np.float32),
                y=curve,
                mode="lines",
                name="output",
                line={"color": LIGHT.forward, "width": 2.5},
                hovertemplate=f"{leaf} %{{x:.4g}}<br>output %{{y:.4g}}<extra></extra>",
            ),
            go.Scatter(
                x=touching,
                y=output + gradient * (touching - x),
                mode="lines",
                name=f"slope {gradient:.4g}",
                line={"color": LIGHT.backward, "width": 2},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=[x],
                y=[output],
                mode="markers",
                name="here",
                marker={
                    "size": 11,
                    "color": LIGHT.backward,
                    "line": {"width": 2, "color": LIGHT.ground},
                },
                hovertemplate=f"{leaf} = %{{x:.4g}}<br>output %{{y:.4g}}<br>slope "
                f"{gradient:.4g}<extra></extra>",
            ),
        ]
    )
    finite = curve[np.isfinite(curve)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    margin = 0.08 * (high - low) or 1.0
    figure.update_layout(
        showlegend=False,
        margin={"t": 12},
        xaxis={"title": {"text": leaf}, "range": [xs[0], xs[-1]]},
        yaxis={"title": {"text": "output"}, "range": [low - margin, high + margin]},
    )
    return figure


def describe_errors(errors: Sequence[float | None]) -> str:
    """What the width of the nudge does to its error; `errors` go from the widest to the narrowest.

    Rounding is noise, so that a single small error says little: three in a row are believed.
    """
    known = [error for error in errors if error is not None]
    if not known:
        return "Every nudge leads to where the output is undefined."
    if not any(known):
        return "Every nudge finds the gradient exactly, be it wide or narrow."
    best = min(max(known[i : i + 3]) for i in range(max(len(known) - 2, 1)))
    if best > NEAR:
        return (
            "No nudge comes near: the curve has a corner here, or its digits are lost throughout."
        )
    if errors[0] is None:
        wide = "Too wide a nudge, and it leads to where the output is undefined."
    elif known[0] > max(10 * best, ROUNDING):
        wide = "Too wide a nudge, and the curve bends away under it."
    else:
        wide = (
            "A wide nudge does no harm here: the curve is straight, or bends alike on both sides."
        )
    if max(known[-3:]) > 10 * best:
        return f"{wide} Too narrow, and the two outputs differ only in digits that a float lacks."
    return f"{wide} However narrow, no digits are lost here."


def difference_errors(
    epsilons: Sequence[float], errors: Sequence[float | None], chosen: float
) -> go.Figure:
    """How far a central difference is off, relative to the gradient, for every width of the nudge.

    Both axes are logarithmic, so an error of exactly 0 has no place on them and is left out.
    """
    ys = [error or np.nan for error in errors]
    figure = go.Figure(
        go.Scatter(
            x=np.asarray(epsilons, dtype=np.float64),
            y=np.asarray(ys, dtype=np.float64),
            mode="lines+markers",
            connectgaps=True,
            line={"color": LIGHT.forward, "width": 2},
            marker={"size": 5, "color": LIGHT.forward},
            hovertemplate="ε %{x:.1e}<br>relative error %{y:.1e}<extra></extra>",
        )
    )
    figure.add_vline(x=chosen, line={"color": LIGHT.backward, "width": 2})
    figure.update_layout(
        showlegend=False,
        margin={"t": 12},
        xaxis={
            "type": "log",
            "title": {"text": "ε, the width of the nudge"},
            "exponentformat": "power",
        },
        yaxis={"type": "log", "title": {"text": "relative error"}, "exponentformat": "power"},
    )
    return figure
