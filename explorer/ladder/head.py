"""Chapter four: one head of attention, taken apart for one token."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from explorer.charts.cells import CELL_COLUMNS, Cells, cells_figure
from explorer.charts.numbers import as_operand, format_number
from explorer.charts.tokens import visible
from explorer.components.plot import PlotEvent, plot
from explorer.ladder.rung_runs import (
    follow,
    runs_of_rungs,
    show_standing,
    show_start_mistake,
    tick_of,
)
from explorer.ladder.typed_text import ask_text, sample_texts
from explorer.reruns import run_apart
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.corpus.documents import split_documents
from gpt.runs.library import Summary
from gpt.runs.presets import PRESETS, configure
from gpt.runs.tensor_training import load_model, tensor_configs
from gpt.tensor.config import RungName
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.layers import Head, attend
from gpt.tensor.models import build_model

RUNG: RungName = "single-head"
PLACE = "blocks.0.attn"
TERMS_SHOWN = 4

Activations = dict[str, npt.NDArray[np.float32]]

state = st.session_state


def fresh_model(corpus: Corpus, rung: str = RUNG) -> LanguageModel:
    """A rung as its run begins: the weights that its preset's seed draws."""
    model_config, training = tensor_configs(configure(PRESETS[rung], corpus))
    return build_model(model_config, torch.Generator().manual_seed(training.seed)).eval()


@torch.no_grad()
def trace_head(model: LanguageModel, ids: list[int]) -> Activations:
    """Everything that the head computes while it reads, each `(T, ...)`, by its short name."""
    trace: dict[str, torch.Tensor] = {}
    model(torch.tensor([ids]), trace=trace)
    prefix = f"{PLACE}."
    inside = {name.removeprefix(prefix): a for name, a in trace.items() if name.startswith(prefix)}
    names = ("query", "key", "value", "scores", "pattern", "heads")
    return {name: inside[name][0, 0].numpy() for name in names}


def set_text(text: str) -> None:
    state["head text"] = text


def choose_clicked(event: PlotEvent) -> None:
    state["head token"] = int(event.y)


def show(corpus: Corpus) -> None:
    """Query, keys, scores, pattern and values of the token that is chosen."""
    st.html(
        """<p class="gpt-lead">Each token asks a question, its <b>query</b>. Each holds up a sign,
        its <b>key</b>. Where query and key agree the score is high, a softmax makes shares of the
        scores, and in these shares the token takes in what the others give: their
        <b>values</b>.</p>"""
    )
    show_start_mistake()
    summary = runs_of_rungs(corpus).get(RUNG)
    tick = tick_of([summary] if summary else [])
    run_apart(show_live, corpus, tick, every=tick)
    show_things_to_try(
        [
            Suggestion(
                "The text's beginning",
                "Click a row of the pattern: another token asks.",
                set_text,
                (split_documents(corpus.text)[0][: block_size()],),
            ),
            Suggestion(
                "All the same",
                "Eight times e: the tokens are alike, only their places differ, and so do the"
                " shares.",
                set_text,
                ("eeeeeeee",),
            ),
            Suggestion(
                "A single token",
                "With nobody else to look at, it takes all of its own value.",
                set_text,
                ("a",),
            ),
        ]
    )
    show_code(Head, attend)


def block_size() -> int:
    """How many characters the head reads at most."""
    return int(PRESETS[RUNG].model_settings["block_size"])


def show_live(corpus: Corpus, tick: float | None) -> None:
    summary = runs_of_rungs(corpus).get(RUNG)
    follow([summary] if summary else [], tick)
    entry, weights, doing = st.columns([4, 3, 5], vertical_alignment="bottom", gap="medium")
    with entry:
        ids = ask_text(
            f"Text, up to {block_size()} characters",
            "head text",
            sample_texts(corpus, block_size())[0],
            corpus.tokenizer,
            block_size(),
        )
    model = choose_weights(summary, corpus, weights)
    with doing:
        show_standing(summary, RUNG, corpus)
    chosen = min(int(state.get("head token", len(ids) - 1)), len(ids) - 1)
    activations = trace_head(model, ids)
    tokens = [corpus.tokenizer.decode([each]) for each in ids]
    plot(
        head_figure(activations, tokens, chosen),
        key="head",
        columns=CELL_COLUMNS,
        height=440,
        alt=f"Keys, scores, pattern and values of {len(ids)} tokens; token {chosen + 1},"
        f" {visible(tokens[chosen])}, looks. Enter on a cell lets its row look.",
        on_click=choose_clicked,
    )
    st.html(unfolded(activations, tokens, chosen))


