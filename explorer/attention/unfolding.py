"""How the weight of the pinned pair came to be, and what the head does with it."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.attention.reading import Reading, SwitchedOff, head_name
from explorer.attention.subject import Subject
from explorer.charts.attention_words import mixture, product_steps, pushes
from explorer.charts.tokens import visible
from explorer.components.attention import Choice
from gpt.lens.contributions import measure_push
from gpt.lens.trace import NoSuchActivationError


def show_unfolded(subject: Subject, choice: Choice, off: SwitchedOff, reading: Reading) -> None:
    """Product, scale, softmax; the mixture of values; and what it speaks for."""
    assert choice.pinned is not None
    layer, head = divmod(choice.open, reading.n_head)
    query, key = choice.pinned.query, min(choice.pinned.key, choice.pinned.query)
    at = f"blocks.{layer}.attn"
    queries, keys, values, scores = (
        reading.trace[f"{at}.{part}"][head].float().numpy()
        for part in ("query", "key", "value", "scores")
    )
    shares = reading.patterns[choice.open][query, : query + 1]
    share = float(shares[key])
    st.header(f"How {share:.4f} came to be", anchor="unfolded")
    product = product_steps(
        queries[query],
        keys[key],
        subject.texts[query],
        subject.texts[key],
        share,
        query + 1,
        float(np.exp(scores[query, : query + 1]).sum()),
        is_last=query + 1 == len(subject.ids),
    )
    if choice.open in off.heads:
        instead = "nothing" if off.replacement == "zero" else "the mean of what it wrote"
        st.html(
            f"""<div class="gpt-unfolded"><section>{product}</section>
            <section><p class="gpt-caption">This head is switched off: it still looks, but in place
            of what it gathers stands {instead}.</p></section></div>"""
        )
        return
    mixed = mixture(
        values,
        shares,
        subject.texts,
        reading.trace[f"{at}.heads"][head, query].float().numpy(),
    )
    st.html(
        f"""<div class="gpt-unfolded"><section>{product}</section>
        <section><p class="gpt-caption">In these shares the head takes the values of all it
        sees:</p>{mixed}</section><section>{push(subject, choice, reading)}</section></div>"""
    )


def push(subject: Subject, choice: Choice, reading: Reading) -> str:
    """Which next tokens the open head's write speaks for, and which against."""
    assert choice.pinned is not None
    layer, head = divmod(choice.open, reading.n_head)
    query = choice.pinned.query
    try:
        written = reading.trace[f"blocks.{layer}.attn.head_writes"][head]
        changes = measure_push(reading.opened.model, reading.trace, written)[query]
    except NoSuchActivationError:
        return (
            '<p class="gpt-caption">On this rung nothing is added up on the way, so no head has a'
            " word of its own in the logits.</p>"
        )
    tokenizer = reading.opened.tokenizer
    tokens = [tokenizer.decode([each]) for each in range(tokenizer.vocab_size)]
    return (
        f'<p class="gpt-caption">What {head_name(choice.open, reading.n_head)} writes after'
        f" <b>{escape(visible(subject.texts[query]))}</b> makes these next tokens likelier, or less"
        " likely: what it adds to their logits.</p>" + pushes(changes.float().numpy(), tokens)
    )
