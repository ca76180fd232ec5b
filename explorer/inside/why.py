"""Why a cell says what it says: each part's share of a logit, and what each pushed up and down."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import NamedTuple

import streamlit as st
import torch
from torch import Tensor

from explorer.charts.contributions import contributions_figure, term_title
from explorer.charts.numbers import format_number, format_signed
from explorer.charts.tokens import chip, visible
from explorer.components.logit_lens import Choice
from explorer.components.plot import plot
from explorer.downloads import name_file
from explorer.inside.reading import Reading, stream_title
from explorer.inside.subject import Subject
from gpt.lens.contributions import Term, measure_contributions, measure_push

MOST_TOKENS = 60  # that can be chosen: the likeliest at the depth and in the end
PUSHED = 3
NO_TOKEN = -1

Naming = Callable[[int], str]

state = st.session_state


class Step(NamedTuple):
    """What one part wrote on the way to a depth, after one token.

    Attributes:
        title: of the part.
        written: `(C,)`.
    """

    title: str
    written: Tensor


def show_why(subject: Subject, choice: Choice, reading: Reading) -> None:
    """The logit of a token there, or its lead over another, as the sum of its parts."""
    stream = reading.streams[choice.depth]
    logits = reading.logits(choice.position, choice.depth)
    after = visible(subject.texts[choice.position])
    depth = stream_title(stream, reading.is_halved)
    tokenizer = reading.opened.tokenizer

    def name(token: int) -> str:
        return "nothing" if token == NO_TOKEN else visible(tokenizer.decode([token]))

    heading = st.container()
    token, against = choose_tokens(subject, reading, choice, logits, name)
    other = None if against == NO_TOKEN else against
    rather = "" if other is None else f" rather than “{name(other)}”"
    heading.header(f"Why “{name(token)}”{rather} after “{after}”", anchor="why")
    terms, values = measure_contributions(
        reading.opened.model, reading.trace, token, against=other, stream=stream
    )
    parts = values[:, choice.position].double()
    logit = float(logits[token] - (0 if other is None else logits[other]))
    what = f"logit of {name(token)}" + ("" if other is None else f" less that of {name(other)}")
    with st.container(key="inside-why"):
        picture, beside = st.columns([6, 6], gap="large")
    with picture:
        plot(
            contributions_figure(terms, parts.numpy(), f"added to the {what}"),
            key="contributions",
            height=400,
            alt=f"What each part of the model adds to the {what}, after {after}, at {depth}",
            filename=name_file(subject.run.name, choice.step, "contributions"),
            columns={"part": "y", "adds to the logit": "x"},
        )
    with beside:
        st.html(sum_words(len(terms), float(parts.sum()), logit, escape(what)))
        st.html(pushes_table(reading, choice, token, other, name))


def choose_tokens(
    subject: Subject, reading: Reading, choice: Choice, logits: Tensor, name: Naming
) -> tuple[int, int]:
    """Whose logit is taken apart, and whose is taken off it.

    The first is that of what is said there, whatever it becomes, until another one is chosen.
    """
    place = (subject.run.name, subject.ids, choice.position, choice.depth)
    if state.get("inside tokens of", place) != place:
        state["inside token"] = state["inside against"] = state["inside token chosen"] = None
    state["inside tokens of"] = place
    last = reading.logits(choice.position, -1)
    most = min(MOST_TOKENS, len(logits))
    said = reading.said(choice.position, choice.depth)
    # A link tells only which one was shown.
    if not state.setdefault("inside token chosen", state.get("inside token") not in (None, said)):
        state["inside token"] = None
    state["inside said"] = said
    likely = [said, *logits.topk(most).indices.tolist(), *last.topk(most).indices.tolist()]
    chosen = [state.get("inside token"), state.get("inside against")]
    token, against = (each if each in range(len(logits)) else None for each in chosen)
    known = [each for each in (token, against) if each is not None]
    options = list(dict.fromkeys([*likely, *known]))
    state["inside token"] = said if token is None else token
    state["inside against"] = NO_TOKEN if against is None else against
    first, second, _ = st.columns([2, 2, 5])
    with first:
        st.selectbox(
            "Logit of",
            options,
            format_func=name,
            key="inside token",
            persist_state="session",
            on_change=choose_token,
        )
    with second:
        st.selectbox(
            "less that of",
            [NO_TOKEN, *options],
            format_func=name,
            key="inside against",
            persist_state="session",
        )
    return state["inside token"], state["inside against"]


def choose_token() -> None:
    """Keep to it, whatever is said; to choose what is said is to follow that again."""
    state["inside token chosen"] = state["inside token"] != state.get("inside said")


def sum_words(count: int, total: float, logit: float, what: str) -> str:
    """That the parts add up, in numbers."""
    return f"""<div class="gpt-sum"><p>sum of {count} parts <b>{format_number(total, 6)}</b></p>
      <p>{what} <b>{format_number(logit, 6)}</b></p>
      <p>off by <b>{format_number(abs(total - logit), 2)}</b></p></div>"""


def pushes_table(
    reading: Reading, choice: Choice, token: int, other: int | None, name: Naming
) -> str:
    """What each part of the last step before the depth pushed up and down."""
    stream = reading.streams[choice.depth]
    steps = steps_to(reading, choice)
    written = torch.stack([step.written for step in steps])
    changes = measure_push(
        reading.opened.model, reading.trace, written, stream=stream, position=choice.position
    ).float()

    def row(title: str, change: Tensor) -> str:
        own = float(change[token] - (0 if other is None else change[other]))
        best, worst = change.topk(PUSHED), change.topk(PUSHED, largest=False)
        up, down = (
            " ".join(
                f"{chip(name(int(i)))}<small>{format_number(float(v), 2)}</small>"
                for v, i in zip(found.values, found.indices, strict=True)
            )
            for found in (best, worst)
        )
        adds = format_signed(own)
        return f"<tr><td>{title}</td><td><b>{adds}</b></td><td>{up}</td><td>{down}</td></tr>"

    rows = [row(step.title, each) for step, each in zip(steps, changes, strict=True)]
    if len(steps) > 1:
        rows.append(row("together", changes.sum(0)))
    title = stream_title(stream, reading.is_halved)
    body = "".join(rows)
    return f"""<p class="gpt-caption">What was written at <b>{title}</b>, directly, in logits:</p>
      <div class="gpt-scroll"><table class="gpt-pushed"><thead><tr><th>part</th><th>adds</th>
      <th>promotes most</th><th>suppresses most</th></tr></thead>
      <tbody>{body}</tbody></table></div>"""


def steps_to(reading: Reading, choice: Choice) -> list[Step]:
    """What was written between the depth and the one before it, after the token."""
    trace, position = reading.trace, choice.position
    stream = reading.streams[choice.depth]
    if stream == "embeddings":
        return [Step("embedding", trace["embeddings"][position])]
    _, number, part = stream.split(".")
    block, layer = f"blocks.{number}", int(number)
    steps = []
    if part == "residual_mid" or not reading.is_halved:
        heads = trace[f"{block}.attn.head_writes"][:, position]
        steps += [
            Step(term_title(Term("head", f"{block}.attn.head_writes", layer, head)), written)
            for head, written in enumerate(heads)
        ]
    if part == "residual_post":
        written = trace[f"{block}.mlp.output"][position]
        steps.append(Step(term_title(Term("mlp", f"{block}.mlp.output", layer)), written))
    return steps