def choose_weights(summary: Summary | None, corpus: Corpus, place: Any) -> LanguageModel:
    """Fresh weights, or those of a checkpoint of the run."""
    checkpoints = [each.step for each in summary.run.checkpoints()] if summary else []
    if summary is None or not checkpoints:
        place.html('<p class="gpt-caption">The weights: fresh from the seed.</p>')
        return fresh_model(corpus)
    with place:
        step = st.select_slider(
            "Weights after step",
            checkpoints,
            value=checkpoints[-1],
            key=f"head step {summary.run.name} {len(checkpoints)}",
            format_func="{:,}".format,
        )
    return load_model(summary.run, step)


def head_figure(activations: Activations, tokens: list[str], chosen: int) -> Any:
    """From keys and query to scores, pattern and values, a row for each token that is looked at."""
    count = len(tokens)
    forbidden = np.triu(np.ones((count, count), dtype=bool), 1)
    scores = np.where(forbidden, np.nan, activations["scores"])
    pattern = np.where(forbidden, np.nan, activations["pattern"])
    looking, looked_at = "query: looking", "key: looked at"
    matrices = [
        Cells("query", activations["query"], tokens, row_title=looking, chosen_row=chosen),
        Cells("key", activations["key"], tokens),
        Cells(
            "scores: q·k ÷ √D",
            scores,
            tokens,
            tokens,
            column_title=looked_at,
            chosen_row=chosen,
            hover="%{customdata[0]} looks at %{customdata[1]}: %{hovertext}",
            digits=1,
        ),
        Cells(
            "pattern: softmax",
            pattern,
            tokens,
            tokens,
            "share",
            column_title=looked_at,
            chosen_row=chosen,
            hover="%{customdata[0]} takes %{hovertext} of %{customdata[1]}",
            digits=1,
        ),
        Cells("value", activations["value"], tokens),
        Cells("pattern × value", activations["heads"], tokens, chosen_row=chosen),
    ]
    return cells_figure(matrices, widths=[3, 3, 6, 6, 3, 3], gap=0.03)


def unfolded(activations: Activations, tokens: list[str], chosen: int) -> str:
    """For one query, every key: the product term by term, the scale, and the share."""
    query, keys = activations["query"][chosen], activations["key"]
    head_size = len(query)
    rows = []
    for place in range(chosen + 1):
        terms = query * keys[place]
        largest = sorted(np.argsort(-np.abs(terms))[:TERMS_SHOWN])
        written = " + ".join(
            f"{as_operand(float(query[c]))}·{as_operand(float(keys[place][c]))}" for c in largest
        )
        dot, share = float(terms.sum()), float(activations["pattern"][chosen, place])
        rows.append(
            f"<tr><td><span class='gpt-token'>{escape(visible(tokens[place]))}</span></td>"
            f"<td><b>{format_number(dot)}</b><small>{written} + … over {head_size} channels</small>"
            f"</td><td>{format_number(dot / math.sqrt(head_size))}</td>"
            f"<td class='gpt-share'><i style='width:{100 * share:.1f}%'></i>"
            f"<b>{share:.4f}</b></td></tr>"
        )
    asks = escape(visible(tokens[chosen]))
    return f"""<p class="gpt-caption">Token {chosen + 1}, <b class="gpt-backward">{asks}</b>, looks
      at itself and at what came before:</p>
      <div class="gpt-scroll"><table class="gpt-unfolded"><thead><tr><th>key</th><th>q·k</th>
      <th>÷ √{head_size}</th><th>share, by softmax</th></tr></thead>
      <tbody>{"".join(rows)}</tbody></table></div>"""
