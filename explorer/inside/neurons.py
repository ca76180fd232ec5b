"""The neurons over the text at hand, and what each has its strongest moments on in the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
import torch
from torch import Tensor

from explorer.background import Background, Outcome, outcome
from explorer.charts.neurons import neurons_figure
from explorer.charts.numbers import format_number, format_signed
from explorer.charts.tokens import chip, coloured, visible
from explorer.components.logit_lens import Choice
from explorer.components.plot import PlotEvent, plot
from explorer.controls import provide_corpus, show_mistake
from explorer.downloads import name_file
from explorer.inside.reading import Reading
from explorer.inside.subject import Subject
from explorer.reruns import run_apart, run_whole_page
from gpt.corpus.corpus import Corpus
from gpt.lens.neurons import (
    NeuronSurvey,
    measure_neuron_push,
    neuron_activations,
    survey_neurons,
)
from gpt.lens.opening import OpenedModel, held_out_batches
from gpt.runs.run import Run

SURVEYED_TOKENS = 8192
MOST_DRAWN = 20  # neurons, the strongest at the pinned token
MOST_LISTED = 100
PUSHED = 5  # tokens that the picked neuron speaks for most, and against
WORDS = 3  # of these in the table
AROUND = 16  # tokens shown on either side of a strongest moment
TICK = 0.5

state = st.session_state
_surveys = Background()


def show_neurons(subject: Subject, choice: Choice, reading: Reading) -> None:
    """The strongest neurons at the pinned token, one of them picked, and where it is at home."""
    st.header("Its neurons", anchor="neurons")
    activations = neuron_activations(reading.trace).float()  # (L, T, N)
    position = choice.position
    order = activations[:, position].flatten().argsort(descending=True)
    n = activations.shape[-1]
    listed = [divmod(int(place), n) for place in order[:MOST_LISTED]]
    picked = picked_neuron(subject, activations, listed)
    st.html(
        f'<p class="gpt-caption">Each MLP has {n:,} neurons. These are the most active after'
        f" {chip(subject.texts[position])}, token {position + 1}. The first is opened"
        " until you click another.</p>"
    )
    with st.container(key="inside-neurons"):
        picture, beside = st.columns([7, 5], gap="large")
    with picture:
        draw(subject, choice, activations, listed[:MOST_DRAWN], picked)
    with beside:
        show_picked(subject, reading, activations, picked, position)
    with st.container(key="inside-contexts"):
        st.fragment(show_corpus)(subject, choice, reading, listed, picked)


def picked_neuron(
    subject: Subject, activations: Tensor, listed: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Layer and number of the one that was picked in this run, else the strongest."""
    name = subject.run.name
    picked: tuple[int, int] | None = state.get("inside neuron")
    is_there = picked and picked[0] < activations.shape[0] and picked[1] < activations.shape[2]
    if not is_there or state.get("inside neuron of", name) != name:
        picked = None
    state["inside neuron"], state["inside neuron of"] = picked, name
    return picked or listed[0]


def draw(
    subject: Subject,
    choice: Choice,
    activations: Tensor,
    drawn: Sequence[tuple[int, int]],
    picked: tuple[int, int],
) -> None:
    """The neurons over the text, to be clicked."""
    position = choice.position
    rows = np.stack([activations[layer, :, neuron].numpy() for layer, neuron in drawn])

    def pick(event: PlotEvent) -> None:
        if isinstance(event.index, tuple):
            state["inside neuron"] = drawn[event.index[0]]

    plot(
        neurons_figure(
            rows,
            [neuron_name(*each) for each in drawn],
            subject.texts,
            chosen=drawn.index(picked) if picked in drawn else None,
            pinned=position,
        ),
        key="neurons",
        height=460,
        alt=f"How active the {len(drawn)} strongest neurons at token {position + 1},"
        f" {visible(subject.texts[position])}, are at every token of the text; the strongest is"
        f" {neuron_name(*drawn[0])} with {float(rows[0, position]):.3f}. Enter picks a neuron.",
        on_click=pick,
        filename=name_file(subject.run.name, choice.step, "neurons"),
        columns={"neuron": "y", "position": "x", "token": "text", "activation": "z"},
    )


