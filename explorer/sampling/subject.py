"""What the Sampling page lets write: a run at a checkpoint, from a prompt, by a seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.charts.tokens import visible
from explorer.components.distribution import Controls
from explorer.controls import show_mistake
from explorer.models import model_at
from explorer.run_choice import (
    choose_run,
    has_weights,
    is_trained,
    openable_runs,
    readable_text,
    suit_text,
)
from gpt.corpus.tasks import TASKS
from gpt.lens.opening import OpenedModel
from gpt.lens.writing import start_text, ways_to_go_on
from gpt.runs.config import RunError
from gpt.runs.library import Summary
from gpt.tensor.cache import PastBlock
from gpt.tensor.filters import SamplingConfig

NEWEST = -1  # of the checkpoints
MOST_TOKENS = 1000
PROMPT_LENGTH = 16  # characters of the first prompt
SEED, LENGTH = 1337, 200  # of a first visit
MOST_SEED = 2**31 - 1
PAST_BLOCK_TITLES: dict[PastBlock, str] = {
    "crop": "read the last block anew",
    "slide": "let the cache slide",
    "clamp": "hold the last position",
}
PAST_BLOCK_HELP = (
    "What happens when the text outgrows what the model reads at a time. Reading the last block"
    " anew for each token is the lecture's way, and the dearest. With rotary positions the cache"
    " can slide: the oldest token is forgotten. With learned positions, all later tokens can be"
    " held at the last position, which no training has shown the model: watch the text fall apart."
)

state = st.session_state


@dataclass(frozen=True)
class Subject:
    """Who writes.

    Attributes:
        summary: the run.
        step: the checkpoint.
        steps: all checkpoints.
        opened: the model.
        prompt: the tokens from which it goes on.
        seed: from which the needles are drawn.
        length: how many tokens "to the end" is.
        past_block: what becomes of a text that outgrows the block.
    """

    summary: Summary = field(compare=False)
    step: int
    steps: tuple[int, ...] = field(compare=False)
    opened: OpenedModel
    prompt: tuple[int, ...]
    seed: int
    length: int
    past_block: PastBlock

    @property
    def end(self) -> int | None:
        """The token that ends a text, if this model has one."""
        return self.opened.tokenizer.bos


def config_of(controls: Controls) -> SamplingConfig:
    """Raises ValueError for a control out of its range."""
    return SamplingConfig(controls.temperature, controls.top_k, controls.top_p, controls.min_p)


def choose_subject() -> Subject | None:
    """Run, checkpoint and prompt, chosen; None, and a sentence, where nothing can write."""
    runs = openable_runs(has_weights)
    if not runs:
        return None
    if state.get("sampling run") is None:
        # First one with something to choose: of a task only the right answer is likely.
        # And of noise nothing is.
        state["sampling run"] = min(
            runs,
            key=lambda name: (not is_trained(runs[name]), runs[name].config.corpus.name in TASKS),
        )
    pick, moment, entry, details = st.columns([9, 6, 10, 9], gap="small")
    with pick:
        summary = choose_run(runs, "sampling run")
    steps = tuple(each.step for each in summary.run.checkpoints())
    if (asked := state.pop("sampling step asked", None)) in steps:
        state["sampling step"] = asked
    if state.setdefault("sampling step", NEWEST) not in (NEWEST, *steps):
        state["sampling step, missing"] = summary.run.name, state["sampling step"]
        state["sampling step"] = NEWEST
    with moment:
        chosen = st.selectbox(
            "As after step",
            [NEWEST, *reversed(steps)],
            # Without its number, which differs from run to run: the browser keeps what it shows.
            format_func=lambda step: "the newest" if step == NEWEST else f"{step:,}",
            key="sampling step",
            persist_state="session",
            on_change=state.pop,
            args=("sampling step, missing", None),
        )
    step = steps[-1] if chosen == NEWEST else chosen
    try:
        opened = model_at(summary.run, step)
    except RunError as error:
        show_mistake(str(error))
        return None
    suit_text("sampling prompt", summary, opened, at_most=first_length(summary, opened))
    with entry:
        text = st.text_area(
            "Prompt",
            key="sampling prompt",
            persist_state="session",
            height=68,
            placeholder=start_told(opened),
        )
    show_missing_step(summary)
    with details:
        seed, length, past_block, mistakes = choose_details(opened)
    for mistake in mistakes:
        show_mistake(mistake)
    if text:  # after nothing a model can write as well
        text = readable_text("sampling prompt", summary, opened, text)
    state["sampling prompt shown"] = text
    prompt = start_text(opened, text)
    block_size = opened.model.config.block_size
    if len(prompt) > block_size and past_block != "clamp":
        st.html(
            f'<p class="gpt-caption">The model reads {block_size} tokens at a time, so of this'
            f" prompt the first {len(prompt) - block_size:,} are not read.</p>"
        )
    return Subject(summary, step, steps, opened, tuple(prompt), seed, length, past_block)


def first_length(summary: Summary, opened: OpenedModel) -> int:
    """Of the first prompt, in characters. A model of documents, as names are, begins by itself."""
    is_task = summary.config.corpus.name in TASKS
    return PROMPT_LENGTH if is_task or opened.tokenizer.bos is None else 0


def start_told(opened: OpenedModel) -> str:
    """What happens where nothing is given, in the place of the prompt."""
    first = visible(opened.tokenizer.decode(start_text(opened, "")))
    return f"Left empty, the model begins by itself, after {first}."


def choose_details(opened: OpenedModel) -> tuple[int, int, PastBlock, list[str]]:
    """The seed, how long a text gets, and what happens past the block; and what was wrong with it.

    They are behind a button that says how they stand, for the text is to be seen beside them.
    """
    ways = ways_to_go_on(opened)
    if state.get("sampling past block") not in ways:
        state["sampling past block"] = ways[0]
    seed, seed_mistake = number_given("Seed", "sampling seed", 0, MOST_SEED, SEED)
    length, length_mistake = number_given(
        "Tokens to the end", "sampling length", 1, MOST_TOKENS, LENGTH
    )
    with st.container(gap=None):
        st.html('<p class="gpt-label">Seed, length, past the block</p>')
        place = st.popover(f"{seed} · {length:,} tokens", width="stretch", key="sampling details")
    with place:
        # The fields have no limits: they would only turn red, and keep the numbers to themselves.
        st.number_input("Seed", step=1, key="sampling seed", persist_state="session")
        st.number_input(
            "Tokens to the end", step=50, key="sampling length", persist_state="session"
        )
        past_block = st.selectbox(
            "Past the block",
            ways,
            format_func=PAST_BLOCK_TITLES.__getitem__,
            key="sampling past block",
            persist_state="session",
            help=PAST_BLOCK_HELP,
        )
    return seed, length, past_block, [each for each in (seed_mistake, length_mistake) if each]


def number_given(
    label: str, key: str, least: int, most: int, default: int
) -> tuple[int, str | None]:
    """A whole number of a field; one out of its range gets a sentence, and the last within it."""
    given = state.setdefault(key, default)
    last = f"{key}, within limits"
    if given is not None and least <= given <= most:
        state[last] = int(given)
        return int(given), None
    used: int = state.get(last, default)
    was = "empty" if given is None else f"{given:,}"
    return used, f"{label} is {was}; it must be from {least:,} to {most:,}. Used is {used:,}."


def show_missing_step(summary: Summary) -> None:
    """That the run has no weights of the step that was asked for, if so."""
    name, step = state.get("sampling step, missing", (None, 0))
    if name == summary.run.name:
        show_mistake(f"This run has kept no weights as after step {step:,}. Shown are its newest.")
