"""The gradient of the weight as the sum of its uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.charts.numbers import format_number
from explorer.charts.tokens import chip, coloured
from explorer.charts.weight_uses import full_colour, uses_figure
from explorer.charts.weight_words import operand, written
from explorer.components.quick_plot import quick_plot
from explorer.weight.subject import Numbers, Subject
from gpt.lens.weight_uses import Use
from gpt.tensor.language_model import IGNORED_TARGET

ALL = "all together"

state = st.session_state


@dataclass(frozen=True)
class UsesShown:
    """The uses of a weight in its step, as they are looked at.

    Attributes:
        of: the weight.
        texts: the tokens that are read, example by example.
        uses: all of them; none where the step does not read the weight.
        looked_at: the uses in the picture.
        whole: what all of them add to the gradient, (B, T).
        shown: what those in the picture add, (B, T).
        chosen: the framed example and position.
    """

    of: Subject
    texts: list[list[str]]
    uses: list[Use]
    looked_at: list[Use]
    whole: Numbers
    shown: Numbers
    chosen: tuple[int, int]


def draw_uses(subject: Subject) -> UsesShown | None:
    """Where the weight was used in this batch, and what each use adds; None where it was not."""
    uses = [use for use in subject.taken.uses if use.only_row in (None, subject.weight.row)]
    each = [use.contributions(*subject.place).double().numpy() for use in uses]
    if not each:
        state["weight use role"], state["weight pinned"] = ALL, None
        st.html('<p class="gpt-lead">Nothing in this step reads this weight.</p>')
        return None
    whole = np.sum(each, axis=0)
    use = choose_use(uses)
    shown = whole if use is None else each[uses.index(use)]
    B, T = shown.shape
    chosen, texts = chosen_place(subject, shown), subject.texts()
    quick_plot(
        uses_figure(shown, texts, chosen),
        key="weight uses",
        height=min(440, 190 + 18 * B) if B > 1 else 260,
        alt=f"What each of {B} examples adds to the gradient at each of {T} positions, blue"
        f" where it adds and orange where it takes away; the sum is"
        f" {written(float(shown.sum()))}. Enter on a cell shows its product.",
        on_click=pin,
        filename=subject.filename_here("uses"),
        columns={
            "example": "y",
            "position": "x",
            "token": "text",
            "adds": "z",
        },
    )
    looked_at = uses if use is None else [use]
    return UsesShown(subject, texts, uses, looked_at, whole, shown, chosen)


def explain_uses(uses: UsesShown, beside: DeltaGenerator) -> None:
    """That the sum is right, the framed use as a product, and the text it stands in."""
    b, t = uses.chosen
    with beside:
        st.html(sum_words(uses))
        st.html(product_words(uses))
    full = full_colour(uses.shown)
    words = coloured(uses.texts[b], uses.shown[b].tolist(), largest=full, chosen=t)
    st.html(
        f'<p class="gpt-caption">Example {b + 1}, every token on the colour of what it adds:</p>'
        f'<p class="gpt-example">{words}</p>'
    )


def choose_use(uses: list[Use]) -> Use | None:
    """One of them, or None for all together."""
    if len(uses) == 1:
        state["weight use role"] = ALL
        return None
    roles = [use.role for use in uses]
    if state.get("weight use role") not in (ALL, *roles):
        state["weight use role"] = ALL
    role = st.pills("Its uses", [ALL, *roles], key="weight use role", required=True)
    return uses[roles.index(role)] if role in roles else None


def chosen_place(subject: Subject, shown: Numbers) -> tuple[int, int]:
    """The use that was clicked, or that a link names; else the one that adds most."""
    of, (b, t) = state.get("weight pinned") or (subject.moment, (-1, -1))
    is_there = b in range(shown.shape[0]) and t in range(shown.shape[1])
    state["weight pinned for"] = subject.moment
    if is_there and of in (None, subject.moment):
        state["weight pinned"] = (subject.moment, (b, t))
        return b, t
    state["weight pinned"] = None
    b, t = np.unravel_index(int(np.argmax(np.abs(shown))), shown.shape)
    return int(b), int(t)


def pin(example: int, position: int) -> None:
    state["weight pinned"] = (state["weight pinned for"], (example, position))


def sum_words(uses: UsesShown) -> str:
    """How many uses there are, what they sum to, and what autograd says."""
    whole, roles = uses.whole, [use.role for use in uses.uses]
    total, gradient = float(whole.sum()), uses.of.gradient
    engine = "autograd" if uses.of.opened.plain is None else "gpt.scalar, number by number,"
    n_used = int(np.count_nonzero(whole))
    is_repeated = len(set(roles)) > 1
    named = f" ({', '.join(dict.fromkeys(roles))})" if is_repeated else f", {roles[0]}"
    return f"""<div class="gpt-reading"><p>It could be used at {whole.size:,} places of the
      batch{named}; at {n_used:,} of them it is, and matters to the loss. Their sum is
      <b class="gpt-headline gpt-backward">{written(total)}</b></p>
      <p>{engine} says <b>{written(gradient)}</b></p>
      <p>they differ by <b>{format_number(abs(total - gradient), 3)}</b></p></div>"""


def product_words(uses: UsesShown) -> str:
    """The framed use as a product: what was read there, and how the loss answers."""
    (b, t), subject = uses.chosen, uses.of
    targets = subject.next_step.batch[1]
    token = chip(uses.texts[b][t])
    target = int(targets[b, t])
    asked = (
        "where nothing is asked for, but later tokens look back"
        if target == IGNORED_TARGET
        else f"to be followed by {chip(subject.opened.tokenizer.decode([target]))}"
    )
    rows = ""
    for use in uses.looked_at:
        read = use.read(*subject.place)[b, t].item()
        answer = use.answer(*subject.place)[b, t].item()
        rows += (
            f"<tr><td>{use.role}</td><td>{written(read)}</td><td>{operand(answer)}</td>"
            f"<td><b>{written(read * answer)}</b></td></tr>"
        )
    where = f"at position {t + 1} of example {b + 1}"
    return f"""<p class="gpt-caption">Framed: {token} {where}, {asked}.</p>
      <div class="gpt-scroll"><table class="gpt-terms"><thead><tr><th>use</th><th>read</th>
      <th>× d loss / d output</th><th>adds</th></tr></thead><tbody>{rows}</tbody></table></div>"""
