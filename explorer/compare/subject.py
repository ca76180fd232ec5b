"""What the Compare page holds against each other: two checkpoints, one text, one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

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
from gpt.runs.comparison import is_same_but_seed
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
        ids, texts: the tokens of the text, as this model reads it; none where it cannot.
        n_cropped: how many tokens at the beginning of the text are left out.
    """

    summary: Summary
    title: str
    step: int
    opened: OpenedModel
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    n_cropped: int = 0

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
    def asked_text(self) -> str:
        """The characters whose surprise is the loss on the text."""
        return self.opened.tokenizer.decode(self.ids[self.answer_start :])

    @property
    def has_heads(self) -> bool:
        return self.opened.model.config.n_blocks > 0

    @property
    def is_from_outside(self) -> bool:
        return self.summary.config.is_from_outside

    @property
    def has_begin(self) -> bool:
        """Whether the first that it reads is the mark of the beginning."""
        return bool(self.ids) and self.ids[0] == self.opened.tokenizer.bos


@dataclass(frozen=True)
class Subject:
    """Two sides that are held against each other.

    Attributes:
        first, second: A and B.
        among: all runs there are, for what luck can do.
        text: that both have read, or were to read.
        seed: from which both write.
        unread: why one of them cannot read the text; None where both have.
    """

    first: Side
    second: Side
    among: tuple[Summary, ...]
    text: str
    seed: int
    unread: str | None = None

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
    def are_seeds_of_one(self) -> bool:
        """Whether nothing but the seed parts them: one configuration, after as many steps."""
        return (
            not self.is_one_run
            and self.first.step == self.second.step
            and is_same_but_seed(self.first.summary, self.second.summary)
        )

    @property
    def has_one_corpus(self) -> bool:
        """Whether both have learnt, and are tested on, the same text."""
        configs = [side.summary.config for side in self.sides]
        is_known = not any(config.is_from_outside for config in configs)
        return is_known and configs[0].corpus.sha256 == configs[1].corpus.sha256

    @property
    def has_one_vocabulary(self) -> bool:
        """Whether the same ids mean the same."""
        return self.first.opened.tokenizer == self.second.opened.tokenizer

    @property
    def titles(self) -> tuple[str, str]:
        """What to call each side."""
        first, second = (
            f"{side.title}, {'as adopted' if side.is_from_outside else f'step {side.step:,}'}"
            for side in self.sides
        )
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
    gone = forget_missing(runs)
    for index, name in enumerate(SIDE_NAMES):
        if state.get(f"compare run {name}") is None and chosen:
            state[f"compare run {name}"] = chosen[0][0].run.name
        with columns[2 * index]:
            summary = choose_run(runs, f"compare run {name}", f"{name}: run")
        with columns[2 * index + 1]:
            chosen.append((summary, choose_step(summary, name)))
    for name in gone:
        show_mistake(f"{name} is not here any more; another run is shown.")
    summaries = [summary for summary, _ in chosen]
    entry, seed_place = st.columns([8, 2], vertical_alignment="bottom", gap="medium")
    suggest_text(summaries)
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
    room = min(MOST_TOKENS, *(summary.config.model.block_size for summary in summaries))
    try:
        opened = [model_at(summary.run, step) for summary, step in chosen]
    except RunError as error:
        show_mistake(str(error))
        write_link(chosen, text, int(seed))
        return None
    sides, unread = [], None
    for name, (summary, step), model in zip(SIDE_NAMES, chosen, opened, strict=True):
        side = Side(summary, titles[summary.run.name], step, model, (), ())
        try:
            side = read_text(side, text, room)
        except ValueError as error:
            unread = unread or f"{name}, {side.title}, cannot read this text. {error}"
        sides.append(side)
    first, second = sides
    show_reading(first, second, unread)
    return Subject(first, second, tuple(runs.values()), text, int(seed), unread)


