"""What the Compare page holds against each other: two checkpoints, one text, one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from explorer.address import LARGEST, read_address, whole_number, write_address
from explorer.attention.reading import NOTHING_OFF, read
from explorer.charts.comparison import SIDE_NAMES
from explorer.charts.training_words import distinct_titles
from explorer.controls import show_mistake
from explorer.downloads import name_file
from explorer.models import model_at
from explorer.run_choice import answer_start, choose_run, first_text, has_weights, openable_runs
from gpt.lens.opening import OpenedModel
from gpt.lens.trace import Trace
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.runs.run import Run

MOST_TOKENS = 64  # of the text: patterns of more are pictures nobody can read
EARLY = 10  # the first look holds what a run was after so much of its steps against its end
PAGE = "compare"
FIRST_SEED = 1337

state = st.session_state


@dataclass(frozen=True)
class Side:
    """A run at a checkpoint, which has read the text.

    Attributes:
        summary: the run.
        title: of the run, told from others.
        step: of the checkpoint.
        opened: its model.
        ids, texts: the tokens of the text, as this model reads it.
    """

    summary: Summary
    title: str
    step: int
    opened: OpenedModel
    ids: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def run(self) -> Run:
        return self.summary.run

    def trace(self) -> Trace:
        """Every activation on the text, the same for all parts of the page."""
        if self.has_heads:
            return read(self.run, self.step, self.ids, NOTHING_OFF).trace
        return self.opened.trace(self.ids)

    @property
    def answer_start(self) -> int:
        """Which token is asked for first."""
        return answer_start(self.summary, self.texts)

    @property
    def prompt(self) -> str:
        """From where this side writes on: the text, or of a task what stands before the answer."""
        start = self.answer_start
        return "".join(self.texts[: start if start > 1 else None])

    @property
    def has_heads(self) -> bool:
        return self.opened.model.config.n_blocks > 0


@dataclass(frozen=True)
class Subject:
    """Two sides that are held against each other.

    Attributes:
        first, second: A and B.
        among: all runs there are, for what luck can do.
        text: that both have read.
        seed: from which both write.
    """

    first: Side
    second: Side
    among: tuple[Summary, ...]
    text: str
    seed: int

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.first, self.second

    @property
    def is_one_run(self) -> bool:
        return self.first.run == self.second.run

    @property
    def has_one_text(self) -> bool:
        """Whether both cut the text into the same tokens, so that place by place can be told."""
        return self.first.texts == self.second.texts

    @property
    def has_one_vocabulary(self) -> bool:
        """Whether the same ids mean the same."""
        return self.first.opened.tokenizer == self.second.opened.tokenizer

    @property
    def titles(self) -> tuple[str, str]:
        """What to call each side."""
        first, second = (f"{side.title}, step {side.step:,}" for side in self.sides)
        return f"A: {first}", f"B: {second}"

    def filename(self, what: str) -> str:
        """What a file about both is called, without its ending."""
        first, second = (name_file(side.run.name, side.step, "") for side in self.sides)
        return f"{first}against-{second}{what.replace(' ', '-')}"


def choose_subject() -> Subject | None:
    """Two runs, two checkpoints, a text and a seed; None, and a sentence, where there is none."""
    runs = openable_runs(has_weights)
    if not runs:
        return None
    columns = st.columns([4, 2, 4, 2], vertical_alignment="bottom", gap="medium")
    titles = distinct_titles([*runs.values()])
    chosen: list[tuple[Summary, int]] = []
    for index, name in enumerate(SIDE_NAMES):
        if state.get(f"compare run {name}") is None and chosen:
            state[f"compare run {name}"] = chosen[0][0].run.name
        with columns[2 * index]:
            summary = choose_run(runs, f"compare run {name}", f"{name}: run")
        with columns[2 * index + 1]:
            chosen.append((summary, choose_step(summary, name)))
    entry, seed_place = st.columns([8, 2], vertical_alignment="bottom", gap="medium")
    suggest_text([summary for summary, _ in chosen])
    with entry:
        text = st.text_area(
            "Text that both read",
            key="compare text",
            persist_state="session",
            height=68,
            placeholder="A few words for both models to read.",
        )
    with seed_place:
        # As its default, not through the session: what is set there the browser hears of once, and
        # may miss when the page is run again at once.
        seed = st.number_input(
            "Seed of what they write",
            0,
            LARGEST,
            state.get("compare first seed", FIRST_SEED),
            key="compare seed",
            persist_state="session",
        )
    try:
        first, second = (read_text(titles, summary, step, text) for summary, step in chosen)
    except ValueError as error:
        show_mistake(str(error))
        return None
    return Subject(first, second, tuple(runs.values()), text, int(seed))


def suggest_text(summaries: list[Summary]) -> None:
    """Where other runs are chosen, a text that both can read, unless the one there is such."""
    names = tuple(each.run.name for each in summaries)
    if state.get("compare text of") == names:
        return
    state["compare text of"] = names
    suggestions = [state.get("compare text") or "", *map(first_text, reversed(summaries))]
    readable = (text for text in suggestions if text and all(can_read(s, text) for s in summaries))
    state["compare text"] = next(readable, suggestions[0])


def can_read(summary: Summary, text: str) -> bool:
    """Whether the run's tokenizer knows all of the text."""
    try:
        summary.config.tokenizer.encode(text)
    except ValueError:
        return False
    return True


def choose_step(summary: Summary, name: str) -> int:
    """One of the run's checkpoints; at first an early one for A, the last for B."""
    key = f"compare step {name}"
    steps = [each.step for each in summary.run.checkpoints()]
    if state.get(key) not in steps:
        early = min(steps, key=lambda step: abs(step - steps[-1] / EARLY))
        # Two runs are held against each other at their ends, one run against its beginning.
        is_first_look = name == SIDE_NAMES[0] and state.get("compare run B") in (
            None,
            summary.run.name,
        )
        state[key] = early if is_first_look else steps[-1]
    return st.selectbox(
        "after step", steps, format_func="{:,}".format, key=key, persist_state="session"
    )


def read_text(titles: Mapping[str, str], summary: Summary, step: int, text: str) -> Side:
    """The side that has read the text, as far as there is room for it.

    Raises ValueError if the model cannot be opened or does not know the text's characters.
    """
    name = titles[summary.run.name]
    try:
        opened = model_at(summary.run, step)
        ids = tuple(opened.encode(text).tokens[-MOST_TOKENS:])
    except RunError:
        raise
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    decode = opened.tokenizer.decode
    return Side(summary, name, step, opened, ids, tuple(decode([each]) for each in ids))


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    for name in SIDE_NAMES:
        state[f"compare run {name}"] = asked.get(name.lower())
        state[f"compare step {name}"] = whole_number(asked.get(f"{name.lower()}_step", ""))
    state["compare text"] = asked.get("text", "")
    seed = whole_number(asked.get("seed", ""))
    if seed is not None:
        state["compare first seed"] = seed
    first, _, second = (whole_number(each) for each in asked.get("pair", "").partition("~"))
    if first is not None and second is not None:
        state["compare pair"] = (first, second)


def write_link(subject: Subject) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    pair = state.get("compare pair") or ()
    view = {"text": subject.text, "seed": str(subject.seed), "pair": "~".join(map(str, pair))}
    for name, side in zip(SIDE_NAMES, subject.sides, strict=True):
        view[name.lower()] = side.run.name
        view[f"{name.lower()}_step"] = str(side.step)
    write_address(PAGE, view, {})
