"""The same prompt and the same luck at every checkpoint: from noise to text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from explorer.components.distribution import Controls
from explorer.components.text_film import text_film
from explorer.controls import show_mistake
from explorer.models import model_at
from explorer.on_demand import show_outdated
from explorer.run_watch import records_of
from explorer.sampling.subject import Subject
from explorer.sampling.text import Text
from explorer.sampling.written_by import show_written_by

TOKENS = 120
state = st.session_state


@dataclass
class Written:
    """What the checkpoints wrote so far.

    Attributes:
        of: the run, the prompt and the seed.
        controls: by which they write.
        texts: by step.
        mistakes: what each of those said that could not write, by step.
    """

    of: Any
    controls: Controls
    texts: dict[int, str] = field(default_factory=dict)
    mistakes: dict[int, str] = field(default_factory=dict)


def show_training(subject: Subject) -> None:
    """What each checkpoint writes with the controls as they stand."""
    st.header("From noise to text", anchor="training")
    st.html(
        '<p class="gpt-caption">The same prompt and the same numbers at every checkpoint of the'
        " run, with the controls as they stand when you press the button. While the run trains,"
        " what its new checkpoints write joins the others.</p>"
    )
    of = (subject.summary.run.name, subject.prompt, subject.seed)
    if st.button("Write at every checkpoint", icon=":material/timeline:"):
        state["sampling film"] = Written(of, state["sampling controls"])
    written: Written | None = state.get("sampling film")
    if written is None or written.of != of:
        show_outdated(written)
        return
    write_at_new_checkpoints(subject, written)
    for said in set(written.mistakes.values()):
        steps = (f"{step:,}" for step, each in written.mistakes.items() if each == said)
        show_mistake(f"As after step {', '.join(steps)}: {said}")
    if not written.texts:
        return
    losses = records_of(subject.summary).series("validation_loss")
    text_film(
        [*written.texts],
        [*written.texts.values()],
        (losses.steps.tolist(), losses.values.tolist()),
        given=subject.opened.tokenizer.decode(subject.prompt),
        key="sampling film view",
    )
    show_written_by(written.controls)


def write_at_new_checkpoints(subject: Subject, written: Written) -> None:
    """Let those write that have not yet, with a bar where that takes a while."""
    missing = [s for s in subject.steps if s not in written.texts and s not in written.mistakes]
    progress = st.progress(0.0) if len(missing) > 1 else None
    for index, step in enumerate(missing, start=1):
        try:
            opened = model_at(subject.summary.run, step)
            text = Text(replace(subject, step=step, opened=opened, length=TOKENS), written.controls)
            text.go_on(TOKENS)
        except ValueError as error:
            written.mistakes[step] = str(error)
        else:
            written.texts[step] = opened.tokenizer.decode(text.taken)
        if progress:
            progress.progress(index / len(missing))
    if progress:
        progress.empty()
