"""What the Attention page looks at: a run, its checkpoints, and a text for it to read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import get_args

import streamlit as st
import torch

from explorer.address import read_address, whole_number, write_address
from explorer.attention.film import make_film
from explorer.attention.reading import SwitchedOff
from explorer.attention_link import CUT
from explorer.background import Background, Outcome, outcome
from explorer.components.attention import Choice, Pinned
from explorer.controls import show_mistake
from explorer.models import heads_per_layer, model_at
from explorer.run_choice import (
    answer_start,
    choose_run,
    is_readable,
    readable_text,
    suit_text,
    take_up_text,
)
from explorer.run_watch import records_of
from gpt.corpus.outside_tokenizer import NO_TEXT
from gpt.lens.ablation import Replacement
from gpt.lens.opening import OpenedModel
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.runs.run import Run
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import generate

PAGE = "attention"
NEWEST = -1  # of the checkpoints: no step is called so
WRITE_SEED = 1337
WRITE_TEMPERATURE = 0.8

state = st.session_state
_films = Background()


@dataclass(frozen=True)
class Subject:
    """A run and a text that it reads.

    Attributes:
        summary: the run.
        steps: of its checkpoints.
        ids, texts: of the tokens that are read.
        n_prompt: how many of them were given; the model has written the rest.
        n_layer: of the model.
        n_heads: of all layers together.
        loss_steps, losses: the validation loss over the run.
    """

    summary: Summary
    steps: tuple[int, ...]
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    n_prompt: int
    n_layer: int
    n_heads: int
    loss_steps: list[int]
    losses: list[float]

    @property
    def run(self) -> Run:
        return self.summary.run

    @property
    def answer_start(self) -> int:
        """Which token is asked for first."""
        return answer_start(self.summary, self.texts)

    def film_name(self, off: SwitchedOff) -> str:
        """One name for everything that a film depends on."""
        what = repr((str(self.run.path), self.steps, self.ids, off))
        return hashlib.sha256(what.encode()).hexdigest()[:16]


def ask_film(subject: Subject, off: SwitchedOff) -> Outcome:
    """The text as every checkpoint reads it, made behind the first picture."""
    if len(subject.steps) < 2:
        return Outcome(None, "a single checkpoint makes no film")
    name = subject.film_name(off)
    run, steps, ids = subject.run, subject.steps, subject.ids
    return outcome(
        _films.ask(name, lambda: make_film(name, run, steps, ids, off), only_newest_of="film")
    )


def choose_subject(runs: Mapping[str, Summary]) -> Subject | None:
    """Run and text, chosen; None, and a sentence, where there is nothing to look at."""
    pick, beside = st.columns([4, 10], gap="medium")
    entry, doing = beside.columns([7, 3], vertical_alignment="bottom", gap="medium")
    with pick:
        summary = choose_run(runs, "attention run")
    steps = tuple(each.step for each in summary.run.checkpoints())
    try:
        opened = model_at(summary.run, steps[-1])
    except RunError as error:
        show_mistake(str(error))
        return None
    if state.get("attention text of") not in (None, summary.run.name):
        forget_written()
    suit_text("attention text", summary, opened)
    with entry:
        st.text_area(
            "Text to read",
            key="attention text",
            persist_state="session",
            height=68,
            on_change=forget_written,
            placeholder="A few words for the model to read.",
        )
    with doing:
        st.button(
            "Let it write on",
            icon=":material/edit:",
            on_click=write_on,
            args=(opened,),
            width="stretch",
            help="The model continues the text, as far as its block reaches.",
        )
    return read_text(summary, opened, steps)


def read_text(summary: Summary, opened: OpenedModel, steps: tuple[int, ...]) -> Subject:
    """The subject, from the text that was typed and what the model wrote behind it."""
    text = readable_text("attention text", summary, opened, state["attention text"])
    written = state.get("attention written", "")
    if not is_readable(text + written, opened):  # as a link may have it
        written = ""
        forget_written()
    state["attention text shown"] = text
    prompt, whole = opened.encode(text), opened.encode(text + written)
    show_what_is_read(opened, text, written, whole.n_cropped)
    losses = records_of(summary).series("validation_loss")
    n_written = len(whole.tokens) + whole.n_cropped - len(prompt.tokens) - prompt.n_cropped
    return Subject(
        summary,
        steps,
        tuple(whole.tokens),
        tuple(opened.tokenizer.decode([each]) for each in whole.tokens),
        max(0, len(whole.tokens) - n_written),
        opened.model.config.n_blocks,
        opened.model.config.n_blocks * heads_per_layer(opened),
        losses.steps.tolist(),
        losses.values.tolist(),
    )


def show_what_is_read(opened: OpenedModel, text: str, written: str, n_cropped: int) -> None:
    """What the model wrote, as running text; and what it has no room to read."""
    length = opened.model.config.block_size
    if said := state.pop("attention written none", None):
        st.html(f'<p class="gpt-caption">{said}</p>')
    if written:
        new = f'<b class="gpt-backward">{escape(written)}</b>'
        st.html(f'<p class="gpt-written">{escape(text)}{new}</p>')
    if n_cropped == 1 and opened.tokenizer.bos is not None:
        st.html(
            f'<p class="gpt-caption">The model reads {length} tokens at a time, so the mark of the'
            " beginning is left out.</p>"
        )
    elif n_cropped:
        st.html(
            f'<p class="gpt-caption">The model reads {length} tokens at a time, so the first'
            f" {n_cropped:,} are left out.</p>"
        )


def forget_written() -> None:
    state["attention written"] = ""


def write_on(opened: OpenedModel) -> None:
    """The model continues the text until the block is full or its document ends."""
    text = state["attention text"] + state.get("attention written", "")
    try:
        tokens = opened.encode(text).tokens
    except ValueError:
        return  # the sentence stands beside the text
    room = opened.model.config.block_size - len(tokens)
    if room <= 0:
        state["attention written none"] = (
            f"The text fills the block of {opened.model.config.block_size} tokens: there is no room"
            " to write on."
        )
        return
    ids = generate(
        opened.model,
        torch.tensor([tokens]),
        room,
        generator=torch.Generator().manual_seed(WRITE_SEED),
        config=SamplingConfig(temperature=WRITE_TEMPERATURE),
    )[0, len(tokens) :].tolist()
    bos = opened.tokenizer.bos
    if bos in ids:
        ids = ids[: ids.index(bos)]
    new, is_cut, _ = opened.tokenizer.decode(ids).partition(NO_TEXT)
    if not ids:
        state["attention written none"] = "The model would end the text here: it writes nothing."
    elif is_cut:
        state["attention written none"] = CUT
    state["attention written"] = state.get("attention written", "") + new


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    asked = read_address(PAGE)
    state["attention run"] = asked.get("run")
    take_up_text("attention text", asked)
    state["attention written"] = asked.get("written", "")
    step = whole_number(asked.get("step", ""))
    opened = whole_number(asked.get("open", "")) or 0
    pair = numbers_in(asked.get("pinned", ""))
    state["attention choice"] = Choice(
        NEWEST if step is None else step,
        opened,
        numbers_in(asked.get("shown", "")) or (opened,),
        numbers_in(asked.get("off", "")),
        Pinned(pair[0] - 1, pair[1] - 1) if len(pair) == 2 and 1 <= pair[1] <= pair[0] else None,
    )
    state["attention mlps"] = list(numbers_in(asked.get("mlps", "")))
    if asked.get("instead") in get_args(Replacement):
        state["attention replacement"] = asked["instead"]


def numbers_in(text: str) -> tuple[int, ...]:
    """Whole numbers with dots between them; none if the text is anything else."""
    numbers = tuple(whole_number(each) for each in text.split("."))
    return tuple(each for each in numbers if each is not None) if None not in numbers else ()


def write_link(subject: Subject, choice: Choice, off: SwitchedOff) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    assert choice.pinned is not None

    def dotted(numbers: Sequence[int]) -> str:
        return ".".join(map(str, numbers))

    view = {
        "run": subject.run.name,
        "text": state["attention text shown"],
        "written": state.get("attention written", ""),
        "step": str(choice.step),
        "open": str(choice.open),
        "pinned": dotted((choice.pinned.query + 1, choice.pinned.key + 1)),
        "shown": dotted(choice.shown),
        "off": dotted(off.heads),
        "mlps": dotted(off.mlps),
        "instead": off.replacement,
    }
    usual = {"text": None, "shown": str(choice.open), "instead": "zero"}
    write_address(PAGE, view, usual)
