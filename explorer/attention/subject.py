"""What the Attention page looks at: a run, its checkpoints, and a text for it to read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
import torch

from explorer.attention.film import make_film
from explorer.attention.reading import SwitchedOff
from explorer.background import Background, Outcome, outcome
from explorer.components.attention import Choice
from explorer.controls import show_mistake
from explorer.models import heads_per_layer, model_at
from explorer.run_choice import answer_start, choose_run, first_text
from explorer.run_watch import records_of
from gpt.lens.opening import OpenedModel
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.runs.run import Run
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import generate

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
        n_heads: of all layers together.
        loss_steps, losses: the validation loss over the run.
    """

    summary: Summary
    steps: tuple[int, ...]
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    n_prompt: int
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
    pick, entry, doing = st.columns([4, 7, 3], vertical_alignment="bottom", gap="medium")
    with pick:
        summary = choose_run(runs, "attention run")
    name = summary.run.name
    steps = tuple(each.step for each in summary.run.checkpoints())
    try:
        opened = model_at(summary.run, steps[-1])
    except RunError as error:
        show_mistake(str(error))
        return None
    if state.get("attention text of") != name:
        state["attention text of"] = name
        if not state.get("attention text"):
            state["attention text"] = first_text(summary)
            state["attention written"] = ""
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


def read_text(summary: Summary, opened: OpenedModel, steps: tuple[int, ...]) -> Subject | None:
    """The subject, from the text that was typed and what the model wrote behind it."""
    text, written = state["attention text"], state.get("attention written", "")
    try:
        prompt = opened.encode(text)
        whole = opened.encode(text + written)
    except ValueError as error:
        show_mistake(str(error))
        return None
    if whole.n_cropped:
        length = opened.model.config.block_size
        st.html(
            f'<p class="gpt-caption">The model reads {length} tokens at a time, so the first'
            f" {whole.n_cropped:,} are left out.</p>"
        )
    losses = records_of(summary).series("validation_loss")
    n_written = len(whole.tokens) + whole.n_cropped - len(prompt.tokens) - prompt.n_cropped
    return Subject(
        summary,
        steps,
        tuple(whole.tokens),
        tuple(opened.tokenizer.decode([each]) for each in whole.tokens),
        max(0, len(whole.tokens) - n_written),
        opened.model.config.n_blocks * heads_per_layer(opened),
        losses.steps.tolist(),
        losses.values.tolist(),
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
    state["attention written"] = state.get("attention written", "") + opened.tokenizer.decode(ids)


def read_link() -> None:
    """Take up what the address says, in the first run of a visit."""
    query = st.query_params
    state["attention run"] = query.get("run")
    state["attention text"] = query.get("text", "")
    state["attention written"] = query.get("written", "")
    if query.get("step", "").isdecimal():
        opened = int(query["open"]) if query.get("open", "").isdecimal() else 0
        state["attention choice"] = Choice(int(query["step"]), opened, (opened,))


def write_link(subject: Subject) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    choice: Choice = state["attention choice"]
    link = {
        "run": subject.run.name,
        "text": state["attention text"],
        "step": str(choice.step),
        "open": str(choice.open),
    }
    if state.get("attention written"):
        link["written"] = state["attention written"]
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
