"""Let's build GPT: the lecture as something to play with, rung by rung."""

from importlib import import_module

import streamlit as st

from explorer.controls import corpus_title, provide_corpus
from explorer.reruns import begin_page, came_back, end_page
from gpt.corpus.catalogue import CATALOGUE, find_file

CHAPTERS = {
    "text": "Text",
    "bigram": "Bigram",
    "averaging": "Averaging the past",
    "head": "One head",
    "notes": "Six notes",
    "rungs": "The rungs",
    "twice": "The same GPT twice",
}
TEXTS = ("shakespeare", "names", "names-32k")

state = st.session_state


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    query = st.query_params
    chapter, corpus = query.get("chapter"), query.get("corpus")
    state.chapter = chapter if chapter in CHAPTERS else "text"
    here = next(name for name in TEXTS if find_file(CATALOGUE[name]))
    state.ladder_corpus = corpus if corpus in TEXTS else here


if "chapter" not in state or came_back():
    read_link()
title, picker = st.columns([8, 3], vertical_alignment="bottom")
title.title("How do you build a GPT?")
with picker:
    name = st.selectbox(
        "Text",
        TEXTS,
        format_func=corpus_title,
        key="ladder_corpus",
        persist_state="session",
    )
chapter = st.segmented_control(
    "Chapter",
    list(CHAPTERS),
    format_func=lambda each: f"{list(CHAPTERS).index(each) + 1} · {CHAPTERS[each]}",
    key="chapter",
    required=True,
    persist_state="session",
    label_visibility="collapsed",
)
corpus = provide_corpus(name)
if corpus is not None:
    begin_page()
    import_module(f"explorer.ladder.{chapter}").show(corpus)
    end_page()
link = {"chapter": str(chapter), "corpus": name}
if st.query_params.to_dict() != link:
    st.query_params.from_dict(link)
