"""A text by a model of a thousand tokens, of which the browser gets the likeliest hundred."""

from types import SimpleNamespace

import streamlit as st
import torch

from explorer import theme
from explorer.components.distribution import Controls, distribution
from explorer.sampling.picture import picture_of
from explorer.sampling.subject import Subject
from explorer.sampling.text import Text
from gpt.corpus.tokenizer import CharTokenizer
from gpt.lens.opening import OpenedModel
from gpt.tensor.config import GPTConfig
from gpt.tensor.models import build_model

CONTROLS = Controls(1.3, top_p=0.9)


def make_text() -> Text:
    tokenizer = CharTokenizer("".join(map(chr, range(0x4E00, 0x4E00 + 1000))), has_bos=False)
    model = build_model(
        GPTConfig(vocab_size=1000, block_size=32, n_layer=1, n_head=2, n_embd=16),
        torch.Generator().manual_seed(2),
    ).eval()
    with torch.no_grad():
        model.lm_head.weight *= 25
    opened = OpenedModel(model, SimpleNamespace(tokenizer=tokenizer), 0, None)  # type: ignore
    text = Text(Subject(None, 0, (0,), opened, (3, 7), 11, 20, "crop"), CONTROLS)  # type: ignore
    text.go_on(5)
    return text


if __name__ == "__main__":
    st.html(f"<style>{theme.css_variables()}</style>")
    if "text" not in st.session_state:
        st.session_state.text = make_text()
    distribution(picture_of(st.session_state.text), CONTROLS, key="view")
