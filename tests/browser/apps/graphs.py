"""A program's graph beside its sliders: ?program=…, ?naive for two orders, ?large for 400 nodes.

The answer to a slider can be made slow with ?slow=SECONDS.
"""

import inspect
import time
from pathlib import Path

import streamlit as st

from explorer import theme
from explorer.charts.graph_drawing import Drawing, draw_graph, draw_walk
from explorer.components.computation_graph import computation_graph
from explorer.components.live_sliders import Slider, live_sliders
from gpt.scalar.expression import Evaluation, parse
from gpt.scalar.graph import build_graph
from gpt.scalar.value import Value, backward, computed_values
from gpt.scalar.walkthrough import naive_order, right_order

PROGRAM = "relu(w1*x + w2)"
START = {"w1": 0.5, "x": 2.0, "w2": -0.3}


def four_hundred_nodes(numbers: dict[str, float]) -> Evaluation:
    """Ten leaves, nineteen layers in which each node meets its neighbour, and one sum."""
    leaves = {f"x{i}": Value.leaf(numbers.get(f"x{i}", 1.0), f"x{i}") for i in range(10)}
    layer = list(leaves.values())
    for _ in range(19):
        layer = [(layer[i] + layer[i - 1]).tanh() for i in range(10)]
    output = layer[0]
    for value in layer[1:]:
        output = output + value
    return Evaluation(output, leaves, {})


def draw(text: str, evaluation: Evaluation) -> Drawing:
    root = evaluation.output
    gradients = backward(root)
    graph = build_graph(root)
    orders = [("Right order", right_order(root))]
    if "naive" in st.query_params:
        orders.append(("Naive order", naive_order(root)))
    backward_lines = inspect.getsource(right_order).splitlines()
    walks = [
        draw_walk(
            name,
            computed_values(root),
            firings,
            graph,
            gradients,
            names=evaluation.names,
            line_of=lambda value: 0,
            backward_line=len(backward_lines) - 3,
        )
        for name, firings in orders
    ]
    return draw_graph(
        graph,
        gradients,
        names=evaluation.names,
        walks=walks,
        code={"forward": text.splitlines(), "backward": backward_lines},
        pinned=st.session_state.get("pinned"),
        step=st.session_state.get("step"),
    )


st.set_page_config(layout="wide")
style = (Path(theme.__file__).parent / "style.css").read_text(encoding="utf-8")
st.html(f"<style>{theme.css_variables()}{style}</style>")
st.title("What does every number remember?")
preset = st.button("Preset")
state = st.session_state
if preset:
    state.generation = state.get("generation", 0) + 1
    state.pinned = "leaf x"
text = st.query_params.get("program", PROGRAM)
evaluate = four_hundred_nodes if "large" in st.query_params else parse(text).evaluate
left, right = st.columns([3, 1], gap="large")
names = list(evaluate({}).leaves)[:6]
with right:
    sliders = [
        Slider(name, -1.0 if "generation" in state else START.get(name, 1.0), -3, 3, note="a leaf")
        for name in names
    ]
    reading = live_sliders(sliders, key="leaves", generation=state.get("generation", 0))
    numbers = reading.numbers
    state.runs = state.get("runs", 0) + 1
time.sleep(float(st.query_params.get("slow", 0)))
with left:
    event = computation_graph(draw(text, evaluate(numbers)), key="graph")
state.pinned, state.step = event.pinned, event.step
st.text(f"pinned {event.pinned}, step {event.step}, toggled {event.toggled}")
st.text(" ".join(f"{name} {number}" for name, number in numbers.items()))
st.text(f"{state.runs} runs")
