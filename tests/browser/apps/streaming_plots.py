"""A curve that grows every 0.3 seconds beside a heatmap that reports clicks."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.components.plot import plot
from explorer.theme import LIGHT

st.set_page_config(layout="wide")
st.title("Streaming")
left, right = st.columns(2)


@st.fragment(run_every=0.3)
def curve() -> None:
    state = st.session_state
    state.steps = state.get("steps", 20) + 1
    steps = np.arange(state.steps, dtype=np.float32)
    trace = go.Scatter(x=steps, y=np.exp(-steps / 30), line_color=LIGHT.forward, name="loss")
    figure = go.Figure(trace)
    figure.update_layout(xaxis_title="step", yaxis_title="loss (nats)")
    plot(figure, key="curve", alt="A loss that falls", height=320)
    st.text(f"{state.steps} points")


@st.fragment
def heatmap() -> None:
    cells = np.arange(12, dtype=np.float32).reshape(3, 4)
    trace = go.Heatmap(z=cells, x=list("abcd"), y=list("xyz"), name="pattern")
    mark = go.Scatter(x=["a"], y=["x"], mode="markers", marker_opacity=0, hoverinfo="skip")
    event = plot(
        go.Figure([trace, mark]),
        key="cells",
        alt="Twelve cells",
        height=320,
        on_click="rerun",
        filename="twelve-cells",
        columns={"letter": "x", "row": "y", "share": "z"},
        on_hover=lambda point: st.session_state.update(pointed=(point.x, point.y)),
    )
    if event is not None and event.kind == "click":  # kept: the pointer may report after it
        st.session_state.clicked = (
            f"click {event.x} {event.y} {event.z} {event.curve} {event.index}"
        )
    st.text(st.session_state.get("clicked", "not clicked yet"))
    st.text(f"pointed {st.session_state.get('pointed')}")


with left:
    curve()
with right:
    heatmap()
st.text("below the figures")