def show_picked(
    subject: Subject,
    reading: Reading,
    activations: Tensor,
    picked: tuple[int, int],
    position: int,
) -> None:
    """One neuron on this text, and what it says after the pinned token."""
    layer, neuron = picked
    counts = activations.shape[0], activations.shape[2]
    for column, label, number in zip(st.columns(2), ("Layer", "Neuron"), picked, strict=True):
        # Each neuron has fields of its own. What is set in the fields of another the browser may
        # miss, and what it then sends would be taken for something typed. And they have no limits:
        # what is beyond them they would keep to themselves, in red.
        column.number_input(
            label,
            value=number,
            step=1,
            key=f"{label} beside {layer}.{neuron}",
            on_change=pick_typed,
            args=(subject.run, picked, counts),
        )
    shown, refusal = state.get("inside neuron refused", (None, ""))
    if shown == (subject.run, picked):
        show_mistake(f"{refusal} Shown is {neuron_name(*picked)}.")
    own = activations[layer, :, neuron]
    st.html(
        f'<p class="gpt-caption">{neuron_name(*picked).capitalize()} on this text:</p>'
        f"<p>{coloured(subject.texts, own.tolist(), chosen=position)}</p>"
    )
    if not own[position]:
        st.html(
            f'<p class="gpt-caption">After {chip(subject.texts[position])} it is silent: it adds'
            " nothing to what the model says.</p>"
        )
        return
    push = measure_neuron_push(reading.opened.model, reading.trace, layer, position, [neuron])[0]
    st.html(
        f'<p class="gpt-caption">Active at <b>{format_number(float(own[position]))}</b> after'
        f" {chip(subject.texts[position])}, it speaks, directly and in logits,</p>"
        + pushed_words(reading.opened, push.float())
    )


def pushed_words(opened: OpenedModel, push: Tensor) -> str:
    """The tokens that a neuron speaks for most, and those it speaks against."""
    most = min(PUSHED, len(push))
    rows = ""
    for title, is_for in (("for", True), ("against", False)):
        found = push.topk(most, largest=is_for)
        chips = " ".join(
            f"{chip(opened.tokenizer.decode([token]))}<small>{format_signed(value)}</small>"
            for value, token in zip(found.values.tolist(), found.indices.tolist(), strict=True)
        )
        rows += f"<tr><td>{title}</td><td>{chips}</td></tr>"
    return f'<div class="gpt-scroll"><table class="gpt-pushed">{rows}</table></div>'


def pick_typed(run: Run, shown: tuple[int, int], counts: tuple[int, int]) -> None:
    """Take up what was typed, if there is such a neuron; of layers and neurons there are `counts`.

    Else it is said as long as the run and the one that is shown are the same.
    """
    (n_layer, n_neuron), refusal = counts, None
    fields = [f"{label} beside {shown[0]}.{shown[1]}" for label in ("Layer", "Neuron")]
    layer, neuron = (state.get(field, number) for field, number in zip(fields, shown, strict=True))
    if (layer, neuron) == shown:
        return  # the browser tells of fields that the page had forgotten: nothing was typed
    if layer not in range(n_layer):
        refusal = f"This model has no layer {layer:,}: its layers are 0 to {n_layer - 1}."
    elif neuron not in range(n_neuron):
        refusal = f"No layer has a neuron {neuron:,}: they are 0 to {n_neuron - 1:,}."
    else:
        state["inside neuron"] = (layer, neuron)
    state["inside neuron refused"] = ((run, shown), refusal) if refusal else (None, "")
    state.update(zip(fields, shown, strict=True))


def show_corpus(
    subject: Subject,
    choice: Choice,
    reading: Reading,
    listed: Sequence[tuple[int, int]],
    picked: tuple[int, int],
) -> None:
    """Where in text never learnt the picked neuron is strongest, and a table of many."""
    opened, corpus = reading.opened, corpus_of(subject)
    survey: NeuronSurvey | None = None
    if corpus is not None:
        # As high while they are awaited as when they are there, so that nothing below moves.
        with st.container(key="inside-moments"):
            found = ask_survey(subject, choice.step, opened, corpus)
            survey = found.value
            if found.is_awaited:
                run_apart(wait_for_survey, subject, choice.step, opened, corpus, every=TICK)
            if found.reason:
                show_mistake(found.reason)
            if survey is not None:
                show_contexts(survey, opened, picked)
    show_table(subject, choice, reading, listed, picked, survey)


def wait_for_survey(subject: Subject, step: int, opened: OpenedModel, corpus: Corpus) -> None:
    st.html('<p class="gpt-caption">Reading text that was never learnt …</p>')
    if not ask_survey(subject, step, opened, corpus).is_awaited:
        run_whole_page()


def corpus_of(subject: Subject) -> Corpus | None:
    """The run's text; where it is not here, it is asked for."""
    if subject.summary.config.is_from_outside:
        st.html(
            '<p class="gpt-caption">This model comes from outside, without the text that it has'
            " learnt, so its neurons are seen on the text above only.</p>"
        )
        return None
    reference = subject.summary.config.corpus
    if not reference.is_own and provide_corpus(reference.name) is None:
        return None
    try:
        return subject.run.corpus()
    except ValueError as error:
        show_mistake(str(error))
        return None


