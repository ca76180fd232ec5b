"""Inside: what a model would say at every depth, and which parts made it say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from explorer.address import forget_view_left, show_refusals
from explorer.charts.tokens import chip, mark_words, visible
from explorer.components.logit_lens import (
    Choice,
    Drawing,
    Picture,
    chosen,
    chosen_drawing,
    flow_edges,
    logit_lens,
    said_film,
)
from explorer.inside.embeddings import show_embeddings
from explorer.inside.link import PAGE, asked_choice, read_link, write_link
from explorer.inside.neurons import show_neurons
from explorer.inside.reading import Reading, as_said, has_stream, read, stream_title
from explorer.inside.subject import Subject, ask_edges, ask_film, choose_subject
from explorer.inside.swapping import show_swapping
from explorer.inside.why import show_why
from explorer.reruns import (
    begin_page,
    end_page,
    let_it_be_painted,
    run_whole_page,
    was_cut_short,
)
from explorer.run_choice import follow_training, has_heads, openable_runs
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.lens.contributions import measure_contributions
from gpt.lens.embeddings import project
from gpt.lens.information_flow import measure_flow
from gpt.lens.logit_lens import decided_at, read_predictions
from gpt.lens.memory import keep_freed_memory
from gpt.lens.neurons import survey_neurons
from gpt.lens.patching import patch_stream
from gpt.runs.library import Summary

VIEW = "inside"

state = st.session_state


def choice_for(subject: Subject) -> Choice:
    """What is looked at now: what the reader chose, made to fit this run and text."""
    last = len(subject.ids) - 1, subject.n_depths - 1
    before: Choice | None = state.get("inside choice")
    if before is None:
        before = asked_choice(subject, Choice(subject.steps[-1], *last))
    now = chosen(VIEW, before)
    step = now.step if now.step in subject.steps else subject.steps[-1]
    if now.step == state.get("inside last step"):
        step = subject.steps[-1]  # whoever looks at the newest goes on looking at the newest
    state["inside last step"] = subject.steps[-1]
    # And whoever looks at the last token, however long the text becomes.
    position = last[0] if now.position == state.get("inside last position") else now.position
    state["inside last position"] = last[0]
    is_there = position <= last[0] and now.depth <= last[1]
    place = (position, now.depth) if is_there else last
    state["inside choice"] = choice = Choice(step, *place)
    return choice


def show_picture(subject: Subject, choice: Choice, reading: Reading) -> None:
    """The grid: what would be said after each token, at every depth."""
    picture = Picture(
        run=subject.run.name,
        tokens=[visible(text) for text in subject.texts],
        streams=[stream_title(each, reading.is_halved) for each in reading.streams],
        is_halved=reading.is_halved,
        said=as_said(reading),
        steps=subject.steps,
        loss_steps=subject.loss_steps,
        losses=subject.losses,
        film=subject.film_name,
        flow=subject.flow_name(choice.step),
    )
    drawing = chosen_drawing(VIEW, state.get("inside drawing", Drawing()))
    state["inside drawing"] = drawing
    logit_lens(picture, choice, drawing, key=VIEW)


def send_behind(subject: Subject, step: int) -> None:
    """What the slider will show, and by what the ways are drawn, as soon as they are there."""
    # The ways are one pass, the film is many: they come first.
    edges, film = ask_edges(subject, step), ask_film(subject)
    if film.reason is None:
        said_film(subject.steps, film.value, view=VIEW, film=subject.film_name)
    if edges.reason is None:
        flow_edges(edges.value, view=VIEW, flow=subject.flow_name(step))


def show_words(subject: Subject, reading: Reading, choice: Choice) -> None:
    """How to read the picture, and from which depth on the answers stay."""
    decided = decided_at(reading.predictions.tokens[..., 0])
    depth = int(decided[choice.position])
    here = stream_title(reading.streams[depth], reading.is_halved)
    sure = float(reading.predictions.probabilities[depth, choice.position, 0])
    halves = 2 if reading.is_halved else 1
    layers = float(decided.float().mean()) / halves
    meanings = {
        "a cell": "What would be said next if the model stopped there: the bluer, the surer.",
        "underlined": f"""From there on the answer stays: at step {choice.step:,} on average after
            <b>{layers:.1f}</b> of {reading.trace.n_layer} layers; after
            {chip(subject.texts[choice.position])} at <b>{here}</b>, where it has a probability of
            {sure:.2f}.""",
        "small number": """The rank, at that depth, not of the cell's own token but of what is said
            in the end, or of what does come next: ▲ better than one depth below, ▼ worse.""",
        "curves": """They lead back to where a cell comes from: blue through heads, grey within the
            stream, squares through MLPs, as wide as their share of the sum,
            max(0, ‖y‖₁ − ‖y − z‖₁) for a part z of the stream y (Ferrando and Voita 2024).""",
    }
    if losses := loss_words(subject, reading, choice.step):
        meanings["losses"] = losses
    if mark := mark_words(subject.texts):
        meanings["the text"] = mark
    rows = (f"<dt>{word}</dt><dd>{meaning}</dd>" for word, meaning in meanings.items())
    st.html(f'<dl class="gpt-meanings">{"".join(rows)}</dl>')


def loss_words(subject: Subject, reading: Reading, step: int) -> str:
    """What the model's loss is on this text, and which loss stands beside the slider."""
    words = []
    if len(subject.ids) > 1:
        loss = f"{reading.loss:.3f}"
        words.append(f"On this text, at step {step:,}, it is <b>{loss}</b> nats per token.")
    if subject.losses and len(subject.steps) > 1:
        is_task = subject.summary.config.corpus.task is not None
        what = ", of its answers only: the rest is drawn by lot." if is_task else "."
        words.append(f"Beside the slider stands the validation loss, that on text held out{what}")
    return " ".join(words)


