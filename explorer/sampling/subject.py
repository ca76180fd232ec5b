"""What the Sampling page lets write: a run at a checkpoint, from a prompt, by a seed."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.components.distribution import Controls
from explorer.controls import show_mistake
from explorer.models import model_at
from explorer.run_choice import choose_run, first_text, has_weights, openable_runs
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
CONTROLS = ("temperature", "top_k", "top_p", "min_p")
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
        state["sampling run"] = min(runs, key=lambda name: runs[name].config.corpus.name in TASKS)
    pick, moment, entry = st.columns([4, 2, 5], vertical_alignment="bottom", gap="medium")
    with pick:
        summary = choose_run(runs, "sampling run")
    steps = tuple(each.step for each in summary.run.checkpoints())
    if state.get("sampling step") not in (NEWEST, *steps):
        state["sampling step"] = NEWEST
    with moment:
        chosen = st.selectbox(
            "As after step",
            [NEWEST, *reversed(steps)],
            # Without its number, which differs from run to run: the browser keeps what it shows.
            format_func=lambda step: "the newest" if step == NEWEST else f"{step:,}",
            key="sampling step",
            persist_state="session",
        )
    step = steps[-1] if chosen == NEWEST else chosen
    try:
        opened = model_at(summary.run, step)
    except RunError as error:
        show_mistake(str(error))
        return None
    if "sampling prompt" not in state:
        state["sampling prompt"] = first_text(summary)[:PROMPT_LENGTH]
    with entry:
        text = st.text_area("Prompt", key="sampling prompt", persist_state="session", height=68)
    seed, length, past_block = choose_details(opened)
    try:
        prompt = start_text(opened, text)
    except ValueError as error:
        show_mistake(str(error))
        return None
    block_size = opened.model.config.block_size
    if len(prompt) > block_size and past_block != "clamp":
        st.html(
            f'<p class="gpt-caption">The model reads {block_size} tokens at a time, so of this'
            f" prompt the first {len(prompt) - block_size:,} are not read.</p>"
        )
    return Subject(summary, step, steps, opened, tuple(prompt), seed, length, past_block)


def choose_details(opened: OpenedModel) -> tuple[int, int, PastBlock]:
    """The seed, how long a text gets, and what happens past the block."""
    state.setdefault("sampling seed", 1337)
    state.setdefault("sampling length", 200)
    ways = ways_to_go_on(opened)
    if state.get("sampling past block") not in ways:
        state["sampling past block"] = ways[0]
    first, second, third, _ = st.columns([2, 2, 4, 3], gap="medium")
    with first:
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, step=1, key="sampling seed", persist_state="session"
        )
    with second:
        length = st.number_input(
            "Tokens to the end",
            1,
            MOST_TOKENS,
            step=50,
            key="sampling length",
            persist_state="session",
        )
    with third:
        past_block = st.selectbox(
            "Past the block",
            ways,
            format_func=PAST_BLOCK_TITLES.__getitem__,
            key="sampling past block",
            persist_state="session",
            help=PAST_BLOCK_HELP,
        )
    return int(seed), int(length), past_block


def read_link() -> Controls:
    """Take up what the address says, in the first run of a visit."""
    query = st.query_params
    if "run" in query:
        state["sampling run"] = query["run"]
    if "prompt" in query:
        state["sampling prompt"] = query["prompt"]
    for name, limit in (("step", None), ("seed", 2**31 - 1), ("length", MOST_TOKENS)):
        if query.get(name, "").isdecimal():
            number = int(query[name])
            state[f"sampling {name}"] = number if limit is None else min(max(number, 1), limit)
    if query.get("past_block") in PAST_BLOCK_TITLES:
        state["sampling past block"] = query["past_block"]
    controls = Controls()
    try:
        controls = Controls(
            float(query.get("temperature", controls.temperature)),
            int(query.get("top_k", controls.top_k)),
            float(query.get("top_p", controls.top_p)),
            float(query.get("min_p", controls.min_p)),
        )
        config_of(controls)
    except ValueError:
        return Controls()  # a link that says nothing sensible
    return controls


def write_link(subject: Subject, controls: Controls) -> None:
    """Put the view into the address, so that it can be shared and found again."""
    link = {
        "run": subject.summary.run.name,
        "prompt": state["sampling prompt"],
        "seed": str(subject.seed),
        "length": str(subject.length),
        **{name: f"{getattr(controls, name):g}" for name in CONTROLS},
    }
    if subject.past_block != ways_to_go_on(subject.opened)[0]:
        link["past_block"] = subject.past_block
    if state["sampling step"] != NEWEST:
        link["step"] = str(subject.step)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
