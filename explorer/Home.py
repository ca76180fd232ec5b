"""GPT Explorer's entry: which pages there are, and what they all look like."""

from pathlib import Path

import streamlit as st

from explorer import theme

MARK = Path(__file__).with_name("mark.svg")

page = st.navigation(
    {
        "": [st.Page("../pages/home.py", title="Home", default=True)],
        "Learn": [
            st.Page("../pages/autograd.py", title="Autograd"),
            st.Page("../pages/ladder.py", title="Let's build GPT"),
        ],
        "Train": [st.Page("../pages/training.py", title="Training")],
        "Look inside": [
            st.Page("../pages/attention.py", title="Attention"),
            st.Page("../pages/inside.py", title="Inside"),
            st.Page("../pages/weight.py", title="One weight"),
            st.Page("../pages/compare.py", title="Compare"),
        ],
        "Generate": [st.Page("../pages/sampling.py", title="Sampling")],
    },
    position="top",
)
# After st.navigation, or this title would replace that of every page.
st.set_page_config(page_title=f"{page.title} · GPT Explorer", page_icon=MARK, layout="wide")
st.logo(MARK, size="large")
style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
st.html(f"<style>{theme.css_variables()}{style}</style>")
page.run()
