"""The Training page alone, with a shelf of runs of its own."""

import os
from pathlib import Path

import streamlit as st

from explorer import theme
from explorer.browser_requests import obey_each_once

os.environ["GPT_RUNS"] = os.environ["GPT_TEST_RUNS"]

obey_each_once()
# The server's current folder is the project's.
page = st.navigation([st.Page(Path("pages/training.py").resolve())])
st.set_page_config(layout="wide")
sheets = (Path("explorer", name) for name in ("style.css", "training.css"))
style = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
st.html(f"<style>{theme.css_variables()}{style}</style>")
page.run()
