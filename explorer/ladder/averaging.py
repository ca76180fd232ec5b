"""Chapter three: the mean of the past by a loop, by a matrix, and by a softmax that can do more."""

from __future__ import annotations

import math

import streamlit as st
import torch

from explorer.charts.cells import CELL_COLUMNS, Cells, cells_figure
from explorer.components.live_sliders import Slider, live_sliders
from explorer.components.plot import plot
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.tensor.averaging import (
    average_by_loops,
    average_by_matrix,
    average_by_softmax,
    masked,
    mean_weights,
    softmax_weights,
)

CHANNELS = 2
SEED = 1337
WAYS = ("a loop", "a matrix", "a softmax")

state = st.session_state


def set_difference(amount: float) -> None:
    state["score start"] = amount
    state["score generation"] = state.get("score generation", 0) + 1
    state["averaging way"] = WAYS[2] if amount else state["averaging way"]


def set_way(way: str) -> None:
    state["averaging way"] = way


def show(corpus: Corpus) -> None:
    """The same numbers averaged three ways, and what happens when the scores differ."""
    del corpus  # these are numbers, not yet text
    st.html(
        """<p class="gpt-lead">A token should know its past. The plainest way is to average it: and
        the average of the past, written as one matrix product, is attention in all but name.</p>"""
    )
    state.setdefault("averaging way", WAYS[1])
    show_picture()
    show_things_to_try(
        [
            Suggestion(
                "The plain loop",
                "No matrix at all: for each token, the mean of what came up to there.",
                set_way,
                (WAYS[0],),
            ),
            Suggestion(
                "All scores equal",
                "A softmax over equal scores is a mean: the three ways agree.",
                set_difference,
                (0.0,),
            ),
            Suggestion(
                "Let the scores differ",
                "Now some of the past counts for more. Who says which? That is the next chapter.",
                set_difference,
                (2.0,),
            ),
        ]
    )
    show_code(average_by_loops, average_by_matrix, average_by_softmax)


@st.fragment
def show_picture() -> None:
    control, count, seeds = st.columns([4, 3, 2], vertical_alignment="bottom", gap="medium")
    way = (
        control.segmented_control("Average by", WAYS, key="averaging way", required=True) or WAYS[1]
    )
    n_tokens = count.slider("T, tokens", 2, 10, 8, key="averaging tokens")
    seed = seeds.number_input("Seed", 0, 2**31, SEED, step=1, key="averaging seed")
    generator = torch.Generator().manual_seed(int(seed))
    x = torch.randn(1, n_tokens, CHANNELS, generator=generator)
    direction = torch.randn(n_tokens, n_tokens, generator=generator)
    amount = live_sliders(
        [
            Slider(
                "scores differ by",
                state.get("score start", 0.0),
                0.0,
                4.0,
                0.05,
                "times random numbers",
            )
        ],
        key="score difference",
        generation=state.get("score generation", 0),
    ).numbers["scores differ by"]
    scores = amount * direction
    results = {
        WAYS[0]: average_by_loops(x)[0],
        WAYS[1]: average_by_matrix(x)[0],
        WAYS[2]: average_by_softmax(x, scores)[0],
    }
    plot(
        cells_figure(matrices(way, scores, x[0], results[way]), widths=widths(way, n_tokens)),
        key="averaging",
        columns=CELL_COLUMNS,
        height=430,
        alt=f"{way}: weights, the numbers of {n_tokens} tokens, and their averages",
    )
    st.html(agreement(results))


def matrices(way: str, scores: torch.Tensor, x: torch.Tensor, result: torch.Tensor) -> list[Cells]:
    """What is multiplied with what; the loop has no matrix to show."""
    n_tokens = len(x)
    names = [str(t) for t in range(n_tokens)]
    token, channel = "token", "channel"
    shown = []
    if way == WAYS[2]:
        # What the mask forbids is minus infinity, and no number to draw.
        finite = masked(scores).masked_fill(masked(scores) == -math.inf, math.nan)
        shown.append(
            Cells("scores", finite.numpy(), names, names, row_title=token, column_title="of token")
        )
    if way != WAYS[0]:
        weights = mean_weights(n_tokens) if way == WAYS[1] else softmax_weights(scores)
        forbidden = weights.masked_fill(torch.ones_like(weights).triu(1) == 1, math.nan)
        title = "weights" if way == WAYS[1] else "their softmax"
        hover = "token %{y} takes %{hovertext} of token %{x}"
        shown.append(
            Cells(title, forbidden.numpy(), names, names, "share", token, "of token", hover=hover)
        )
    before = "× numbers" if way != WAYS[0] else "numbers"
    channels = [str(c) for c in range(CHANNELS)]
    shown.append(Cells(before, x.numpy(), names, channels, column_title=channel))
    shown.append(Cells("= averages", result.numpy(), names, channels, row_title=""))
    return shown


def widths(way: str, n_tokens: int) -> list[float]:
    """In the proportion of their columns, so that cells are about as wide everywhere."""
    squares = {WAYS[0]: 0, WAYS[1]: 1, WAYS[2]: 2}[way]
    return [float(n_tokens)] * squares + [CHANNELS + 1.0] * 2


def agreement(results: dict[str, torch.Tensor]) -> str:
    """The largest difference between each two ways, as HTML."""
    loop, matrix, softmax = (results[way] for way in WAYS)
    pairs = (
        ("loop and matrix", loop, matrix),
        ("matrix and softmax", matrix, softmax),
        ("loop and softmax", loop, softmax),
    )
    rows = " · ".join(f"{name} <b>{(a - b).abs().max().item():.1e}</b>" for name, a, b in pairs)
    return f'<p class="gpt-caption">The largest difference between: {rows}</p>'