def forget_missing(runs: Mapping[str, Summary]) -> list[str]:
    """Lets what is not here be chosen anew; returns it, but for what a link asks for.

    Of a link, all that could not be had is told in one place.
    """
    gone = []
    for name in SIDE_NAMES:
        asked = state.get(f"compare run {name}")
        if asked is not None and asked not in runs:
            gone.append(asked)
            state[f"compare run {name}"] = None
    return [] if f"{PAGE} asked" in state else gone


def show_reading(first: Side, second: Side, unread: str | None) -> None:
    """What cannot be read, with a text that can; how much is read; what had to give way."""
    summaries = [first.summary, second.summary]
    if unread:
        show_mistake(unread)
        if text := shared_text(summaries):
            st.button(
                "Take a text that both can read",
                on_click=set_text,
                args=(text,),
                key="compare take",
            )
        return
    if words := cropped_words(first, second):
        st.html(f'<p class="gpt-caption">{words}</p>')
    if replaced := state.get("compare replaced"):
        st.html(
            f'<p class="gpt-caption">“{escape(replaced)}” cannot be read by both of these: another'
            " text has taken its place.</p>"
        )


def cropped_words(first: Side, second: Side) -> str:
    """How much of the text is read, where that is not all."""
    if not first.n_cropped and not second.n_cropped:
        return ""
    counts = [(len(side.ids), len(side.ids) + side.n_cropped) for side in (first, second)]
    if counts[0] == counts[1]:
        read, of = counts[0]
        return f"Of the {of} tokens of this text both read the last {read}: more do not fit."
    parts = [
        f"{name} the last {read} of {of}" if read < of else f"{name} all {of}"
        for name, (read, of) in zip(SIDE_NAMES, counts, strict=True)
    ]
    return f"Not all of this text fits: {parts[0]} of its tokens, {parts[1]} are read."


def set_text(text: str) -> None:
    state["compare text"] = text


def suggest_text(summaries: list[Summary]) -> None:
    """Where other runs are chosen, a text that both can read, unless the one there is such."""
    names = tuple(each.run.name for each in summaries)
    if state.get("compare text of") == names:
        return
    is_first, text = "compare text of" not in state, state.get("compare text") or ""
    state["compare text of"] = names
    state["compare replaced"] = None
    if text and all(can_read(each, text) for each in summaries):
        return
    suggested = shared_text(summaries)
    if suggested:
        state["compare text"] = suggested
        state["compare replaced"] = None if is_first else text


def shared_text(summaries: list[Summary]) -> str:
    """What one of them wrote last, as far as both know its letters; empty if they share none."""
    texts = [first_text(each) for each in reversed(summaries)]
    for text in texts:
        if text and all(can_read(each, text) for each in summaries):
            return text
    known = (
        "".join(c for c in text if all(can_read(each, c) for each in summaries)) for text in texts
    )
    return max(known, key=len)


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
    is_adopted = summary.config.is_from_outside
    return st.selectbox(
        "weights" if is_adopted else "after step",
        steps,
        format_func=(lambda step: "adopted") if is_adopted else "{:,}".format,
        key=key,
        persist_state="session",
    )


def read_text(side: Side, text: str, room: int) -> Side:
    """The side when it has read the text, of which the last `room` tokens fit.

    Raises ValueError if the model does not know the text's characters.
    """
    prompt = side.opened.encode(text)
    ids = tuple(prompt.tokens[-room:])
    decode = side.opened.tokenizer.decode
    return replace(
        side,
        ids=ids,
        texts=tuple(decode([each]) for each in ids),
        n_cropped=prompt.n_cropped + len(prompt.tokens) - len(ids),
    )


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


def write_link(chosen: Sequence[tuple[Summary, int]], text: str, seed: int) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    pair = state.get("compare pair") or ()
    view = {"text": text, "seed": str(seed), "pair": "~".join(map(str, pair))}
    for name, (summary, step) in zip(SIDE_NAMES, chosen, strict=True):
        view[name.lower()] = summary.run.name
        view[f"{name.lower()}_step"] = str(step)
    write_address(PAGE, view, {})
