"""What becomes of a text that outgrows the block, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import NamedTuple, get_args

import streamlit as st

from explorer.components.distribution import Controls
from explorer.controls import show_mistake
from explorer.ladder.rung_runs import (
    follow,
    runs_of_rungs,
    show_start_mistake,
    standing,
    tick_of,
    train_rungs,
)
from explorer.models import model_at
from explorer.on_demand import answer, ask
from explorer.reruns import run_apart
from explorer.sampling.subject import PAST_BLOCK_TITLES, Subject
from explorer.sampling.text import Text
from explorer.sampling.tries import common_length
from explorer.sampling.written_by import show_written_by
from gpt.corpus.text import CorpusError
from gpt.lens.writing import start_text, ways_to_go_on
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.tensor.cache import PastBlock
from gpt.tensor.config import RungName

KEY = "sampling past"
TOKENS_PAST = 80  # behind the block
SHARE_OF_STEPS = 0.1  # of the lecture's training: enough to tell the rungs apart
RUNGS: tuple[RungName, ...] = ("bigram", "single-head")
WHY: dict[str, str] = {
    "bigram": "The bigram reads the last token only. However much has gone before, and wherever it"
    " is told that it stands, it says the same: all ways give one text.",
    "single-head": "The head compares all tokens, and each brings its position with it. Held at the"
    " last position, or with more tokens than it ever saw in training, it weighs them otherwise,"
    " and the text goes another way.",
}

state = st.session_state


class Column(NamedTuple):
    """One way past the block.

    Attributes:
        way: which.
        text: all that was written.
        kept: how many characters of it are those of the first way.
    """

    way: PastBlock
    text: str
    kept: int


class Ways(NamedTuple):
    """What one model wrote in each way that it can.

    Attributes:
        preset: what the model was made by.
        title: the run, and after how many steps.
        prompt: from which it went on.
        columns: the ways.
    """

    preset: str
    title: str
    prompt: str
    columns: list[Column]


def show_past_block(subject: Subject) -> None:
    """This model in every way that it can, and beside it a bigram and a single head."""
    if subject.end is not None:
        return  # a document is over before
    st.header("When the text outgrows the block", anchor="past-block")
    block_size = subject.opened.model.config.block_size
    st.html(
        f'<p class="gpt-caption">This model reads {block_size} tokens at a time, its block. Here it'
        f" writes {TOKENS_PAST} more, drawn by the same numbers, in every way that there is to go"
        " on. Grey is the prompt; what differs from the first way is orange.</p>"
    )
    rungs = rungs_of(subject)
    trained = [each for each in rungs if each.run.checkpoints()]
    names = [each.run.name for each in (subject.summary, *trained)]
    name = (*names, subject.step, subject.prompt, subject.seed)
    with st.container(horizontal=True):
        ask("Write past the block", KEY, name, icon=":material/wrap_text:")
        offer_rungs(subject, rungs)
    show_start_mistake()
    tick = tick_of(rungs)
    run_apart(show_learning, subject, tick, every=tick)
    found = answer(KEY, name, lambda: write_all(subject, trained), "Writing …")
    if found is None:
        return
    written, controls = found
    show_written_by(controls)
    for one in written:
        show_ways(one)


def write_all(subject: Subject, trained: Sequence[Summary]) -> tuple[list[Ways], Controls]:
    """What this model and those beside it write, and by which controls."""
    models = [subject, *(beside(subject, each) for each in trained)]
    return [write_every_way(each) for each in models], state["sampling controls"]


def show_ways(written: Ways) -> None:
    """The ways of one model beside one another."""
    st.subheader(written.title, anchor=False)
    if written.preset in WHY:
        st.html(f'<p class="gpt-caption">{WHY[written.preset]}</p>')
    for place, column in zip(st.columns(3), written.columns, strict=False):
        place.html(as_html(column, written.prompt))


def rungs_of(subject: Subject) -> list[Summary]:
    """A bigram and a single head that learn or have learnt the same text."""
    try:
        corpus = subject.summary.run.corpus()
    except (RunError, CorpusError):
        return []
    found = runs_of_rungs(corpus)
    return [
        found[rung] for rung in RUNGS if rung in found and found[rung].run != subject.summary.run
    ]


def offer_rungs(subject: Subject, rungs: Sequence[Summary]) -> None:
    """Train those that are missing; on Training they can be watched."""
    there = {each.config.preset for each in rungs}
    missing = [rung for rung in RUNGS if rung not in there | {subject.summary.config.preset}]
    if not missing:
        return
    try:
        corpus = subject.summary.run.corpus()
    except (RunError, CorpusError) as error:
        show_mistake(str(error))
        return
    names = [f"a {each.replace('-', ' ')}" for each in missing]
    st.button(
        f"Train {' and '.join(names)} to see beside it",
        icon=":material/play_arrow:",
        help=f"{SHARE_OF_STEPS:.0%} of the lecture's steps, one after another, on the same text.",
        on_click=train_rungs,
        args=(missing, corpus, SHARE_OF_STEPS),
    )


def show_learning(subject: Subject, tick: float | None) -> None:
    """Where those stand that are trained to be seen beside it, looked at every `tick` seconds."""
    rungs = rungs_of(subject)
    if tick:
        lines = "<br>".join(f"{escape(each.config.title)}: {standing(each)}" for each in rungs)
        st.html(f'<p class="gpt-caption">{lines or "About to begin …"}</p>')
    follow(rungs, tick)


def beside(subject: Subject, summary: Summary) -> Subject:
    """Another run's newest model, from the same prompt and seed."""
    step = summary.run.checkpoints()[-1].step
    opened = model_at(summary.run, step)
    prompt = subject.opened.tokenizer.decode(subject.prompt)
    return replace(
        subject, summary=summary, step=step, opened=opened, prompt=tuple(start_text(opened, prompt))
    )


def write_every_way(subject: Subject) -> Ways:
    """A text past the block in each way that this model can go on. Raises NotANumberError."""
    columns: list[Column] = []
    length = subject.opened.model.config.block_size + TOKENS_PAST
    decode = subject.opened.tokenizer.decode
    for way in sorted(ways_to_go_on(subject.opened), key=get_args(PastBlock).index):
        one = replace(subject, past_block=way, length=length)
        text = Text(one, state["sampling controls"])
        text.go_on(max(0, length - len(subject.prompt)))
        written = decode(text.taken)
        first = columns[0].text if columns else written
        columns.append(Column(way, written, common_length(first, written)))
    config = subject.summary.config
    title = f"{config.title}, after step {subject.step:,}"
    return Ways(str(config.preset), title, decode(subject.prompt), columns)


def as_html(column: Column, prompt: str) -> str:
    """One way, behind the prompt, orange from where it leaves the first."""
    way = escape(PAST_BLOCK_TITLES[column.way])
    same, other = column.text[: column.kept], column.text[column.kept :]
    return (
        f"<b>{way.capitalize()}</b>"
        f'<p class="gpt-sample" tabindex="0" role="region" aria-label="The way is to {way}">'
        f"<i>{escape(prompt)}</i>{escape(same)}"
        f'<span class="gpt-backward">{escape(other)}</span></p>'
    )
