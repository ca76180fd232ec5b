"""Chapter five: the lecture's six notes on attention, each to be tried on one untrained head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from explorer.charts.cells import CELL_COLUMNS, Cells, cells_figure
from explorer.charts.ladder import arcs_figure, saturation_figure, variance_figure
from explorer.charts.tokens import visible
from explorer.components.plot import PlotEvent, plot
from explorer.ladder.head import RUNG, fresh_model
from explorer.ladder.typed_text import ask_text, sample_texts
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.tensor.experiments import look, saturation
from gpt.tensor.ladder import SingleHead
from gpt.tensor.layers import attend

SEED = 1337
KEYS = 8
HEAD_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
LOOKING = "query: looking"

state = st.session_state


class Reader(NamedTuple):
    """An untrained rung with one head, and the tokens that it can read."""

    model: SingleHead
    corpus: Corpus

    def read(self, ids: list[list[int]], *, with_positions: bool = True) -> Tensor:
        """What the head gets to see, `(B, T, C)`: what each token is, and where it stands."""
        tokens: Tensor = self.model.embeddings.token(torch.tensor(ids)).detach()
        if not with_positions:
            return tokens
        return tokens + self.model.embeddings.position.weight[: len(ids[0])].detach()

    def ask(self, label: str) -> list[int]:
        """The ids of a text of at most a block."""
        return self._ask(label, "note text", 0)

    def ask_second(self, label: str) -> list[int]:
        """The same of another text, that is set beside the first."""
        return self._ask(label, "note second text", 1)

    def _ask(self, label: str, key: str, place: int) -> list[int]:
        length = self.model.config.block_size
        sample = sample_texts(self.corpus, length)[place]
        return ask_text(label, key, sample, self.corpus.tokenizer, length)

    def texts(self, ids: list[int]) -> list[str]:
        return [self.corpus.tokenizer.decode([each]) for each in ids]


def show(corpus: Corpus) -> None:
    """The note that is chosen, and the head that it is tried on."""
    st.html(
        """<p class="gpt-lead">Six things about attention are easily said and easily missed. Each
        can be tried here, on one head with fresh weights: nothing has been learnt, and all of it
        already holds.</p>"""
    )
    number = st.segmented_control(
        "Note",
        list(range(len(NOTES))),
        format_func=lambda each: f"{each + 1} {list(NOTES)[each]}",
        key="note",
        required=True,
        default=0,
        label_visibility="collapsed",
        persist_state="session",
    )
    model = fresh_model(corpus, RUNG)
    assert isinstance(model, SingleHead)
    st.fragment(list(NOTES.values())[number or 0])(Reader(model, corpus))
    show_things_to_try(
        [
            Suggestion(
                "Open the future",
                "Take the mask away: every token sees every other, as in an encoder.",
                choose_note,
                (3,),
            ),
            Suggestion(
                "Shuffle the tokens",
                "Without positions the answers move along with the tokens, and do not change.",
                choose_note,
                (1,),
            ),
            Suggestion(
                "Make the head very wide",
                "512 channels without ÷ √D: the softmax picks one key and hears no other.",
                widen,
                (512,),
            ),
        ]
    )
    show_code(look, attend, saturation)


def choose_note(number: int) -> None:
    state["note"] = number


def widen(head_size: int) -> None:
    state["note"], state["head size"] = 5, head_size


def say(text: str) -> None:
    st.html(f'<p class="gpt-note">{text}</p>')


def show_graph(reader: Reader) -> None:
    picture, beside = st.columns([8, 4], gap="large")
    with beside:
        say(
            "Attention is <b>communication</b>. Tokens are the nodes of a directed graph; each"
            " takes from those that point to it, as much as it finds them worth. With a mask the"
            " arrows come only from the past."
        )
        ids = reader.ask("Text")
        is_causal = st.toggle("Mask the future", value=True, key="note mask")
    pattern = look(reader.model.attn, reader.read([ids]), is_causal=is_causal).pattern[0]
    texts = reader.texts(ids)
    chosen = min(int(state.get("note token", len(ids) - 1)), len(ids) - 1)

    def choose(event: PlotEvent) -> None:
        if event.x is not None:
            state["note token"] = round(float(event.x))

    with picture:
        plot(
            arcs_figure(texts, pattern.numpy(), chosen, is_causal=is_causal),
            key="graph of tokens",
            height=430,
            alt=f"{len(ids)} tokens in a row with arcs from those that each looks at; token"
            f" {chosen + 1}, {visible(texts[chosen])}, is chosen",
            on_click=choose,
        )
    with beside:
        shares = sorted(enumerate(pattern[chosen].tolist()), key=lambda pair: -pair[1])[:3]
        signs = [escape(visible(text)) for text in texts]
        most = ", ".join(f"{share:.3f} of <b>{signs[key]}</b>" for key, share in shares)
        st.html(
            f'<p class="gpt-caption">Token {chosen + 1},'
            f' <b class="gpt-backward">{signs[chosen]}</b>, takes {most}. Click'
            " another.</p>"
        )


def show_order(reader: Reader) -> None:
    picture, beside = st.columns([8, 4], gap="large")
    with beside:
        say(
            "Attention has <b>no notion of space</b>. It looks at a set. Shuffle the tokens, and"
            " their answers shuffle along: nobody notices. That is why positions are added."
        )
        ids = reader.ask("Text")
        with_positions = st.toggle("Add positions", key="note positions")
        is_causal = st.toggle("Mask the future", key="note order mask")
        st.button("Shuffle anew", icon=":material/shuffle:", on_click=shuffle)
    generator = torch.Generator().manual_seed(SEED + state.get("shuffles", 0))
    order = torch.randperm(len(ids), generator=generator)
    shuffled = [ids[place] for place in order.tolist()]

    def answer(tokens: list[int]) -> Tensor:
        x = reader.read([tokens], with_positions=with_positions)
        return look(reader.model.attn, x, is_causal=is_causal).output[0]

    before, after = answer(ids), answer(shuffled)
    difference = (before[order] - after).abs().max().item()
    with picture:
        plot(
            cells_figure(
                [
                    Cells("answers to the text", before.numpy(), reader.texts(ids)),
                    Cells("to the shuffled text", after.numpy(), reader.texts(shuffled)),
                ]
            ),
            key="shuffled",
            columns=CELL_COLUMNS,
            height=400,
            alt="What the head answers to each token, before and after the tokens were shuffled",
        )
    with beside:
        verdict = (
            "the same answers, in another order"
            if difference < 1e-5
            else "other answers: it can tell the order now"
        )
        st.html(
            f'<p class="gpt-caption">Put back in order, they differ by at most'
            f" <b>{difference:.1e}</b>: {verdict}.</p>"
        )


def shuffle() -> None:
    state["shuffles"] = state.get("shuffles", 0) + 1


def show_batch(reader: Reader) -> None:
    picture, beside = st.columns([8, 4], gap="large")
    with beside:
        say(
            "Sequences of a batch <b>never talk</b> to one another. They are computed side by"
            " side only because that is faster. Change one of the second text's letters and see"
            " which answers move."
        )
        first = reader.ask("First text")
        second = reader.ask_second("Second text")
        length = min(len(first), len(second))
        place = st.slider(
            "Replace this letter of the second text",
            1,
            max(2, length),
            max(2, length // 2 + 1),
            key=f"note place {length}",
        )
    place = min(place, length) - 1
    vocab_size = reader.corpus.tokenizer.vocab_size
    batch = [first[:length], second[:length]]
    changed = [list(batch[0]), list(batch[1])]
    changed[1][place] = (changed[1][place] + 1) % vocab_size
    before, after = (look(reader.model.attn, reader.read(each)).output for each in (batch, changed))
    moved = (after - before).abs().amax(dim=-1)  # (B, T)
    with picture:
        plot(
            cells_figure(
                [
                    Cells(
                        "how far each answer moved",
                        moved.numpy(),
                        ["1st", "2nd"],
                        [str(t + 1) for t in range(length)],
                        column_title="token",
                    )
                ]
            ),
            key="moved",
            columns=CELL_COLUMNS,
            height=300,
            alt="How far the answer to each token moved: none of the first text",
        )
    with beside:
        st.html(
            f'<p class="gpt-caption">First text: largest move <b>{moved[0].max().item():g}</b>.'
            f" Second: none before letter {place + 1}, for the mask; then up to"
            f" <b>{moved[1].max().item():.3f}</b>.</p>"
        )


def show_masks(reader: Reader) -> None:
    picture, beside = st.columns([8, 4], gap="large")
    with beside:
        say(
            "A <b>decoder</b> must not see the future, or predicting it would be copying: the mask"
            " makes it one. An <b>encoder</b>, which only has to understand a text, keeps all"
            " arrows. One line of code is the difference."
        )
        ids = reader.ask("Text")
    x, texts = reader.read([ids]), reader.texts(ids)
    shown: list[Cells] = []
    for title, is_causal in (("decoder: masked", True), ("encoder: all see all", False)):
        pattern = look(reader.model.attn, x, is_causal=is_causal).pattern[0].numpy()
        if is_causal:
            pattern = np.where(np.triu(np.ones_like(pattern), 1) == 1, np.nan, pattern)
        axis = "" if shown else LOOKING
        shown.append(pattern_cells(title, pattern, texts, texts, axis))
    with picture:
        plot(
            cells_figure(shown),
            key="masks",
            columns=CELL_COLUMNS,
            height=430,
            alt="The pattern with and without mask",
        )


def pattern_cells(
    title: str, pattern: np.ndarray, rows: list[str], columns: list[str], row_title: str = ""
) -> Cells:
    return Cells(
        title,
        pattern,
        rows,
        columns,
        "share",
        row_title=row_title,
        column_title="key: looked at",
        hover="%{customdata[0]} takes %{hovertext} of %{customdata[1]}",
    )


def show_cross(reader: Reader) -> None:
    picture, beside = st.columns([8, 4], gap="large")
    with beside:
        say(
            "In <b>self-attention</b> queries, keys and values come from the same tokens. In"
            " <b>cross-attention</b> the queries come from one text and look at another: so a"
            " translation looks at its original. There is no before and after, so no mask."
        )
        asking = reader.ask("The text that looks")
        seen = reader.ask_second("The text looked at")
    x, other = reader.read([asking]), reader.read([seen])
    itself = look(reader.model.attn, x, is_causal=False).pattern[0].numpy()
    across = look(reader.model.attn, x, at=other, is_causal=False).pattern[0].numpy()
    with picture:
        plot(
            cells_figure(
                [
                    pattern_cells(
                        "self", itself, reader.texts(asking), reader.texts(asking), LOOKING
                    ),
                    pattern_cells("cross", across, reader.texts(asking), reader.texts(seen)),
                ]
            ),
            key="cross",
            columns=CELL_COLUMNS,
            height=430,
            alt="The pattern of a text that looks at itself, and at another text",
        )


def show_scale(reader: Reader) -> None:
    del reader  # random queries and keys show it best
    picture, beside = st.columns([8, 4], gap="large")
    state.setdefault("head size", 64)
    with beside:
        say(
            "Scores are <b>divided by √D</b>. A score sums D products, so the wider the head, the"
            " larger the scores; the softmax then picks a single key, and its gradient dies."
            " Divided, their variance stays 1."
        )
        head_size = st.select_slider("D, channels of the head", HEAD_SIZES, key="head size")
    found = {
        size: saturation(size, KEYS, torch.Generator().manual_seed(SEED)) for size in HEAD_SIZES
    }
    chosen = found[head_size]
    with picture:
        plot(
            saturation_figure(chosen.raw.numpy(), chosen.scaled.numpy()),
            key="saturation",
            height=300,
            alt=f"The shares of {KEYS} keys at {head_size} channels, without and with the division",
        )
        plot(
            variance_figure(
                HEAD_SIZES,
                [found[size].raw_largest for size in HEAD_SIZES],
                [found[size].scaled_largest for size in HEAD_SIZES],
                head_size,
            ),
            key="largest share",
            height=250,
            alt="The largest share over the width of the head: it goes to 1 without the division",
        )
    with beside:
        st.html(
            f"""<div class="gpt-reading">
              <p>variance of q·k <b class="gpt-headline">{chosen.raw_variance:.2f}</b></p>
              <p>variance of q·k ÷ √D
                <b class="gpt-headline gpt-forward">{chosen.scaled_variance:.2f}</b></p>
            </div>"""
        )


NOTES: Mapping[str, Callable[[Reader], None]] = {
    "A graph": show_graph,
    "No space": show_order,
    "No talk across": show_batch,
    "Encoder, decoder": show_masks,
    "Self, cross": show_cross,
    "Why ÷ √D": show_scale,
}
