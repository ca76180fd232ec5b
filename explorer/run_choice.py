"""Which run a page looks into, and a first text for its model to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from explorer.address import leave_out_told, quoted
from explorer.charts.tokens import visible
from explorer.charts.training_words import distinct_titles
from explorer.controls import show_mistake
from explorer.reruns import run_apart, run_whole_page
from explorer.run_watch import RESTING_TICK, records_of
from gpt.corpus.outside_tokenizer import NO_TEXT
from gpt.corpus.tasks import TASKS
from gpt.corpus.tasks.task import SEPARATOR
from gpt.runs.config import RunError
from gpt.runs.demos import list_all
from gpt.runs.library import Summary
from gpt.runs.run import Run
from gpt.runs.samples import beginning_of

if TYPE_CHECKING:  # it loads torch, which the Training page does without
    from gpt.lens.opening import OpenedModel

state = st.session_state


def has_weights(summary: Summary) -> bool:
    """Whether the run has kept weights that can be opened."""
    return bool(summary.run.checkpoints())


def is_trained(summary: Summary) -> bool:
    """Whether there are weights of any step but the very first."""
    return summary.config.is_from_outside or summary.run.checkpoints()[-1].step > 0


def has_heads(summary: Summary) -> bool:
    """Whether there are weights, and any attention to look at: a bigram has none."""
    return has_weights(summary) and getattr(summary.config.model, "rung", "gpt") != "bigram"


def openable_runs(fits: Callable[[Summary], bool]) -> dict[str, Summary]:
    """The runs that fit, by the names of their folders; where there is none, what to do."""
    try:
        runs = {each.run.name: each for each in list_all().runs if fits(each)}
    except RunError as error:
        show_mistake(str(error))
        return {}
    if not runs:
        st.html('<p class="gpt-lead">There is no run to look into yet.</p>')
        st.page_link("../pages/training.py", label="Train a GPT", icon=":material/arrow_forward:")
    return runs


def choose_run(runs: Mapping[str, Summary], key: str, label: str = "Run") -> Summary:
    """One of the runs; the page reads and sets its name at `st.session_state[key]`.

    A name that is not among them, from an old link, of a run that was deleted or of one that the
    page cannot show, is answered with the reason and the first run that has learnt anything.
    """
    names = list(runs)
    missing = f"{key}, missing"
    if state.get(key) not in runs:
        state[missing] = state.get(key)
        state[key] = next(filter(lambda name: is_trained(runs[name]), names), names[0])
    titles = distinct_titles([*runs.values()])
    chosen = st.selectbox(
        label,
        names,
        format_func=titles.__getitem__,
        key=key,
        persist_state="session",
        on_change=state.pop,
        args=(missing, None),
    )
    if state.get(missing):
        every = {each.run.name: each for each in list_all().runs}
        reason = why_not(every.get(state[missing]))
        show_mistake(
            f"{as_plain(state[missing])} cannot be shown here: {reason}. Shown instead is"
            f" {as_plain(titles[chosen])}."
        )
    return runs[chosen]


def why_not(summary: Summary | None) -> str:
    """Why a run is not among those that a page can show; None is a run that is not there."""
    if summary is None:
        return "there is no such run"
    if not has_weights(summary):
        return "it has kept no weights yet"
    if summary.config.is_from_outside:
        return "it comes from outside, and how it was trained is not known"
    return "it has no heads that could look anywhere"


def as_plain(text: str) -> str:
    """Text from an address or of a run's, for a sentence in Markdown: no markup."""
    return re.sub(r"([^\w\s])", r"\\\1", text)


def take_up_text(key: str, asked: Mapping[str, str]) -> None:
    """The text that an address asks for; an empty one is meant, too, by the run beside it."""
    state[key] = asked.get("text", "")
    if asked.get("text") == "":
        state[f"{key} of"] = asked.get("run")


def suit_text(
    key: str, summary: Summary, opened: OpenedModel, *, at_most: int | None = None
) -> None:
    """Where another run was chosen, a text that it can read, in `st.session_state[key]`.

    What was read with that run last; else the text at hand, if it was not only suggested and this
    model knows all of it; else a first text, of `at_most` so many characters. Nothing that was
    typed is lost: it waits for its run.
    """
    name, before = summary.run.name, state.get(f"{key} of")
    kept: dict[str, str] = state.setdefault(f"by run, {key}", {})
    text = state.get(key) or ""
    if before == name:
        kept[name] = text
        return
    state[f"{key} of"] = name
    is_from_link = before is None and text
    if is_from_link:
        return
    if name in kept:
        state[key] = kept[name]
    elif not text or text == state.get(f"{key}, suggested") or not is_readable(text, opened):
        state[key] = state[f"{key}, suggested"] = first_text(summary)[:at_most]


def readable_text(key: str, summary: Summary, opened: OpenedModel, text: str) -> str:
    """The text; where this model cannot read it, a sentence, and what it could read last.

    In `key` stand the name of the page and that of the part of its address, as "inside text".
    """
    readable: dict[str, str] = state.setdefault(f"{key}, readable", {})
    name = summary.run.name
    try:
        opened.encode(text)
    except ValueError as error:
        text = readable.get(name) or first_text(summary) or opened.tokenizer.decode([0])
        show_mistake(f"{error} Shown is {quoted(''.join(map(visible, text)))}, which it can read.")
        leave_out_told(*key.split(" ", 1))
    readable[name] = text
    return text


def is_readable(text: str, opened: OpenedModel) -> bool:
    try:
        opened.encode(text)
    except ValueError:
        return False
    return True


def first_text(summary: Summary) -> str:
    """A text that this model knows the letters of: the beginning of what it wrote last."""
    samples = records_of(summary).samples
    if not samples:
        return ""
    return beginning_of(str(samples[-1]["text"]), summary.config.corpus).partition(NO_TEXT)[0]


def follow_training(summary: Summary) -> None:
    """While the run trains, run the whole page as soon as it has kept new weights, or has ended."""
    if summary.status.is_active:
        known = (len(summary.run.checkpoints()), summary.status.state)
        run_apart(_run_page_if_changed, summary.run, known, every=RESTING_TICK)


def _run_page_if_changed(run: Run, known: tuple[int, str]) -> None:
    if (len(run.checkpoints()), run.status().state) != known:
        run_whole_page()


def answer_start(summary: Summary, texts: Sequence[str]) -> int:
    """Which token of a text is asked for first: the second, or of a task the answer's first."""
    if summary.config.corpus.name not in TASKS or SEPARATOR not in texts:
        return 1
    return len(texts) - texts[::-1].index(SEPARATOR)
