"""Sampling: what comes next, and what one's hand on the distribution makes of it."""

from __future__ import annotations

import streamlit as st

from explorer.address import forget_view_left, show_refusals
from explorer.attention_link import look_at_attention
from explorer.components.attention import Choice
from explorer.components.distribution import Controls, distribution, requested
from explorer.controls import show_mistake
from explorer.reruns import begin_page, end_page, run_apart, run_whole_page
from explorer.run_choice import follow_training, has_heads
from explorer.sampling.branching import show_branching
from explorer.sampling.caching import show_caching
from explorer.sampling.files import show_files
from explorer.sampling.guessing import show_guessing
from explorer.sampling.link import PAGE, read_link, text_told, write_link
from explorer.sampling.past_block import show_past_block
from explorer.sampling.picture import picture_of
from explorer.sampling.subject import Subject, choose_subject
from explorer.sampling.temperatures import show_temperatures
from explorer.sampling.text import Text, answer
from explorer.sampling.training import show_training
from explorer.sampling.written_by import is_anything_written
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.lens.guessing import share_of
from gpt.tensor.filters import (
    divide_by_temperature,
    keep_min_p,
    keep_top_k,
    keep_top_p,
)
from gpt.tensor.sampling import Continuation, generate, invert_cumulative
from gpt.tensor.tree import likeliest_continuations

VIEW = "sampling"

state = st.session_state


def text_of(subject: Subject) -> Text:
    """The text as it stands, written anew where something else is to write it."""
    text: Text | None = state.get("sampling text")
    controls: Controls = state["sampling controls"]
    if text is None:
        text = text_told(subject, controls)
    if text is None:
        text = Text(subject, controls)
        text.begin()
    elif text.subject != subject or text.controls != controls:
        text = text.written_anew(subject, controls)
    return text


def show(subject: Subject) -> None:
    """The distribution and the text."""
    request = requested(VIEW)
    try:
        text = text_of(subject)
        if request is not None:
            text = answer(text, request)
            state["sampling controls"], state["sampling look"] = text.controls, request.look
        picture = picture_of(text)
    except ValueError as error:
        show_mistake(str(error))
        return
    state["sampling text"] = text
    missing = write_link(text)
    show_refusals(PAGE)
    distribution(picture, text.controls, state["sampling look"], key=VIEW)
    show_things_to_try(THINGS_TO_TRY)
    with st.container(horizontal=True, vertical_alignment="center", key="sampling-away"):
        st.html('<p class="gpt-caption">Take the text with you</p>')
        show_files(text)
        # A bigram has no heads to look at.
        if has_heads(text.subject.summary) and st.button(
            "Attention of this text", type="tertiary", icon=":material/visibility:"
        ):
            look_at(text)
    show_branching(text)
    if missing:
        st.html(f'<p class="gpt-caption">{missing}</p>')
    if is_anything_written() and text.controls != state.get("sampling controls, below"):
        run_whole_page()  # what stands below says by which controls it was written


def look_at(text: Text) -> None:
    """Open the Attention page on the text as it stands."""
    subject = text.subject
    look_at_attention(
        subject.summary.run.name,
        subject.opened.tokenizer.decode(subject.prompt),
        Choice(subject.step, 0, (0,)),
        written=subject.opened.tokenizer.decode(text.taken),
    )


def set_up(controls: Controls) -> None:
    """Let the page write by these controls."""
    state["sampling controls"] = controls


THINGS_TO_TRY = (
    Suggestion(
        "Always the likeliest",
        "At temperature 0 the needle no longer matters, and most models end in a circle.",
        set_up,
        (Controls(temperature=0.0),),
    ),
    Suggestion(
        "Too hot",
        "At 2 the unlikely gets its chance everywhere, and a word rarely survives.",
        set_up,
        (Controls(temperature=2.0),),
    ),
    Suggestion(
        "Hot, but cut off",
        "The same heat with min-p 0.1: what is much less likely than the best stays out.",
        set_up,
        (Controls(temperature=2.0, min_p=0.1),),
    ),
)

forget_view_left(PAGE)
if "sampling controls" not in state:
    state["sampling controls"] = read_link()
st.title("What comes next?")
st.html(
    '<p class="gpt-caption">Every token, a character or a piece of a word, has a probability of'
    " coming next; a random number, the needle, draws one. Drag a control: the bars follow, and"
    " letting go writes the text anew. <b>temperature</b> divides the model's scores, the logits:"
    " below 1 the likely gets likelier, above 1 the unlikely gets its chance. <b>top-k</b> keeps"
    " the k likeliest, <b>top-p</b> the likeliest that reach p together, <b>min-p</b> what is at"
    " least p times as likely as the likeliest. Click a bar to take it, a token of the text to go"
    " back.</p>"
)
begin_page()
subject = choose_subject()
if subject is not None:
    run_apart(show, subject)
    follow_training(subject.summary)
    st.fragment(show_guessing)(subject)
    show_temperatures(subject)
    show_training(subject)
    st.fragment(show_past_block)(subject)
    st.fragment(show_caching)(subject)
    state["sampling controls, below"] = state["sampling controls"]
end_page()
show_code(
    divide_by_temperature,
    keep_top_k,
    keep_top_p,
    keep_min_p,
    invert_cumulative,
    Continuation,
    generate,
    likeliest_continuations,
    share_of,
)
