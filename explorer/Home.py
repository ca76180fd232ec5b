"""GPT Explorer's entry: which pages there are, and what they all look like."""

import time
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from explorer import theme
from explorer.browser_messages import send_now, send_together
from explorer.browser_requests import obey_each_once

HERE = Path(__file__).parent
MARK = HERE / "mark.svg"
STYLING = 0.35  # seconds

state = st.session_state


class Entry(NamedTuple):
    """A page, and its style sheets beside that of all pages."""

    path: str
    title: str
    sheets: tuple[str, ...] = ()


SECTIONS = {
    "": [Entry("../pages/home.py", "Home", ("home.css",))],
    "Learn": [
        Entry("../pages/autograd.py", "Autograd"),
        Entry("../pages/ladder.py", "Let's build GPT", ("training.css", "ladder.css")),
    ],
    "Train": [Entry("../pages/training.py", "Training", ("training.css",))],
    "Look inside": [
        Entry("../pages/attention.py", "Attention", ("attention.css",)),
        Entry("../pages/inside.py", "Inside", ("inside.css",)),
        Entry("../pages/weight.py", "One weight", ("attention.css", "weight.css")),
        Entry("../pages/compare.py", "Compare", ("training.css", "compare.css")),
    ],
    "Generate": [Entry("../pages/sampling.py", "Sampling", ("sampling.css",))],
}


def style_of(title: str) -> str:
    """What the page of that title looks like, as CSS."""
    entry = next(each for entries in SECTIONS.values() for each in entries if each.title == title)
    sheets = [HERE / name for name in ("style.css", *entry.sheets)]
    return theme.css_variables() + "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


obey_each_once()
send_together()
page = st.navigation(
    {
        section: [st.Page(each.path, title=each.title, default=not section) for each in entries]
        for section, entries in SECTIONS.items()
    },
    position="top",
)
# After st.navigation, or this title would replace that of every page.
st.set_page_config(page_title=f"{page.title} · GPT Explorer", page_icon=MARK, layout="wide")
st.logo(MARK, size="large")
st.html(f"<style>{style_of(page.title)}</style>")
if "is styled" not in state:
    # The first time, the browser must fetch what it needs to show a style, and would show the page
    # without it for a second or two, and then lay it out anew.
    state["is styled"] = True
    send_now()
    time.sleep(STYLING)
page.run()
