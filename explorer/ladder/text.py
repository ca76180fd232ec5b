"""Chapter one: characters become numbers, and stretches of text become examples."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from explorer.charts.tokens import chip, chips, visible
from explorer.ladder.lecture import FIRST_BATCH, SEED, is_its_text
from explorer.ladder.typed_text import offer, sample_texts, typed_ids
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import CharTokenizer
from gpt.runs.data import encode_streams

if TYPE_CHECKING:  # torch takes its time, and the tokens above the batch need none
    import torch

TYPED_AT_FIRST = 9  # characters, as many as the lecture's "hii there" has

state = st.session_state

_streams = st.cache_resource(max_entries=4, hash_funcs={Corpus: lambda c: c.sha256})(encode_streams)


@st.cache_resource(max_entries=4, hash_funcs={Corpus: lambda corpus: corpus.sha256})
def ids_to_learn(corpus: Corpus) -> torch.Tensor:
    """The part of the text to learn from, `(N,)`."""
    import torch

    return torch.tensor(_streams(corpus).train)


def draw_batch(
    corpus: Corpus, batch_size: int, block_size: int, seed: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Contexts and targets, each `(B, T)`, as this seed draws them first."""
    import torch

    from gpt.tensor.batches import get_batch

    generator = torch.Generator().manual_seed(seed)
    xs, ys = get_batch(ids_to_learn(corpus), block_size, batch_size, generator)
    return xs.tolist(), ys.tolist()


def set_batch(batch_size: int, block_size: int, seed: int) -> None:
    state["ladder rows"], state["ladder columns"], state["ladder seed"] = (
        batch_size,
        block_size,
        seed,
    )


def draw_anew() -> None:
    state["ladder seed"] = (state["ladder seed"] + 1) % 2**31


def set_text(text: str) -> None:
    state["ladder text"] = text


def show(corpus: Corpus) -> None:
    """The tokenizer, the split, and a batch."""
    st.html(
        """<p class="gpt-lead">A model sees no letters. Every character of the text gets a number,
        and that is all there is: numbers in, numbers out.</p>"""
    )
    show_encoding(corpus)
    show_split(corpus)
    st.header("One batch is many examples", anchor="batch")
    show_batch(corpus)
    show_things_to_try(
        [
            suggest_batch(corpus),
            Suggestion(
                "A longer memory",
                "A block of 16: the last example of a row may look back at sixteen characters.",
                set_batch,
                (4, 16, SEED),
            ),
            Suggestion(
                "Write something strange",
                "A character that the text never shows has no number, and so no meaning.",
                set_text,
                ("naïve ☃",),
            ),
        ]
    )
    from gpt.tensor.batches import get_batch

    has_documents = corpus.kind == "documents"
    made_by = CharTokenizer.from_documents if has_documents else CharTokenizer.from_text
    show_code(CharTokenizer.encode, made_by, Corpus.split, get_batch)


def suggest_batch(corpus: Corpus) -> Suggestion:
    """The lecture's own batch, which only its text has; of another text, one more."""
    if not is_its_text(corpus):
        return Suggestion(
            "Another batch",
            "The next seed cuts other stretches out of the text, as every step of training does.",
            draw_anew,
        )
    (first_row, *_), _ = draw_batch(corpus, *FIRST_BATCH, SEED)
    return Suggestion(
        "The lecture's first batch",
        f"Seed {SEED}, {FIRST_BATCH[0]} by {FIRST_BATCH[1]}: its first row begins"
        f" {' '.join(map(str, first_row[:4]))}, there as here.",
        set_batch,
        (*FIRST_BATCH, SEED),
    )


def show_encoding(corpus: Corpus) -> None:
    tokenizer = corpus.tokenizer
    offer("ladder text", sample_texts(corpus, TYPED_AT_FIRST)[0])
    typed, known = st.columns([5, 7], gap="large")
    with typed:
        text = st.text_input(
            "Type something", key="ladder text", max_chars=60, persist_state="session"
        )
        ids = typed_ids(tokenizer, text)
        if ids is not None:
            st.html(f'<div class="gpt-tokens-large">{chips(text, ids)}</div>')
            st.html(
                f'<p class="gpt-caption">encode → <b>{ids}</b><br>decode → '
                f"<b>{escape(repr(tokenizer.decode(ids)))}</b></p>"
            )
    with known:
        used = set(text)
        table = "".join(
            chip(character, note=number, kind="gpt-token-lit" if character in used else "")
            for number, character in enumerate(tokenizer.characters)
        )
        if tokenizer.bos is not None:
            table += chip("", note=tokenizer.bos)
        signs = {" ": "a space", "\n": "a line break"}
        meanings = [
            f"{visible(each)} is {sign}" for each, sign in signs.items() if each in tokenizer.texts
        ]
        if tokenizer.has_bos:
            meanings.append(f"{visible('')} where a document begins or ends")
        st.html(
            f"""<p class="gpt-caption">All <b>{tokenizer.vocab_size}</b> tokens of this text, in
            order{"".join(f", {each}" for each in meanings)}:</p>
            <div class="gpt-tokens">{table}</div>"""
        )