def ask_survey(subject: Subject, step: int, opened: OpenedModel, corpus: Corpus) -> Outcome:
    """Every neuron on a fixed piece of the text held out, now or later."""

    def survey() -> NeuronSurvey:
        windows = SURVEYED_TOKENS // opened.model.config.block_size
        batches = held_out_batches(subject.summary.config, corpus, windows=max(1, windows))
        return survey_neurons(opened.model, batches)

    key = ("neurons", str(subject.run.path), step)
    return outcome(_surveys.ask(key, survey, only_newest_of="neurons"))


def show_contexts(survey: NeuronSurvey, opened: OpenedModel, picked: tuple[int, int]) -> None:
    """The picked neuron's strongest moments, one of a window at most."""
    layer, neuron = picked
    share = float(survey.active_share[layer, neuron])
    st.html(
        f'<p class="gpt-caption">In <b>{survey.n_tokens:,}</b> tokens of text held out,'
        f" {neuron_name(*picked)} is above 0 at <b>{share:.1%}</b>. Its strongest moments, one of"
        " each window at most:</p>"
    )
    largest = float(survey.strongest[layer, neuron, 0])
    rows = ""
    for value, window, position in zip(
        survey.strongest[layer, neuron].tolist(),
        survey.in_window[layer, neuron].tolist(),
        survey.at_position[layer, neuron].tolist(),
        strict=True,
    ):
        tokens = survey.windows[window, : int(survey.lengths[window])]
        own = neuron_activations(opened.trace(tokens))[layer, :, neuron]
        shown = slice(max(0, position - AROUND), position + AROUND + 1)
        texts = [opened.tokenizer.decode([each]) for each in tokens[shown].tolist()]
        words = coloured(texts, own[shown].tolist(), largest=largest, chosen=position - shown.start)
        rows += f"<tr><td><b>{format_number(value)}</b></td><td>{words}</td></tr>"
    st.html(f'<div class="gpt-scroll"><table class="gpt-pushed">{rows}</table></div>')


def show_table(
    subject: Subject,
    choice: Choice,
    reading: Reading,
    listed: Sequence[tuple[int, int]],
    picked: tuple[int, int],
    survey: NeuronSurvey | None,
) -> None:
    """The most active neurons as a table to be sorted and saved; a row picks."""
    activations = neuron_activations(reading.trace)
    here = [float(activations[layer, choice.position, neuron]) for layer, neuron in listed]
    columns: dict[str, list[object]] = {
        "layer": [layer for layer, _ in listed],
        "neuron": [neuron for _, neuron in listed],
        f"after {visible(subject.texts[choice.position])}": list(here),
        "largest on this text": [float(activations[la, :, ne].max()) for la, ne in listed],
    }
    if survey is not None:
        columns["active, share of held-out text"] = [
            float(survey.active_share[each]) for each in listed
        ]
        columns["largest there"] = [float(survey.strongest[*each, 0]) for each in listed]
    columns |= spoken(choice, reading, listed)
    table = pd.DataFrame(columns)
    event = st.dataframe(
        table,
        hide_index=True,
        height=330,
        key=f"neurons table {subject.flow_name(choice.step)} {choice.position}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            name: st.column_config.NumberColumn(format="%.4f")
            for name in columns
            if name.startswith(("after", "largest"))
        }
        | {"active, share of held-out text": st.column_config.NumberColumn(format="percent")},
    )
    rows = event["selection"]["rows"]
    selected = (subject.flow_name(choice.step), choice.position, rows)
    if rows and state.get("inside neuron row") != selected:
        state["inside neuron row"] = selected
        if listed[rows[0]] != picked:
            state["inside neuron"] = listed[rows[0]]
            run_whole_page()


@torch.no_grad()
def spoken(
    choice: Choice, reading: Reading, listed: Sequence[tuple[int, int]]
) -> dict[str, list[object]]:
    """For each of the neurons the tokens that it speaks for and against; none for a silent one."""
    opened, trace = reading.opened, reading.trace
    up: list[object] = [None] * len(listed)
    down: list[object] = [None] * len(listed)
    is_heard = neuron_activations(trace)[:, choice.position] != 0  # (L, N)
    heard = [place for place, each in enumerate(listed) if is_heard[each]]
    for layer in dict.fromkeys(listed[place][0] for place in heard):
        places = [place for place in heard if listed[place][0] == layer]
        neurons = [listed[place][1] for place in places]
        push = measure_neuron_push(opened.model, trace, layer, choice.position, neurons)
        for place, row in zip(places, push, strict=True):
            up[place] = named(opened, row.topk(min(WORDS, len(row))).indices)
            down[place] = named(opened, row.topk(min(WORDS, len(row)), largest=False).indices)
    return {"speaks for": up, "speaks against": down}


def named(opened: OpenedModel, tokens: Tensor) -> str:
    return " ".join(visible(opened.tokenizer.decode([token])) for token in tokens.tolist())


def neuron_name(layer: int, neuron: int) -> str:
    return f"layer {layer}, {neuron}"
