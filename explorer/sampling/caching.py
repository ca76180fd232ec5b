"""The key/value cache made visible: what each new token computes, and what that takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
import torch

from explorer.charts.caching import Cost, cache_figure, time_figure
from explorer.components.distribution import Controls
from explorer.components.plot import plot
from explorer.on_demand import answer, ask
from explorer.sampling.subject import Subject
from explorer.sampling.text import Text
from explorer.sampling.written_by import show_written_by
from gpt.tensor.sampling import Continuation

MOST_TOKENS = 272  # of the text that is measured
TOKENS_PAST = 16  # behind the block, where that is shorter
MOST_PASSES = 12  # of which the fastest counts, token by token
PATIENCE_SECONDS = 8.0  # for all of them: large models take long over reading anew
HEIGHT = 380
KEY = "sampling costs"

state = st.session_state


def show_caching(subject: Subject) -> None:
    """A grid of what is computed and what is kept, and the times of both ways."""
    st.header("What is computed, and what is kept", anchor="cache")
    st.html(
        '<p class="gpt-caption">Attention needs a key and a value of every token so far. Those of'
        " earlier tokens do not change, so they are kept: each new token computes its own (blue)"
        " and takes the others as they are (grey). Here this model writes with the cache, and reads"
        " the same text all anew for every token.</p>"
    )
    ask("Measure it", KEY, subject, icon=":material/timer:")
    work = partial(measure, subject, state["sampling controls"])
    found = answer(KEY, subject, work, "Writing, both ways …")
    if found is None:
        return
    costs, n_passes, controls = found
    block_size = subject.opened.model.config.block_size
    left, right = st.columns(2, gap="large")
    with left:
        plot(
            cache_figure(costs),
            key="cache grid",
            height=HEIGHT,
            alt=f"For each of {len(costs)} tokens written, of which places keys and values were"
            " computed, and of which they were kept",
        )
    with right:
        plot(
            time_figure(costs, block_size),
            key="cache times",
            height=HEIGHT,
            alt=f"Milliseconds for each token with the cache and without. {told(costs)}",
        )
    past = (
        f" Past the block of {block_size} every place moves, and nothing that was kept is of use."
        if any(len(each.read) > 1 for each in costs[1:])
        else ""
    )
    st.html(f'<p class="gpt-caption">{told(costs)}{past} {how_often(n_passes)}</p>')
    show_written_by(controls, "The text that was measured was written")


def measure(subject: Subject, controls: Controls) -> tuple[list[Cost], int, Controls]:
    """Both ways in turn, token by token, on a text that the model writes by these controls.

    Returns the least of each token's times, of how many they are, and the controls. Raises
    NotANumberError.
    """
    block_size = subject.opened.model.config.block_size
    length = min(MOST_TOKENS, block_size + TOKENS_PAST)
    prompt = subject.prompt[-block_size:]
    length_left = max(1, length - len(prompt))
    text = Text(replace(subject, prompt=prompt, length=length_left), controls)
    text.go_on(length)
    tokens = torch.tensor([text.whole])
    start = time.perf_counter()
    passes = [_measure_once(subject, tokens, len(prompt))]
    first = spent = time.perf_counter() - start
    while len(passes) < MOST_PASSES and spent + first < PATIENCE_SECONDS:
        passes.append(_measure_once(subject, tokens, len(prompt)))
        spent = time.perf_counter() - start
    return [_fastest(costs) for costs in zip(*passes, strict=True)], len(passes), controls


def _measure_once(subject: Subject, tokens: torch.Tensor, n_prompt: int) -> list[Cost]:
    """Every token behind the prompt; those after much too long with the cache alone."""
    model, past_block = subject.opened.model, subject.past_block
    cached = Continuation(model, past_block)
    # Sliding is something that the cache does: without it the last block is read anew.
    anew = Continuation(model, "crop" if past_block == "slide" else past_block, is_cached=False)
    spent = 0.0
    costs = []
    for place in range(n_prompt, tokens.shape[1]):
        read = tokens[:, :place]
        seconds = _seconds(cached, read)
        seconds_anew = _seconds(anew, read) if spent < PATIENCE_SECONDS else None
        spent += seconds_anew or 0.0
        costs.append(Cost(place, cached.read, cached.kept, seconds, seconds_anew))
    return costs


def _fastest(costs: Sequence[Cost]) -> Cost:
    """Of several passes the least time either way: whatever else goes on only adds to it."""
    anew = [cost.seconds_anew for cost in costs if cost.seconds_anew is not None]
    return costs[0]._replace(
        seconds=min(cost.seconds for cost in costs), seconds_anew=min(anew, default=None)
    )


def _seconds(continuation: Continuation, read: torch.Tensor) -> float:
    start = time.perf_counter()
    continuation.next_logits(read)
    return time.perf_counter() - start


def how_often(n_passes: int) -> str:
    """Of how many measurements each time is the least, in a sentence."""
    if n_passes == 1:
        return "Each time was measured once."
    return (
        f"Each time is the least of {n_passes} measurements: whatever else this machine did"
        " could only add to it."
    )


def told(costs: list[Cost]) -> str:
    """Both paces in a sentence, over the tokens that were measured both ways."""
    both = [cost for cost in costs[1:] if cost.seconds_anew is not None]
    if not both:
        return "Too few tokens to compare."
    fast = sum(cost.seconds for cost in both)
    slow = sum(cost.seconds_anew or 0.0 for cost in both)
    return (
        f"{len(both)} tokens after the first, for which both read the whole prompt:"
        f" {len(both) / fast:,.0f} a second with the cache,"
        f" {len(both) / slow:,.0f} without, {slow / fast:.1f} times as many."
    )
