"""Chapter seven: the GPT of plain numbers and the GPT of tensors, from the same weights."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from explorer.charts.ladder import agreement_figure
from explorer.charts.numbers import format_number
from explorer.components.plot import plot
from explorer.ladder.typed_text import typed_ids
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunError
from gpt.runs.library import Summary, list_runs
from gpt.runs.scalar_training import load_scalar_model
from gpt.scalar.families import Matrix
from gpt.scalar.model import Config, as_leaves, forward, initialise
from gpt.scalar.value import backward
from gpt.tensor.microgpt import Comparison, compare_gradients, to_tensor_model

TEXT = "names"
FRESH = "fresh weights"

state = st.session_state


def show(corpus: Corpus) -> None:
    """The loss and every gradient, found by plain numbers and by tensors."""
    names = load_corpus(TEXT) if corpus.kind == "text" else corpus
    st.html(
        """<p class="gpt-lead">The same GPT twice: once out of single numbers that each remember
        where they came from, once out of torch's tensors. From the same weights both must find the
        same loss, and the same gradient for every one of them.</p>"""
    )
    st.fragment(show_comparison)(names)
    show_things_to_try(
        [
            Suggestion("A short name", "Three predictions: a, then l, then its end.", ask, ("al",)),
            Suggestion("A long one", "More sums: still the same.", ask, ("seraphina",)),
            Suggestion("The same letter", "Only their places differ.", ask, ("aaaaa",)),
        ]
    )
    show_code(compare_gradients, to_tensor_model, forward, backward)


def ask(name: str) -> None:
    state["twice name"] = name


def show_comparison(corpus: Corpus) -> None:
    entry, weights, seeds = st.columns([4, 5, 2], vertical_alignment="bottom", gap="medium")
    state.setdefault("twice name", "emma")
    with entry:
        name = st.text_input(
            "A name to predict", key="twice name", max_chars=15, persist_state="session"
        )
    runs = {each.run.name: each for each in list_runs().runs if each.config.kind == "scalar"}
    chosen = weights.selectbox(
        "Weights",
        [FRESH, *runs],
        format_func=lambda each: runs[each].config.title if each in runs else FRESH,
        key="twice weights",
    )
    seed = seeds.number_input("Seed", 0, 2**31, 42, step=1, disabled=chosen in runs)
    try:
        config, parameters, tokenizer = model_of(runs.get(chosen), corpus, int(seed))
    except RunError as error:
        st.html(f'<p class="gpt-message">{error}</p>')
        return
    ids = typed_ids(tokenizer, name.lower())
    if not ids:
        return
    comparison = compare_gradients(config, parameters, tokenizer.encode_document(name.lower()))
    picture, beside = st.columns([7, 5], gap="large")
    with picture:
        plot(
            agreement_figure(
                {
                    each.scalar_name: (each.scalar.numpy(), each.tensor.numpy())
                    for each in comparison.matrices
                }
            ),
            key="agreement",
            height=460,
            alt=f"{comparison.n_parameters:,} gradients found twice; they are at most"
            f" {comparison.largest_difference:.1e} off the diagonal",
        )
    with beside:
        st.html(reading(comparison))
        table = pd.DataFrame(
            {
                "plain numbers": each.scalar_name,
                "off by": f"{each.largest_difference:.1e}",
                "largest gradient": format_number(each.scalar.abs().max().item()),
                "torch": each.tensor_name,
                "shape": " × ".join(str(size) for size in each.scalar.shape),
            }
            for each in comparison.matrices
        )
        st.dataframe(table, hide_index=True)
        st.download_button(
            "Every gradient as CSV",
            lambda: gradients_csv(comparison),
            f"gradients-{name}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table:",
        )


def model_of(
    summary: Summary | None, corpus: Corpus, seed: int
) -> tuple[Config, Mapping[str, Matrix], Any]:
    """Shape, weights and tokenizer: drawn from the seed, or those of a run."""
    if summary is None:
        config = Config(corpus.tokenizer.vocab_size)
        return config, as_leaves(initialise(config, random.Random(seed))), corpus.tokenizer
    config, weights = load_scalar_model(summary.run)
    return config, as_leaves(weights), summary.config.tokenizer


def reading(comparison: Comparison) -> str:
    """Both losses, and how far they and the gradients are apart, as HTML."""
    return f"""<div class="gpt-reading">
      <p>loss by plain numbers <b class="gpt-forward">{comparison.scalar_loss:.15f}</b></p>
      <p>loss by torch, float64 <b class="gpt-forward">{comparison.tensor_loss:.15f}</b></p>
      <p>the losses are apart by <b>{comparison.loss_difference:.1e}</b></p>
      <p>{comparison.n_parameters:,} pairs of gradients are apart by at most
        <b class="gpt-headline gpt-backward">{comparison.largest_difference:.1e}</b></p></div>"""


def gradients_csv(comparison: Comparison) -> str:
    """A line for each parameter, by its id (matrix, row, column)."""
    lines = ["matrix,row,column,plain numbers,torch"]
    for each in comparison.matrices:
        rows, columns = each.scalar.shape
        lines += [
            f"{each.scalar_name},{i},{j},{each.scalar[i, j].item()!r},{each.tensor[i, j].item()!r}"
            for i in range(rows)
            for j in range(columns)
        ]
    return "\n".join(lines) + "\n"
