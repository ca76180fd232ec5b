"""Chapter two: a table of pairs, before and after it has learnt."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from explorer.charts.ladder import bigram_figure, next_token_figure
from explorer.charts.tokens import visible
from explorer.charts.training import View, loss_figure
from explorer.charts.training_words import sample_card
from explorer.components.plot import PlotEvent, plot
from explorer.ladder.rung_runs import (
    follow,
    runs_of_rungs,
    show_standing,
    show_start_mistake,
    tick_of,
    train_rungs,
)
from explorer.reruns import run_apart
from explorer.run_records import at_step
from explorer.run_watch import baselines_in, curve_of, measured, records_of
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunError
from gpt.runs.data import encode_streams
from gpt.runs.library import Summary
from gpt.runs.presets import PRESETS, configure
from gpt.runs.tensor_training import load_model, tensor_configs
from gpt.tensor.config import RungName
from gpt.tensor.ladder import Bigram
from gpt.tensor.models import build_model

RUNG: RungName = "bigram"
SMOOTHING = 1.0

Table = npt.NDArray[np.float32]

state = st.session_state


@st.cache_resource(max_entries=4, hash_funcs={Corpus: lambda corpus: corpus.sha256})
def count_pairs(corpus: Corpus) -> Table:
    """How often each token follows each in the part to learn from, as shares, plus one each."""
    ids = np.array(encode_streams(corpus).train)
    size = corpus.tokenizer.vocab_size
    counts = np.bincount(ids[:-1] * size + ids[1:], minlength=size * size).reshape(size, size)
    smoothed = counts + SMOOTHING
    shares: Table = (smoothed / smoothed.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


@st.cache_resource(max_entries=4, hash_funcs={Corpus: lambda corpus: corpus.sha256})
def telling_rows(corpus: Corpus) -> tuple[int, int]:
    """The token that tells most and the one that tells least about what follows.

    Most: in its row the likeliest has the largest share of all. Least: what follows it costs
    counting most, its entropy times how often it comes, for what hardly comes was hardly counted.
    """
    shares = count_pairs(corpus)
    entropies = -(shares * np.log(shares)).sum(axis=1)  # nats
    often = np.bincount(encode_streams(corpus).train, minlength=len(shares))
    return int(shares.max(axis=1).argmax()), int((often * entropies).argmax())


@st.cache_data(max_entries=64)
def learnt_table(path: str, step: int, _summary: Summary) -> Table:
    """The softmax of every row of a bigram's table at a checkpoint."""
    return _shares(load_model(_summary.run, step))


def untrained_table(corpus: Corpus) -> Table:
    """The table as a run of this preset begins."""
    model_config, training = tensor_configs(configure(PRESETS[RUNG], corpus))
    return _shares(build_model(model_config, torch.Generator().manual_seed(training.seed)))


def _shares(model: torch.nn.Module) -> Table:
    weight: Any = model.token_table.weight  # type: ignore[union-attr]
    shares: Table = weight.detach().softmax(dim=-1).numpy()
    return shares


def show(corpus: Corpus) -> None:
    """The table over the steps, and what it makes of one character."""
    st.html(
        """<p class="gpt-lead">The smallest language model is a table: one row for each character,
        and in it a guess at what comes next. It begins as noise. Gradient descent finds what
        counting would have told.</p>"""
    )
    show_start_mistake()
    summary = runs_of_rungs(corpus).get(RUNG)
    tick = tick_of([summary] if summary else [])
    run_apart(show_live, corpus, tick, every=tick)
    show_things_to_try(
        [
            Suggestion(
                "Train it from noise",
                "3,000 steps at a learning rate of 0.01, as in the lecture: seconds here.",
                train_rungs,
                ([RUNG], corpus),
            ),
            *suggest_rows(corpus),
        ]
    )
    show_code(Bigram, count_pairs)