def show(runs: Mapping[str, Summary]) -> None:
    """Run, text and picture, and below it all about the cell that is pinned."""
    state["inside is whole"] = False
    subject = choose_subject(runs)
    refusals = st.container()  # of what the address asks for: known when all has been shown
    if state["inside run"] != state.get("inside page of") or was_cut_short():
        run_whole_page()  # another run may be one that trains, which the page then follows
    if subject is None:
        return
    if not has_stream(subject.newest.model.config):
        show_rung(subject)
        return
    choice = choice_for(subject)
    reading = read(subject.run, choice.step, subject.ids)
    show_picture(subject, choice, reading)
    let_it_be_painted()
    with st.container(key="inside-behind"):
        st.fragment(send_behind)(subject, choice.step)
    show_words(subject, reading, choice)
    show_things_to_try(THINGS_TO_TRY)
    show_why(subject, choice, reading)
    for part in (
        partial(show_swapping, subject, choice, reading),
        partial(show_neurons, subject, choice, reading),
        partial(show_embeddings, subject, choice),
    ):
        st.fragment(show_part)(part, subject, choice, reading)
    write_link(subject, choice, reading)
    state["inside is whole"] = True
    with refusals:
        show_refusals(PAGE)


def show_part(part: Callable[[], None], subject: Subject, choice: Choice, reading: Reading) -> None:
    """A part with its own fragment; what is chosen in it stands in the address, too."""
    part()
    if state["inside is whole"]:  # else the page writes it when all parts are there
        write_link(subject, choice, reading)


def show_rung(subject: Subject) -> None:
    """What can be shown of a model in which nothing is added up on the way."""
    st.html(
        '<p class="gpt-lead">On this rung of the ladder each part replaces what it reads, so there'
        " is no stream to which all parts add, and nothing to read before the end. From the rung"
        " with residual connections on there is.</p>"
    )
    st.page_link("../pages/attention.py", label="See where its heads look")
    show_things_to_try(THINGS_TO_TRY)
    choice = Choice(subject.steps[-1], 0, 0)
    show_embeddings(subject, choice)
    write_link(subject, choice, None)


def look_at(run: str, text: str, choice: Choice, other: str = "") -> None:
    """Set the page up: a run, a text, a cell of the grid, and a text to swap pieces of."""
    state["inside run"] = state["inside text of"] = run
    state["inside text"], state["inside other"] = text, other
    state["inside choice"] = choice
    state.pop("inside last position", None)


COPIED = "srti=euhwqkpm=euhwqkpm"
THINGS_TO_TRY = [
    Suggestion(
        "Watch copying being found",
        "Press ▶ under the title: at first nothing decides. Then layer 0 notes who stood before"
        " whom, and layer 1 looks up who came next.",
        look_at,
        ("copy", COPIED, Choice(1000, 18, 3)),
    ),
    Suggestion(
        "Follow one letter through",
        "Swap one letter: below, all of the answer stands at its place until layer 1 takes it to"
        " the end.",
        look_at,
        ("copy", "euhwqkpm=euhwq", Choice(1000, 14, 4), "euhwqxpm=euhwq"),
    ),
    Suggestion(
        "Which lady is it?",
        "CAPULET or GREY: see the name's letters give up their hold, layer by layer, to the last.",
        look_at,
        ("shakespeare", "LADY CAP", Choice(2000, 7, 6), "LADY GRE"),
    ),
]

st.cache_resource(keep_freed_memory)()
forget_view_left(PAGE)
if "inside text" not in state:
    read_link()
begin_page()
st.title("Where is the answer decided?")
runs = openable_runs(has_heads)
if runs:
    st.fragment(show)(runs)
    state["inside page of"] = state["inside run"]
    follow_training(runs[state["inside run"]])
end_page()
show_code(
    *(read_predictions, decided_at, measure_contributions, measure_flow),
    *(patch_stream, survey_neurons, project),
)
