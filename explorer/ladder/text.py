"""Chapter one: characters become numbers, and stretches of text become examples."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer.charts.tokens import chip, chips, visible
from explorer.source_code import show_code
from explorer.things_to_try import Suggestion, show_things_to_try
from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import CharTokenizer, UnknownCharacterError
from gpt.runs.data import encode_streams

LECTURE_TEXT = "hii there"
LECTURE_SEED = 1337

state = st.session_state

_streams = st.cache_resource(max_entries=4, hash_funcs={Corpus: lambda c: c.sha256})(encode_streams)


def set_batch(batch_size: int, block_size: int, seed: int) -> None:
    state["ladder rows"], state["ladder columns"], state["ladder seed"] = (
        batch_size,
        block_size,
        seed,
    )


def set_text(text: str) -> None:
    state["ladder text"] = text


def show(corpus: Corpus) -> None:
    """The tokenizer, the split, and a batch."""
    tokenizer = corpus.tokenizer
    st.html(
        """<p class="gpt-lead">A model sees no letters. Every character of the text gets a number,
        and that is all there is: numbers in, numbers out.</p>"""
    )
    show_encoding(tokenizer)
    show_split(corpus)
    st.header("One batch is many examples", anchor="batch")
    show_batch(corpus)
    show_things_to_try(
        [
            Suggestion(
                "The lecture's first batch",
                "Seed 1337, 4 by 8: on Tiny Shakespeare its first row begins 24 43 58 5.",
                set_batch,
                (4, 8, LECTURE_SEED),
            ),
            Suggestion(
                "A longer memory",
                "A block of 16: the last example of a row may look back at sixteen characters.",
                set_batch,
                (4, 16, LECTURE_SEED),
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

    show_code(CharTokenizer.encode, CharTokenizer.from_text, Corpus.split, get_batch)


def show_encoding(tokenizer: CharTokenizer) -> None:
    state.setdefault("ladder text", LECTURE_TEXT)
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
        st.html(
            f"""<p class="gpt-caption">All <b>{tokenizer.vocab_size}</b> tokens of this text, in
            order{", ⊢ where a document begins or ends" if tokenizer.has_bos else ""}:</p>
            <div class="gpt-tokens">{table}</div>"""
        )


def typed_ids(tokenizer: CharTokenizer, text: str) -> list[int] | None:
    """The ids of what was typed; None, and a sentence, where a character has none."""
    try:
        return tokenizer.encode(text)
    except UnknownCharacterError as error:
        strange = "".join(chip(each, kind="gpt-token-wrong") for each in error.unknown)
        st.html(
            f'<p class="gpt-caption">{strange} never occurs in this text, so it has no number.'
            " Take a character that does.</p>"
        )
        return None


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
    import torch

    from gpt.tensor.batches import get_batch

    data = torch.tensor(_streams(corpus).train)
    set_missing = {"ladder rows": 4, "ladder columns": 8, "ladder seed": LECTURE_SEED}
    for key, value in set_missing.items():
        state.setdefault(key, value)
    longest = min(16, len(data) - 1)
    rows, columns, seed = st.columns(3)
    batch_size = rows.slider("B, sequences", 1, 8, key="ladder rows", persist_state="session")
    block_size = columns.slider(
        "T, tokens in each", 1, longest, key="ladder columns", persist_state="session"
    )
    chosen_seed = seed.number_input(
        "Seed", 0, 2**31, step=1, key="ladder seed", persist_state="session"
    )
    generator = torch.Generator().manual_seed(int(chosen_seed))
    xs, ys = get_batch(data, block_size, batch_size, generator)
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
        st.html(examples_table(tokenizer, xs[row].tolist(), ys[row].tolist()))
    with picture:
        st.html(batch_table(tokenizer, xs.tolist(), ys.tolist(), row))
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
