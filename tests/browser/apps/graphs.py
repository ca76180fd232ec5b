"""A graph beside the sliders of its leaves, as the address says.

``?program=…`` is what is drawn, ``?gpt`` draws a tiny GPT to unfold, ``?naive`` shows two orders,
``?slow=SECONDS`` makes every run take that long. A button draws 400 nodes instead.
"""

import inspect
import time
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from explorer import theme
from explorer.charts.graph_drawing import Drawing, draw_graph
from explorer.charts.graph_walks import draw_walk
from explorer.components.computation_graph import computation_graph
from explorer.components.live_sliders import Slider, live_sliders
from gpt.scalar.examples import TinyGPT
from gpt.scalar.expression import Evaluation, parse
from gpt.scalar.graph import Recording, build_graph
from gpt.scalar.value import Value, backward, computed_values
from gpt.scalar.walkthrough import naive_order, right_order

START = {"w1": 0.5, "x": 2.0, "w2": -0.3}
query = st.query_params
state = st.session_state


def four_hundred_nodes(numbers: Mapping[str, float]) -> Evaluation:
    """Ten leaves, nineteen layers in which each node meets its neighbour, and one sum."""
    leaves = {f"x{i}": Value.leaf(numbers.get(f"x{i}", 1.0), f"x{i}") for i in range(10)}
    layer = list(leaves.values())
    for _ in range(19):
        layer = [(layer[i] + layer[i - 1]).tanh() for i in range(10)]
    output = layer[0]
    for value in layer[1:]:
        output = output + value
    return Evaluation(output, leaves, {})


def evaluate(numbers: Mapping[str, float], recording: Recording) -> Evaluation:
    if state.large:
        return four_hundred_nodes(numbers)
    if "gpt" in query:
        return TinyGPT("ava").evaluate(numbers, recording)
    return parse(query.get("program", "relu(w1*x + w2)")).evaluate(numbers)


def draw(evaluation: Evaluation, recording: Recording) -> Drawing:
    root = evaluation.output
    gradients = backward(root)
    graph = build_graph(root, recording, state.unfolded)
    orders = [right_order, naive_order] if "naive" in query else [right_order]
    walks = []
    for order in orders:
        lines = inspect.getsource(order).splitlines()
        walk = draw_walk(
            order.__name__.replace("_", " "),
            computed_values(root),
            order(root),
            graph,
            gradients,
            names=evaluation.names,
            line_of=lambda value: 0,
            backward_line=len(lines) - 2,
        )
        walk["code"] = {"forward": ["the forward pass"], "backward": lines}
        walks.append(walk)
    return draw_graph(
        graph,
        gradients,
        names=evaluation.names,
        walks=walks,
        code=walks[0]["code"],
        pinned=state.pinned,
        step=state.step,
    )


def take_preset() -> None:
    """Every slider to −1, and x pinned."""
    state.generation += 1
    state.pinned = "leaf x"


def enlarge() -> None:
    state.large = True


starting_state = {
    "generation": 0,
    "runs": 0,
    "pinned": None,
    "step": None,
    "unfolded": frozenset(),
    "large": False,
}
for name, value in starting_state.items():
    state.setdefault(name, value)
state.runs += 1

st.set_page_config(layout="wide")
style = (Path(theme.__file__).parent / "style.css").read_text(encoding="utf-8")
st.html(f"<style>{theme.css_variables()}{style}</style>")
st.button("Preset", on_click=take_preset)
st.button("400 nodes", on_click=enlarge)
left, right = st.columns([3, 1], gap="large")
recording = Recording()
with right:
    leaves = list(evaluate({}, Recording()).leaves)[:6]
    starts = {leaf: -1.0 if state.generation else START.get(leaf, 1.0) for leaf in leaves}
    sliders = [Slider(leaf, start, -3, 3, note="a leaf") for leaf, start in starts.items()]
    reading = live_sliders(sliders, key="leaves", generation=state.generation)
time.sleep(float(query.get("slow", 0)))
with left:
    drawing = draw(evaluate(reading.numbers, recording), recording)
    event = computation_graph(drawing, key="graph")
st.text(" ".join(f"{leaf} = {number:g}" for leaf, number in reading.numbers.items()))
st.text(f"pinned {event.pinned}, step {event.step}, resting {reading.is_resting}")
st.text(f"{state.runs} runs")
state.pinned, state.step = event.pinned, event.step
if event.toggled is not None:
    state.unfolded ^= {event.toggled}
    st.rerun()
