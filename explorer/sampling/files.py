"""The text and everything that decided it, to keep."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from explorer.sampling.text import Text


def table_of(text: Text) -> pd.DataFrame:
    """A row per token taken."""
    subject = text.subject
    return pd.DataFrame(
        [
            {
                "place": len(subject.prompt) + place + 1,  # counted from 1, as on the page
                "token": token,
                "text": subject.opened.tokenizer.decode([token]),
                "forced": place in text.forced,
                "uniform": needle,
                "logit": measure.logit,
                "model_probability": measure.probability,
                "drawn_from_probability": measure.drawn_probability,
                "rank": measure.rank,
                "surprisal_nats": measure.surprisal,
                "entropy_nats": measure.entropy,
            }
            for place, (token, measure, needle) in enumerate(
                zip(text.taken, text.measures, text.uniforms(), strict=False)
            )
        ]
    )


def show_files(text: Text) -> None:
    """The text as TXT, and token by token as CSV.

    Both are made at once. What Streamlit has made only after a click it may let go of again before
    the browser has fetched it, where the page runs meanwhile, as this one does at every touch.
    """
    subject = text.subject
    name = f"sample-{subject.summary.run.name}-{subject.step}-{subject.seed}"
    st.download_button(
        "Text as TXT",
        subject.opened.tokenizer.decode(text.whole),
        f"{name}.txt",
        "text/plain",
        type="tertiary",
        icon=":material/description:",
        on_click="ignore",
    )
    st.download_button(
        "Tokens as CSV",
        table_of(text).to_csv(index=False),
        f"{name}.csv",
        "text/csv",
        type="tertiary",
        icon=":material/table:",
        on_click="ignore",
    )
