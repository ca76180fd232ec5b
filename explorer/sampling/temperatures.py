"""The same luck at five temperatures: what is won and what is lost."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd
import streamlit as st
import torch

from explorer.controls import show_mistake
from explorer.on_demand import answer, ask
from explorer.sampling.subject import Subject
from gpt.corpus.corpus import Corpus
from gpt.corpus.text import CorpusError
from gpt.lens.novelty import COPY_LENGTH, N_GRAM, distinct_n, mean_surprisal, measure_novelty
from gpt.runs.config import RunError
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import generate

TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.5)
SAMPLES = 16
WHAT = {
    "surprisal, nats": "how unlikely a token was to the model itself, at temperature 1: the mean"
    " of −ln of its probability. The lower, the more the model expected its own text.",
    f"distinct {N_GRAM}-grams": f"how many different stretches of {N_GRAM} tokens there are, of all"
    " such stretches: 100 % where none comes twice.",
    "copied verbatim": f"of all stretches of {COPY_LENGTH} characters, how many stand, letter for"
    " letter, in the text it learnt from.",
    "known": "of the samples, how many are, as a whole, documents of the text it learnt from.",
    "novel": "of the samples, how many are not: made up.",
}
FORMATS = {"temperature": "%g", "surprisal, nats": "%.3f"}  # all others are shares

KEY = "sampling batches"


class Batch(NamedTuple):
    """Samples at one temperature.

    Attributes:
        tokens: of each sample, behind the prompt and before its end.
        texts: the same as text.
    """

    temperature: float
    tokens: list[list[int]]
    texts: list[str]


def write_batch(subject: Subject, temperature: float) -> Batch:
    """So many samples at once, as far as the block reaches."""
    model, tokenizer, end = subject.opened.model, subject.opened.tokenizer, subject.end
    prompt = list(subject.prompt[-(model.config.block_size // 2 + 1) :])
    ids = generate(
        model,
        torch.tensor([prompt] * SAMPLES),
        model.config.block_size - len(prompt) + 1,
        generator=torch.Generator().manual_seed(subject.seed),
        config=SamplingConfig(temperature),
        end=end,
    )[:, len(prompt) :].tolist()
    tokens = [row[: row.index(end)] if end in row else row for row in ids]
    given = tokenizer.decode(prompt)
    texts = [given + tokenizer.decode(each) for each in tokens]
    return Batch(temperature, tokens, texts)


def row_of(subject: Subject, batch: Batch, corpus: Corpus | None) -> dict[str, object]:
    """The batch in numbers; beside the text that was learnt, if it is there."""
    prompt = subject.prompt[-(subject.opened.model.config.block_size // 2 + 1) :]
    row: dict[str, object] = {
        "temperature": batch.temperature,
        "surprisal, nats": mean_surprisal(subject.opened, prompt, batch.tokens),
        f"distinct {N_GRAM}-grams": distinct_n(batch.tokens),
    }
    if corpus is None:
        return row
    novelty = measure_novelty(batch.texts, corpus)
    if novelty.known is not None:
        row["known"] = novelty.known
        row["novel"] = 1 - novelty.known
    else:
        row["copied verbatim"] = novelty.copied
    return row


def corpus_of(subject: Subject) -> tuple[Corpus | None, str]:
    """The text that the model learnt; where it is missing, a sentence on what is left out."""
    try:
        return subject.summary.run.corpus(), ""
    except (RunError, CorpusError) as error:
        return None, f"{error} What of these texts is copied or known cannot be said."


def write_batches(subject: Subject) -> tuple[list[Batch], list[dict[str, object]], str]:
    """The samples, a row of numbers for each temperature, and why some numbers are missing."""
    batches = [write_batch(subject, each) for each in TEMPERATURES]
    corpus, reason = corpus_of(subject)
    return batches, [row_of(subject, each, corpus) for each in batches], reason


def show_temperatures(subject: Subject) -> None:
    """Sixteen samples at each of five temperatures, from the same needles."""
    st.header("The same luck at five temperatures", anchor="temperatures")
    st.html(
        f'<p class="gpt-caption">{SAMPLES} samples each, at every temperature drawn by the same'
        " numbers, which are others than those of the text above; of running text the first is"
        " shown. The table is of all.</p>"
    )
    name = (subject.summary.run.name, subject.step, subject.prompt, subject.seed)
    ask("Write at five temperatures", KEY, name, icon=":material/thermostat:")
    found = answer(KEY, name, lambda: write_batches(subject), "Writing …")
    if found is None:
        return
    batches, rows, reason = found
    samples = (as_html(each, subject.end is not None) for each in batches)
    st.html(f'<div class="gpt-samples">{"".join(samples)}</div>')
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format=FORMATS.get(name, "percent"))
            for name in rows[0]
        },
    )
    meanings = (f"<dt>{name}</dt><dd>{WHAT[name]}</dd>" for name in rows[0] if name in WHAT)
    st.html(f'<dl class="gpt-meanings">{"".join(meanings)}</dl>')
    if reason:
        show_mistake(reason)


def as_html(batch: Batch, are_documents: bool) -> str:
    """Of running text the first sample, of documents all, under their temperature."""
    text = "\n".join(batch.texts) if are_documents else batch.texts[0]
    title = f"temperature {batch.temperature:g}"
    return (
        f'<div><b>{title}</b><p class="gpt-sample" tabindex="0" role="region"'
        f' aria-label="Text at {title}">{escape(text)}</p></div>'
    )
