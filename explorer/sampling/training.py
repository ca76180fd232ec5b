"""The same prompt and the same luck at every checkpoint: from noise to text."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.components.text_film import text_film
from explorer.controls import show_mistake
from explorer.models import model_at
from explorer.run_watch import records_of
from explorer.sampling.subject import Subject
from explorer.sampling.text import Text

TOKENS = 120
state = st.session_state


def show_training(subject: Subject) -> None:
    """What each checkpoint writes with the controls as they stand."""
    st.header("From noise to text", anchor="training")
    st.html(
        '<p class="gpt-caption">The same prompt and the same numbers at every checkpoint of the'
        " run, with the controls as they stand above.</p>"
    )
    controls = state["sampling controls"]
    name = (subject.summary.run.name, subject.steps, subject.prompt, subject.seed, controls)
    if st.button("Write at every checkpoint", icon=":material/timeline:"):
        written: dict[int, str] = {}
        progress = st.progress(0.0)
        for index, step in enumerate(subject.steps, start=1):
            try:
                opened = model_at(subject.summary.run, step)
                text = Text(replace(subject, step=step, opened=opened, length=TOKENS), controls)
                text.go_on(TOKENS)
            except ValueError as error:
                show_mistake(f"Step {step:,}: {error}")
                continue
            written[step] = opened.tokenizer.decode(text.taken)
            progress.progress(index / len(subject.steps))
        progress.empty()
        state["sampling film"] = name, written
    found = state.get("sampling film")
    if found is None or found[0] != name or not found[1]:
        return
    losses = records_of(subject.summary).series("validation_loss")
    text_film(
        [*found[1]],
        [*found[1].values()],
        (losses.steps.tolist(), losses.values.tolist()),
        given=subject.opened.tokenizer.decode(subject.prompt),
        key="sampling film view",
    )
