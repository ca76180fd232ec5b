"""Where the heads of a run's last model look, on a text that it wrote itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import torch

from gpt.corpus.signs import BOS_SIGN
from gpt.lens.heads import label_heads, measure_heads
from gpt.lens.induction import score_induction
from gpt.lens.opening import OpenedModel, open_model
from gpt.lens.trace import NoSuchActivationError
from gpt.report.head_map import draw_pattern, draw_scale
from gpt.report.markup import figure, grid
from gpt.runs.journal import Record
from gpt.runs.outside import write_first
from gpt.runs.run import Run

MOST_TOKENS = 24  # of the text that the heads read: so many have room beside a map


def write_heads(run: Run, samples: Sequence[Record]) -> str:
    """A map of every head of the last checkpoint, as HTML; nothing where there is none."""
    if not run.checkpoints():
        return ""
    opened = open_model(run)
    try:
        ids = tokens_to_read(opened, [str(each["text"]) for each in samples])
        if not ids:
            return ""
        by_layer = opened.trace(ids).patterns.float()
    except (ValueError, NoSuchActivationError):
        return ""  # it wrote nothing that could be read, or has no heads
    n_head = by_layer.shape[1]
    patterns, tokens = by_layer.flatten(0, 1), torch.tensor(ids)
    induction = score_induction(opened.model, opened.tokenizer.vocab_size, opened.tokenizer.bos)
    labels = label_heads(measure_heads(patterns, tokens), tokens, induction) if len(ids) > 2 else []
    texts = [opened.tokenizer.decode([each]) for each in ids]
    rows: list[list[str]] = [[] for _ in by_layer]
    for index, pattern in enumerate(patterns.tolist()):
        name = f"layer {index // n_head}, head {index % n_head}"
        label = labels[index] if labels else None
        said = f"{label} {label.score:.2f}" if label else "no label"
        drawn = draw_pattern(pattern, texts, f"Attention of {name}: {said}")
        rows[index // n_head].append(figure(f"<b>{name}</b><br>{said}", drawn))
    who = "As it was adopted, it" if opened.config.is_from_outside else f"Step {opened.step:,}"
    caption = (
        f"<p>{who} reads what it wrote: <code>{escape(read_text(opened, ids))}</code>, {len(ids)}"
        " tokens. Rows are the tokens that look, columns those looked at; what the mask forbids is"
        " grey. A head is called by what it does where most of its attention goes there.</p>"
        f'<div class="scale-line"><small>attention weight</small>{draw_scale()}</div>'
    )
    return caption + "".join(grid(row, "heads") for row in rows)


def tokens_to_read(opened: OpenedModel, texts: Sequence[str]) -> list[int]:
    """The first token ids of what the model wrote last, as it learnt to read them.

    Of a task its longest question with the answer, of documents as many as fit, of a GPT of plain
    numbers, which reads one at a time, the longest. A model from outside writes anew: what it has
    written cannot be had from its text where a token is a part of a character only.

    Raises UnknownCharacterError.
    """
    config, tokenizer = opened.config, opened.tokenizer
    most = min(MOST_TOKENS, opened.model.config.block_size)
    if config.is_from_outside:
        return write_first(opened.model, tokenizer)[:most]
    text = texts[-1] if texts else ""
    lines = [line for line in text.split("\n") if line]
    if config.corpus.task:
        # Behind an answer stands whether it is right, and dots where it has no end.
        text = max((line.split(" ")[0].rstrip("…") for line in lines), key=len, default="")
    elif config.corpus.kind == "documents":
        if opened.plain is None:
            return tokenizer.encode_documents(lines)[:-1][:most]
        text = max(lines, key=len, default="")
    tokens = tokenizer.encode(text)
    bos = tokenizer.bos
    return (tokens if bos is None else [bos, *tokens] if tokens else [])[:most]


def read_text(opened: OpenedModel, ids: Sequence[int]) -> str:
    """Tokens as text, each BOS as its sign; those between are decoded at once."""
    bos = opened.tokenizer.bos
    return "".join(
        BOS_SIGN * len(part) if is_bos else opened.tokenizer.decode(part)
        for is_bos, part in ((key, list(group)) for key, group in groupby(ids, lambda i: i == bos))
    )
