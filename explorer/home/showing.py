"""The tour as Home shows it: four steps, the loss as it falls, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import NamedTuple

import streamlit as st

from explorer.charts.naming import loss_words, names_table
from explorer.charts.training import Curve, View, loss_figure
from explorer.charts.training_words import duration
from explorer.components.plot import plot
from explorer.controls import show_mistake
from explorer.home.tour import PRESET, TITLE, Tour, begin, find_tour, let_write, note_head
from explorer.reruns import run_whole_page, was_cut_short
from explorer.run_records import NOTHING, RunRecords, runs_now
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.text import CorpusError
from gpt.runs.config import RunError
from gpt.runs.launch import resume_run, start_run
from gpt.runs.library import Summary
from gpt.runs.text_measure import TextMeasure, measure_text

TICK = 0.6  # seconds between two looks while it learns
WHO = "tour"
FIGURE_HEIGHT = 330

state = st.session_state


class Names(NamedTuple):
    """What the tour's model learns: the text, to look a name up, and what counting makes of it."""

    corpus: Corpus
    known: frozenset[str]
    measure: TextMeasure


@st.cache_resource(show_spinner=False)  # it would push all below it down, for half a second
def read_names() -> Names:
    """Raises CorpusError where they are missing."""
    corpus = load_corpus(PRESET.corpus)
    return Names(corpus, frozenset(corpus.documents), measure_text(corpus, corpus.tokenizer))


class Step(NamedTuple):
    """One step of the tour.

    Attributes:
        title: what it is.
        words: what there is to see.
        label: of its button.
        action: what the button does; None where it is not its turn.
        wait: what is said while it does.
    """

    title: str
    words: str
    label: str
    action: Callable[[], None] | None
    wait: str


def tick_now() -> float | None:
    """How often to look at the tour: not at all while nobody works on it."""
    try:
        return TICK if find_tour().is_learning else None
    except RunError:
        return None


def show_tour(tick: float | None) -> None:
    """All of it, for a fragment that runs every `tick` seconds."""
    try:
        names = read_names()
        tour = find_tour()
    except (CorpusError, RunError) as error:
        show_mistake(str(error))
        return
    for place, column in enumerate(st.columns(4, gap="medium")):
        with column:
            show_step(place, steps_of(tour, names.corpus)[place], tour)
    if mistake := state.pop("tour mistake", None):
        show_mistake(mistake)
    records = records_of(tour)
    picture, beside = st.columns([8, 5], gap="large")
    # The taller of the two first, for it may be painted before the other is there.
    with beside:
        st.html(names_table(tour.before, tour.after, names.known))
        st.button(
            "Begin anew with other weights",
            type="tertiary",
            icon=":material/replay:",
            disabled=tour.summary is None or tour.is_learning,
            on_click=do,
            args=(lambda: begin_anew(tour),),
            help="Another run, from other random weights. This one stays on the Training page.",
        )
    with picture:
        show_loss(tour, records, names.measure)
        st.html(f'<p class="gpt-caption gpt-live">{progress_words(tour, records, names)}</p>')
    if (TICK if tour.is_learning else None) != tick or was_cut_short():
        run_whole_page()


def show_step(place: int, step: Step, tour: Tour) -> None:
    """Number, title and words of a step, and its button."""
    is_done, is_next = (*tour.done, False)[place], place == tour.next_step
    mark = "✓" if is_done else str(place + 1)
    kind = "done" if is_done else "next" if is_next else "later"
    st.html(
        f'<div class="gpt-step gpt-step-{kind}"><h3><i>{mark}</i>{step.title}</h3>'
        f"<p>{step.words}</p></div>"
    )
    with st.container(key=f"tour action {place}"):
        place_of_button = st.empty()
    was_pressed = place_of_button.button(
        step.label,
        key=f"tour {place}",
        type="primary" if is_next and step.action else "secondary",
        width="stretch",
        disabled=step.action is None,
    )
    if was_pressed and step.action is not None:
        # In the button's place, so that nothing below moves.
        place_of_button.button(step.wait, key=f"tour {place}, wait", width="stretch", disabled=True)
        do(step.action)
        run_whole_page()


def do(action: Callable[[], None]) -> None:
    """What a button does; what speaks against it is said beneath the steps."""
    try:
        action()
    except (RunError, CorpusError) as error:
        state["tour mistake"] = str(error)