def show_split(corpus: Corpus) -> None:
    streams = _streams(corpus)
    train, held_out = len(streams.train), len(streams.validation)
    share = 100 * train / max(1, train + held_out)
    st.html(
        f"""<div class="gpt-split" role="img" aria-label="{train:,} tokens to learn from and
        {held_out:,} held out"><i style="width:{share:.2f}%"></i></div>
        <p class="gpt-caption"><b>{train:,}</b> tokens to learn from, <b>{held_out:,}</b> held out
        to be tested on: only text that was never learnt can tell learning from remembering.</p>"""
    )


def show_batch(corpus: Corpus) -> None:
    keys = ("ladder rows", "ladder columns", "ladder seed")
    for key, value in zip(keys, (*FIRST_BATCH, SEED), strict=True):
        state.setdefault(key, value)
    longest = min(16, len(_streams(corpus).train) - 1)
    rows, columns, seed = st.columns(3)
    batch_size = rows.slider("B, sequences", 1, 8, key="ladder rows", persist_state="session")
    block_size = columns.slider(
        "T, tokens in each", 1, longest, key="ladder columns", persist_state="session"
    )
    chosen_seed = seed.number_input(
        "Seed", 0, 2**31, step=1, key="ladder seed", persist_state="session"
    )
    xs, ys = draw_batch(corpus, batch_size, block_size, int(chosen_seed))
    picture, beside = st.columns([7, 5], gap="large")
    tokenizer = corpus.tokenizer
    with beside:
        row = st.segmented_control(
            "Unfold row",
            list(range(batch_size)),
            default=0,
            required=True,
            format_func=lambda number: str(number + 1),
            key=f"ladder row of {batch_size}",
        )
        st.html(examples_table(tokenizer, xs[row], ys[row]))
    with picture:
        st.html(batch_table(tokenizer, xs, ys, row))
        st.html(
            f"""<p class="gpt-caption">What to read <b class="gpt-forward">(x)</b> and, one place
            later, what to answer <b class="gpt-backward">(y)</b>. {batch_size} rows of {block_size}
            hold <b>{batch_size * block_size}</b> examples: after every token, with all before it in
            the row as context.</p>"""
        )


def batch_table(
    tokenizer: CharTokenizer, xs: list[list[int]], ys: list[list[int]], chosen: int
) -> str:
    """Every row twice: the context, and the targets one place later."""
    lines = []
    for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
        kind = " class='gpt-chosen'" if number == chosen else ""
        lines.append(
            f"<tr{kind}><th class='gpt-forward'>x<sub>{number + 1}</sub></th>"
            f"<td>{token_chips(tokenizer, x)}</td></tr>"
            f"<tr{kind}><th class='gpt-backward'>y<sub>{number + 1}</sub></th>"
            f"<td>{token_chips(tokenizer, y)}</td></tr>"
        )
    return f"<div class='gpt-scroll'><table class='gpt-batch'>{''.join(lines)}</table></div>"


def examples_table(tokenizer: CharTokenizer, x: list[int], y: list[int]) -> str:
    """The examples in one row: each context with its target."""
    lines = "".join(
        f"<tr><td>{token_text(tokenizer, x[: t + 1])}</td><td>→</td>"
        f"<td class='gpt-backward'>{token_text(tokenizer, y[t : t + 1])}</td></tr>"
        for t in range(len(x))
    )
    return f"<table class='gpt-examples'>{lines}</table>"


def token_chips(tokenizer: CharTokenizer, ids: list[int]) -> str:
    return chips((tokenizer.decode([each]) for each in ids), ids)


def token_text(tokenizer: CharTokenizer, ids: list[int]) -> str:
    return "".join(escape(visible(tokenizer.decode([each]))) for each in ids)
