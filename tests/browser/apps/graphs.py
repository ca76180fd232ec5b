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
from gpt.scalar.expression import Evaluation, Program, parse
from gpt.scalar.graph import build_graph
from gpt.scalar.value import backward, computed_values
from gpt.scalar.walkthrough import naive_order, right_order

PROGRAM = "relu(w1*x + w2)"
START = {"w1": 0.5, "x": 2.0, "w2": -0.3}


def four_hundred_nodes() -> str:
    """Twenty sums of products, each squashed, joined to one output: 19 nodes each and some more."""
    units = range(20)
    lines = [
        f"h{unit} = tanh("
        + " + ".join(f"u{unit}_{k} * tanh(x{k} * v{unit}_{k})" for k in range(3))
        + ")"
        for unit in units
    ]
    return "\n".join([*lines, " + ".join(f"h{unit}" for unit in units)])


def draw(program: Program, evaluation: Evaluation) -> Drawing:
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
        code={"forward": program.text.splitlines(), "backward": backward_lines},
    )


st.set_page_config(layout="wide")
style = (Path(theme.__file__).parent / "style.css").read_text(encoding="utf-8")
st.html(f"<style>{theme.css_variables()}{style}</style>")
st.title("What does every number remember?")
preset = st.button("Preset")
state = st.session_state
state.generation = state.get("generation", 0) + preset
text = (
    four_hundred_nodes() if "chain" in st.query_params else st.query_params.get("program", PROGRAM)
)
program = parse(text)
left, right = st.columns([3, 1], gap="large")
names = program.leaf_names[:6]
with right:
    sliders = [
        Slider(name, -1.0 if state.generation else START.get(name, 1.0), -3, 3, note="a leaf")
        for name in names
    ]
    numbers = live_sliders(sliders, key="leaves", generation=state.generation)
    state.runs = state.get("runs", 0) + 1
time.sleep(float(st.query_params.get("slow", 0)))
with left:
    event = computation_graph(draw(program, program.evaluate(numbers)), key="graph")
st.text(f"pinned {event.pinned}, step {event.step}, toggled {event.toggled}")
st.text(" ".join(f"{name} {number}" for name, number in numbers.items()))
st.text(f"{state.runs} runs")
