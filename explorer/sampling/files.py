"""The text and everything that decided it, to keep."""

from __future__ import annotations

import pandas as pd

from explorer.downloads import Download, show_downloads
from explorer.sampling.subject import config_of
from explorer.sampling.text import Text
from gpt.tensor.steps import take_step


def table_of(text: Text) -> pd.DataFrame:
    """A row per token taken."""
    subject = text.subject
    rows = []
    needles = text.uniforms()
    for place, token in enumerate(text.taken):
        read = [*subject.prompt, *text.taken[:place]]
        step = take_step(text.logits[place], read, config_of(text.controls), token=token)
        rows.append(
            {
                "place": len(subject.prompt) + place + 1,  # counted from 1, as on the page
                "token": token,
                "text": subject.opened.tokenizer.decode([token]),
                "forced": place in text.forced,
                "uniform": needles[place],
                "logit": step.logits[token].item(),
                "model_probability": step.model_probability,
                "drawn_from_probability": step.probabilities[token].item(),
                "rank": step.rank,
                "surprisal_nats": step.surprisal,
                "entropy_nats": step.entropy,
            }
        )
    return pd.DataFrame(rows)


def show_files(text: Text) -> None:
    """The text as TXT, and token by token as CSV."""
    subject = text.subject
    name = f"sample-{subject.summary.run.name}-{subject.step}-{subject.seed}"
    decode = subject.opened.tokenizer.decode
    show_downloads(
        [
            Download(
                "Text",
                f"{name}.txt",
                lambda: decode([*subject.prompt, *text.taken]),
                icon=":material/description:",
            ),
            Download(
                "Tokens as CSV",
                f"{name}.csv",
                lambda: table_of(text).to_csv(index=False),
                icon=":material/table:",
            ),
        ]
    )
