"""A figure of vectors in two dimensions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.charts.numbers import format_fixed
from explorer.theme import LIGHT


def projection_figure(
    coordinates: npt.NDArray[np.floating],
    shares: Sequence[float],
    names: Sequence[str],
    marked: Collection[int] = (),
    *,
    is_path: bool = False,
) -> go.Figure:
    """Points by their names, some marked in orange; joined in their order if they have one."""
    colours = [LIGHT.backward if i in marked else LIGHT.text for i in range(len(names))]
    figure = go.Figure(
        go.Scatter(
            x=coordinates[:, 0].astype(np.float32),
            y=coordinates[:, 1].astype(np.float32),
            text=list(names),
            mode="lines+text" if is_path else "text",
            line={"color": LIGHT.line, "width": 1},
            textfont={"size": 13, "color": colours},
            hovertext=[
                f"{name}: {format_fixed(x, 3)}, {format_fixed(y, 3)}"
                for name, (x, y) in zip(names, coordinates.tolist(), strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    titles = [
        f"{which} direction, {share:.1%} of the variance"
        for which, share in zip(("first", "second"), shares, strict=True)
    ]
    axis = {"zeroline": True, "zerolinecolor": LIGHT.line}
    figure.update_layout(
        showlegend=False,
        margin={"l": 64, "r": 16, "t": 36, "b": 52},
        xaxis={"title": {"text": titles[0]}, **axis},
        yaxis={"title": {"text": titles[1]}, **axis},
    )
    return figure
