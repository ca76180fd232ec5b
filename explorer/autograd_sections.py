"""What the Autograd page shows below the picture, a function for each section."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from explorer.charts.graph_sentences import Names, describe_path
from explorer.charts.node_table import node_table
from explorer.charts.numbers import format_number
from explorer.charts.slope import describe_errors, difference_errors, tangent
from explorer.components.plot import plot
from explorer.study import Nudge, Study
from gpt.scalar.paths import sum_over_paths
from gpt.scalar.value import Value

SAMPLES = 61  # points of the curve
EPSILONS = [10 ** (-k / 2) for k in range(2, 31)]


def show_slope(study: Study, leaves: Sequence[str], leaf: str, key: str) -> None:
    """The output over one leaf, with its tangent; `key` is that of the choice among `leaves`."""
    st.header("The gradient is the slope", anchor="slope")
    number, gradient = study.number(leaf), study.gradient(leaf)
    reach = max(1.0, abs(number)) * 1.5
    xs = [number - reach + 2 * reach * i / (SAMPLES - 1) for i in range(SAMPLES)]
    chart, beside = st.columns([8, 3], gap="large")
    with chart:
        plot(
            tangent(leaf, xs, study.curve(leaf, xs), number, study.output.data, gradient),
            key="tangent",
            height=320,
            alt=f"The output over {leaf}, with the tangent of slope {format_number(gradient)} at"
            f" {leaf} = {format_number(number)}",
        )
    with beside:
        if len(leaves) > 1:
            st.pills("Output over", leaves, default=leaf, key=key, required=True)
        st.html(
            f'<p class="gpt-caption">Blue: the output, computed anew at {SAMPLES} numbers for'
            f" <b>{leaf}</b>. Orange: the straight line whose slope is the gradient that the"
            " backward pass found. It touches the curve where you are.</p>"
        )


def show_nudges(study: Study, leaves: Sequence[str], leaf: str) -> None:
    """The bump test of every leaf, and its error for one leaf over the width of the nudge."""
    st.header("Bump it and see", anchor="bump")
    left, right = st.columns(2, gap="large")
    with left:
        epsilon = 10.0 ** st.select_slider(
            "ε, the width of the nudge",
            options=[-k / 2 for k in range(30, 1, -1)],
            value=-5.0,
            format_func=lambda power: f"{10.0**power:.0e}",
            key="power",
            persist_state="session",
        )
        nudges = study.nudges(leaves, epsilon)
        table = pd.DataFrame(
            {
                "leaf": leaves,
                "autograd": [format_number(nudge.gradient, 8) for nudge in nudges],
                "nudged": [format_found(nudge) for nudge in nudges],
                "off by": [format_error(nudge) for nudge in nudges],
            }
        ).set_index("leaf")
        if st.session_state.get("asked_torch"):
            from gpt.tensor.replay import replay_in_torch

            by_id = replay_in_torch(study.output)[1]
            in_torch = [
                Nudge(name, study.gradient(name), by_id[study.evaluation.leaves[name].id])
                for name in leaves
            ]
            table["torch"] = [format_found(nudge) for nudge in in_torch]
            table["torch off by"] = [format_error(nudge) for nudge in in_torch]
        st.table(table)
        if not st.session_state.get("asked_torch"):
            st.button(
                "Ask torch as well",
                help="Works the same graph out in PyTorch, in float64. Loading it takes seconds.",
                on_click=lambda: st.session_state.update(asked_torch=True),
            )
    with right:
        errors = [study.nudges([leaf], width)[0].relative_error for width in EPSILONS]
        plot(
            difference_errors(EPSILONS, errors, epsilon),
            key="errors",
            height=300,
            alt=f"Relative error of the central difference for {leaf} over ε",
        )
        st.html(f'<p class="gpt-caption">{describe_errors(errors)}</p>')


def format_found(nudge: Nudge) -> str:
    return "undefined" if nudge.found is None else format_number(nudge.found, 8)


def format_error(nudge: Nudge) -> str:
    error = nudge.relative_error
    return "" if error is None else f"{error:.1e}" if error else "0"


def show_paths(study: Study, value: Value) -> None:
    """The gradient of one value, taken apart into its paths to the output."""
    st.header("Every path adds its share", anchor="paths")
    naming = Names(study.evaluation.names)
    gradient = study.gradients.get(value.id, 0.0)
    paths = sum_over_paths(study.output, value, gradient)
    rows = [
        (format_number(path.contribution), *describe_path(path, naming)) for path in paths.largest
    ]
    if paths.count > len(paths.largest):
        others = paths.count - len(paths.largest)
        rows.append((format_number(paths.rest), f"{others:,} more, together", ""))
    body = "".join(
        f"<tr><td>{share}</td><td>{way}<small>{slopes}</small></td></tr>"
        for share, way, slopes in rows
    )
    st.html(
        f"""<p class="gpt-caption">From <b>{naming.short(value)}</b> to the output there
        {"is 1 path" if paths.count == 1 else f"are {paths.count:,} paths"}. Along each, the local
        gradients multiply; over all, they add up to its gradient. Pin another node, with a
        click in the graph, to see its.</p>
        <table class="gpt-table"><tbody>{body}</tbody>
        <tfoot><tr><td>{format_number(gradient)}</td><td>the gradient</td></tr></tfoot></table>"""
    )


def show_table(study: Study) -> None:
    """Every value of the graph, to look at and to take away."""
    st.header("Every node", anchor="nodes")
    values = [*study.evaluation.leaves.values(), *study.order] or [study.output]
    table = node_table(values, study.gradients, study.evaluation.names)
    st.dataframe(table, hide_index=True, height=min(38 * (len(table) + 1), 420))
    st.download_button("CSV", table.to_csv(index=False), "nodes.csv", "text/csv", on_click="ignore")
