"""A text to be typed into: what it holds at first, and what is said of one that cannot be read."""

from __future__ import annotations

import heapq

import streamlit as st

from explorer.charts.tokens import chip, chips
from explorer.ladder.lecture import SAMPLES
from gpt.corpus.corpus import Corpus
from gpt.corpus.documents import split_documents
from gpt.corpus.tokenizer import CharTokenizer, UnknownCharacterError

state = st.session_state


@st.cache_resource(max_entries=8, hash_funcs={Corpus: lambda corpus: corpus.sha256})
def sample_texts(corpus: Corpus, length: int) -> tuple[str, str]:
    """Two texts of at most so many characters, all of which the corpus has.

    The lecture's own, where it can read them. Elsewhere those of its lines that have the most
    different characters, so that in a picture few are taken for one another.
    """
    known = set(corpus.tokenizer.characters)
    first, second = (sample[:length] for sample in SAMPLES)
    if known.issuperset(first + second):
        return first, second
    lines = split_documents(corpus.text)
    fitting = [line for line in lines if len(line) <= length] or [line[:length] for line in lines]
    samples = heapq.nlargest(2, fitting, key=lambda line: len(set(line)))
    return samples[0], samples[-1]


def offer(key: str, sample: str) -> None:
    """Put a sample into the field of that key, unless somebody wrote something of their own."""
    offered = f"{key} offered"
    if key not in state or state[key] == state.get(offered):
        state[key] = sample
    state[offered] = sample


def ask_text(label: str, key: str, sample: str, tokenizer: CharTokenizer, length: int) -> list[int]:
    """The ids of what is typed; of the sample, and a sentence, where that cannot be read."""
    offer(key, sample)
    text = st.text_input(label, key=key, max_chars=length, persist_state="session")
    if ids := typed_ids(tokenizer, text):
        return ids
    st.html(f'<p class="gpt-caption">Shown instead: {chips(sample)}</p>')
    return tokenizer.encode(sample)


def typed_ids(tokenizer: CharTokenizer, text: str) -> list[int] | None:
    """The ids of what was typed; None, and a sentence, where a character has none."""
    try:
        return tokenizer.encode(text)
    except UnknownCharacterError as error:
        strange = " ".join(
            chip(each, kind="gpt-token-wrong") + (" (a space)" if each == " " else "")
            for each in error.unknown
        )
        says = (
            "never occurs in this text, so it has no number. Take a character that does."
            if len(error.unknown) == 1
            else "never occur in this text, so they have no numbers. Take characters that do."
        )
        st.html(f'<p class="gpt-caption">{strange} {says}</p>')
        return None