def steps_of(tour: Tour, corpus: Corpus) -> list[Step]:
    """The four steps, each with what its button does now."""
    steps = tour.summary.config.training.steps if tour.summary else PRESET.training.steps
    can_train = tour.before is not None and not tour.is_learning and not tour.has_learnt
    return [
        Step(
            "Before any training",
            "A GPT whose weights are random numbers. Ask it for names.",
            "Let it write",
            None if tour.before is not None else lambda: write_first(tour),
            "Drawing its weights …",
        ),
        Step(
            "Training",
            f"{steps:,} times it guesses the letters of some of {len(corpus.documents):,} names,"
            " and every weight is corrected a little.",
            training_label(tour),
            (lambda: train(tour)) if can_train else None,
            "Starting …",
        ),
        Step(
            "The same again",
            "The same model, drawn from by the same numbers: only its weights have changed.",
            "Let it write again",
            (lambda: write_again(tour)) if tour.has_learnt and tour.after is None else None,
            "Writing …",
        ),
        Step(
            "Look inside",
            "Which letters did it look at, to choose the next?",
            "Open one of its heads",
            (lambda: open_head(tour)) if tour.after is not None else None,
            "Reading …",
        ),
    ]


def write_first(tour: Tour) -> None:
    """The first step, in a new run if there is none."""
    let_write(tour.summary.run if tour.summary else begin(), 0)


def begin_anew(tour: Tour) -> None:
    """The first step once more, from other weights."""
    assert tour.summary is not None
    let_write(begin(tour.summary.config.training.seed + 1), 0)


def train(tour: Tour) -> None:
    """The second step: start the training, or let it go on."""
    assert tour.summary is not None
    if tour.summary.status.step:
        resume_run(tour.summary.run, WHO)
    else:
        start_run(tour.summary.run)


def write_again(tour: Tour) -> None:
    """The third step."""
    assert tour.summary is not None
    let_write(tour.summary.run, tour.summary.config.training.steps)


def open_head(tour: Tour) -> None:
    """The last step: the head that is easiest to name, on the longest name it wrote."""
    from explorer.attention.reading import read
    from explorer.attention_link import look_at_attention
    from explorer.components.attention import Choice
    from explorer.models import model_at

    assert tour.summary is not None and tour.after is not None
    run, step = tour.summary.run, tour.summary.config.training.steps
    text = max(tour.after.split("\n"), key=len)
    reading = read(run, step, tuple(model_at(run, step).encode(text).tokens))
    kinds = [float(label.rpartition(" ")[2]) if label else 0.0 for label in reading.labels]
    head = kinds.index(max(kinds))
    note_head(run, head)
    look_at_attention(run.name, text, Choice(step, head, (head,)))


def training_label(tour: Tour) -> str:
    """What the button of the training says, which is also where the training stands."""
    if tour.summary is None:
        return "Train it"
    status = tour.summary.status
    if status.state == "finished":
        return f"Trained in {duration(status.seconds)}"
    if status.state == "running":
        return f"Step {status.step:,} of {status.steps:,}"
    if status.state == "queued":
        return "About to begin …"
    return "Go on" if status.step else "Train it"


def records_of(tour: Tour) -> RunRecords | None:
    """What the tour's run has written up to now; this visit goes on reading where it left off."""
    if tour.summary is None:
        return None
    records: RunRecords | None = state.get("tour records")
    if records is None or records.run != tour.summary.run:
        records = state["tour records"] = RunRecords(tour.summary.run)
    with suppress(OSError):  # what cannot be read now may be the next time
        records.read()
    return records


def show_loss(tour: Tour, records: RunRecords | None, measure: TextMeasure) -> None:
    """The loss so far, beside what guessing and counting would make of these names."""
    train_loss, validation_loss = (
        (NOTHING if records is None else records.series(f"{part}_loss"))
        for part in ("train", "validation")
    )
    steps = tour.summary.config.training.steps if tour.summary else PRESET.training.steps
    plot(
        loss_figure(
            Curve(TITLE, *train_loss, *validation_loss, steps),
            measure.baselines,
            view=View(),
        ),
        key="tour loss",
        height=FIGURE_HEIGHT,
        alt=f"Loss over {len(train_loss.steps):,} of {steps:,} steps, beside the losses of guessing"
        " and of counting",
    )


def progress_words(tour: Tour, records: RunRecords | None, names: Names) -> str:
    """Where the training stands, what its loss says, and what it writes at the moment."""
    if tour.summary is None or records is None or tour.summary.status.step == 0:
        waits_for = ahead_of(tour.summary) if tour.summary and tour.is_learning else None
        if waits_for:
            return f"One run trains at a time: it waits for <b>{escape(waits_for)}</b>."
        return "Nothing learnt yet: a GPT begins near the line of guessing."
    words = []
    status = tour.summary.status
    if status.message:
        words.append(f"{escape(status.message)} ")
    if status.train_loss is not None:
        loss = status.validation_loss or status.train_loss
        words.append(loss_words(loss, names.corpus.tokenizer.vocab_size))
    if records.samples and tour.after is None:
        sample = records.samples[-1]
        written = ", ".join(str(sample["text"]).split("\n")[:6])
        words.append(f"<br>After step {sample['step']:,} it writes <b>{escape(written)}</b> …")
    return " ".join(words)


def ahead_of(summary: Summary) -> str | None:
    """The title of the run that trains now, if it is another."""
    return next(
        (
            each.config.title
            for each in runs_now().runs
            if each.status.state == "running" and each.run != summary.run
        ),
        None,
    )
