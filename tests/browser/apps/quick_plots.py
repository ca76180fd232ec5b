"""Cells with their sums, which report clicks, and a line with a spot that a button moves."""

import numpy as np
import streamlit as st

from explorer import theme
from explorer.charts.quick_figure import Axis, Bars, Cells, Line, Panel, QuickFigure, Spot
from explorer.components.quick_plot import quick_plot

state = st.session_state

st.set_page_config(layout="wide")
st.html(f"<style>{theme.css_variables()}</style>")
st.title("Quick")
left, right = st.columns(2)

numbers = np.arange(12.0).reshape(3, 4) - 5
texts = [[f"{row}{column}" for column in "abcd"] for row in "xyz"]
cells = Cells(numbers, -6.0, 6.0, (0, 0), "number", "{text}\n{z}", texts=texts)
sums = Bars(numbers.sum(0), True, "sum", "sum of {x}: {y}")
with left:
    quick_plot(
        QuickFigure(
            {
                "column": Axis(0.5, 4.5, "column", is_whole=True),
                "row": Axis(3.5, 0.5, "row", is_whole=True),
                "sum": Axis(-12.0, 12.0, "sum", most_ticks=3),
            },
            [
                Panel("column", "row", [cells], down=(0.3, 1.0)),
                Panel("column", "sum", [sums], down=(0.0, 0.25)),
            ],
            left=60,
            below=40,
            enlarged_as="cells",
            has_scale=True,
        ),
        key="cells",
        alt="Twelve cells",
        height=300,
        filename="twelve-cells",
        columns={"letters": "text", "number": "z"},
        on_click=lambda row, column: state.update(clicked=(row, column)),
    )
    st.text(f"clicked {state.get('clicked')}")
with right:
    if st.button("Move"):
        state.moved = state.get("moved", 0.5) + 0.25
    x = np.linspace(0, 1, 5)
    spot = state.get("moved", 0.5)
    quick_plot(
        QuickFigure(
            {"x": Axis(0, 1, "across"), "y": Axis(0, 2e-5, "down")},
            [
                Panel(
                    "x",
                    "y",
                    [
                        Line(x, 2e-5 * x**2, "forward", 3, "a parabola", "{x} and {y:2}"),
                        Spot(spot, 1e-5, "dot", 12, "backward", "a spot", "spot at {x}"),
                    ],
                )
            ],
            left=80,
            below=50,
            enlarged_as="line",
            has_legend=True,
        ),
        key="line",
        alt=f"A parabola, and a spot at {spot}",
        height=300,
        filename="line",
        columns={"what": "trace", "x": "x", "y": "y"},
    )