def suggest_rows(corpus: Corpus) -> list[Suggestion]:
    """The rows that leave the least doubt and the most, and how much that is in this text."""
    tokenizer, shares = corpus.tokenizer, count_pairs(corpus)

    def said(token: int) -> str:
        text = tokenizer.decode([token])
        return {" ": "a space", "\n": "a line break"}.get(text, visible(text))

    reasons = (
        "Above all {next}, to which the table of counts gives {share}: no other row is as sure of"
        " one.",
        "Nearly anything: the table of counts gives most, {share}, to {next}. A single token back"
        " is too little to go by.",
    )
    return [
        Suggestion(
            f"What follows {said(token)}?",
            reason.format(
                next=escape(said(int(shares[token].argmax()))), share=f"{shares[token].max():.0%}"
            ),
            choose_token,
            (tokenizer.decode([token]),),
        )
        for token, reason in zip(telling_rows(corpus), reasons, strict=True)
    ]


def choose_token(text: str) -> None:
    state["bigram token"] = text


def choose_clicked(event: PlotEvent) -> None:
    state["bigram token"] = state["bigram tokens"][int(event.y)]


def show_live(corpus: Corpus, tick: float | None) -> None:
    summary = runs_of_rungs(corpus).get(RUNG)
    follow([summary] if summary else [], tick)
    tokenizer = corpus.tokenizer
    tokens = [tokenizer.decode([each]) for each in range(tokenizer.vocab_size)]
    state["bigram tokens"] = tokens
    if state.get("bigram token") not in tokens:
        state["bigram token"] = "t" if "t" in tokens else tokens[0]
    chosen = tokens.index(state["bigram token"])

    picture, beside = st.columns([7, 5], gap="large")
    with picture:
        place = st.container()
        step, table = table_at(summary, corpus)
    with place:
        plot(
            bigram_figure(table, tokens, chosen, uirevision=corpus.sha256),
            key="bigram table",
            height=620,
            alt=f"A table of {len(tokens)} by {len(tokens)} probabilities, after {step:,} steps."
            " Enter on a cell chooses its row.",
            on_click=choose_clicked,
        )
    with beside:
        show_standing(summary, RUNG, corpus)
        show_losses(summary, step)
        before = escape(visible(tokens[chosen]))
        st.html(
            f'<p class="gpt-caption">After <b class="gpt-backward">{before}</b>:'
            " bars are what it has learnt, lines what counting finds, with one more of each pair."
            " Click a row for another.</p>"
        )
        plot(
            next_token_figure(table[chosen], count_pairs(corpus)[chosen], tokens),
            key="bigram row",
            height=230,
            alt=f"The characters most likely to follow {visible(tokens[chosen])}",
        )
        show_sample(summary, step)


def table_at(summary: Summary | None, corpus: Corpus) -> tuple[int, Table]:
    """The step that is looked at, by a slider over the checkpoints, and its table."""
    checkpoints = [each.step for each in summary.run.checkpoints()] if summary else []
    if summary is None or not checkpoints:
        st.html('<p class="gpt-caption">Untrained: noise from the seed.</p>')
        return 0, untrained_table(corpus)
    step = checkpoints[0]
    if len(checkpoints) > 1:
        # While it learns, the right end is the newest; what was chosen earlier stays chosen.
        key = f"bigram step {summary.run.name} {len(checkpoints)}"
        step = st.select_slider(
            "After step", checkpoints, value=checkpoints[-1], key=key, format_func="{:,}".format
        )
    try:
        return step, learnt_table(str(summary.run.path), step, summary)
    except RunError as error:
        st.html(f'<p class="gpt-message">{error}</p>')
        return 0, untrained_table(corpus)


def show_losses(summary: Summary | None, step: int) -> None:
    if summary is None:
        return
    plot(
        loss_figure(
            curve_of(summary, summary.config.title),
            baselines_in(measured(summary)),
            view=View(moment=step or None),
        ),
        key="bigram loss",
        height=230,
        alt=f"The bigram's loss falls towards that of counting pairs; step {step:,} is marked",
    )


def show_sample(summary: Summary | None, step: int) -> None:
    if summary is None:
        return
    is_document = summary.config.corpus.kind == "documents"
    st.html(
        sample_card(
            at_step(records_of(summary).samples, step),
            is_document=is_document,
            heading="What it writes",
        )
    )
