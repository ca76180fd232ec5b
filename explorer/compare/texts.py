"""What both write from the same luck, and what each would have said on the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from itertools import islice

import streamlit as st
import torch

from explorer.attention.reading import NOTHING_OFF, read
from explorer.charts.comparison import SIDE_CSS, SIDE_NAMES, Depths, lens_figure
from explorer.charts.tokens import BOS_SIGN
from explorer.compare.subject import Side, Subject
from explorer.components.plot import plot
from explorer.models import model_at
from gpt.lens.logit_lens import read_predictions, stream_names
from gpt.lens.opening import OpenedModel
from gpt.lens.writing import new_reader, start_text
from gpt.runs.run import Run
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import NotANumberError
from gpt.tensor.steps import generate_steps

TOKENS = 120
LARGE = 20_000_000  # parameters, from which a model writes less at a time
TOKENS_OF_LARGE = 16
TEMPERATURE = 0.8
SAMPLES_KEPT = 32

state = st.session_state


@lru_cache(SAMPLES_KEPT)
def write(run: Run, step: int, text: str, seed: int) -> tuple[str, ...]:
    """What the model of that step writes behind the text, token by token.

    Raises NotANumberError where training has broken the model.
    """
    opened = model_at(run, step)
    count = TOKENS if opened.config.model.parameter_count() < LARGE else TOKENS_OF_LARGE
    steps = generate_steps(
        new_reader(opened),
        start_text(opened, text),
        SamplingConfig(temperature=TEMPERATURE),
        torch.Generator().manual_seed(seed),
        end=opened.tokenizer.bos,
    )
    return tuple(opened.tokenizer.decode([step.token]) for step in islice(steps, count))


def show_samples(subject: Subject) -> None:
    """Both continue the text; where they part is marked."""
    st.header("The same luck, two hands", anchor="samples")
    if subject.unread:
        st.html('<p class="gpt-caption">Both write on from a text that both can read.</p>')
        return
    try:
        first, second = (
            write(side.run, side.step, side.prompt, subject.seed) for side in subject.sides
        )
    except NotANumberError as error:
        st.html(f'<p class="gpt-caption">{escape(str(error))}</p>')
        return
    shared = shared_beginning(first, second)
    written = zip(
        st.columns(2, gap="large"),
        subject.titles,
        subject.sides,
        (first, second),
        SIDE_CSS,
        strict=True,
    )
    for column, title, side, tokens, colour in written:
        # The same number draws different tokens from different vocabularies: all is each one's own.
        same = shared if subject.has_one_vocabulary else len(tokens)
        column.html(sample_html(title, side.prompt, tokens, same, colour))
    st.html(f'<p class="gpt-caption">{parting_words(subject, first, second, shared)}</p>')


def parting_words(
    subject: Subject, first: Sequence[str], second: Sequence[str], shared: int
) -> str:
    """Where what both write parts, and what drew it."""
    has_end = "" in (*first, *second)
    drawn = (
        f"At temperature {TEMPERATURE}, the token of each place drawn by the same number, from seed"
        f" {subject.seed}{f'; {BOS_SIGN} is where one ends' if has_end else ''}."
    )
    if not subject.has_one_vocabulary:
        return (
            f"{drawn} They write in different tokens, so the same number draws different ones, and"
            " where they part says nothing."
        )
    if first == second:
        return f"They write the same to the end. {drawn}"
    if shared == 0:
        return f"They part at the first token: what each wrote is lit. {drawn}"
    tokens = "1 token" if shared == 1 else f"{shared} tokens"
    return f"They part after {tokens}: what each wrote from there on is lit. {drawn}"


def shared_beginning(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """For how many tokens both write the same."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def sample_html(title: str, text: str, tokens: tuple[str, ...], shared: int, colour: str) -> str:
    """What was written after a text, all after the first `shared` tokens lit in a colour."""
    same, own = (
        "".join(t or BOS_SIGN for t in part) for part in (tokens[:shared], tokens[shared:])
    )
    return f"""<figure class="gpt-sample" style="--side-colour: var(--gpt-{colour})">
      <figcaption><b>{escape(title)}</b></figcaption>
      <div class="gpt-sample-paper" tabindex="0" role="region" aria-label="{escape(title)}">
      <pre><i>{escape(text)}</i>{escape(same)}<mark>{escape(own)}</mark></pre></div></figure>"""


def show_lens(subject: Subject) -> None:
    """The logit lens of both, on the same text."""
    st.header("How early does each know?", anchor="lens")
    without = [
        name
        for name, side in zip(SIDE_NAMES, subject.sides, strict=True)
        if not has_stream(side.opened)
    ]
    if without:
        whose = " and ".join(without)
        st.html(
            f'<p class="gpt-caption">{whose} {"have" if len(without) == 2 else "has"} no residual'
            " stream that could be read on the way.</p>"
        )
        return
    st.html(
        '<p class="gpt-caption">Each column is a token read, each row a depth, the last layer on'
        " top. The letters are the token that the model would say next if it stopped there and went"
        " straight to its last norm and its logits; the fuller the colour, the likelier it holds"
        " that token to be.</p>"
    )
    if subject.unread:
        # What stands below stays in its place.
        with st.container(height=state.get("compare lens height", "content"), border=False):
            st.html('<p class="gpt-caption">That shows on a text that both can read.</p>')
        return
    models = [
        depths_of(side.run, side.step, side.ids, title, name)
        for side, title, name in zip(subject.sides, subject.titles, SIDE_NAMES, strict=True)
    ]
    if subject.has_one_text:
        height = draw_lens(models, subject.first, "lens", subject.filename("lens"))
    else:
        height = sum(
            draw_lens([model], side, f"lens {index}", subject.filename(f"lens {index}"))
            for index, (side, model) in enumerate(zip(subject.sides, models, strict=True))
        )
    state["compare lens height"] = height


def draw_lens(models: list[Depths], side: Side, key: str, filename: str) -> int:
    """Draws one figure; returns its height."""
    figure = lens_figure(models, side.texts)
    height = int(figure.layout.height)
    plot(
        figure,
        key=key,
        filename=filename,
        columns={
            "model": "trace",
            "depth, from 0": "y",
            "token, from 0": "x",
            "after": "customdata",
            "would say": "text",
            "probability": "z",
        },
        height=height,
        alt="The likeliest next token after each token at every depth, of "
        + " and of ".join(model.title for model in models),
    )
    return height


def has_stream(opened: OpenedModel) -> bool:
    return opened.model.config.reaches("residuals")


@lru_cache(SAMPLES_KEPT)
def depths_of(run: Run, step: int, ids: tuple[int, ...], title: str, name: str) -> Depths:
    """What the model of that step, one of the sides, would say at every depth."""
    opened, trace = model_at(run, step), read(run, step, ids, NOTHING_OFF).trace
    names = stream_names(opened.model.config.n_blocks)
    predictions = read_predictions(opened.model, trace, names, k=1)
    decode = opened.tokenizer.decode
    said = [[decode([token]) for token in depth] for depth in predictions.tokens[..., 0].tolist()]
    depths = ["embeddings", *(f"layer {layer}" for layer in range(len(names) - 1))]
    return Depths(title, said, predictions.probabilities[..., 0].float().numpy(), depths, name)
