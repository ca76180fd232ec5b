"""Home: a GPT before and after it learns, and learning at its smallest."""

from __future__ import annotations

import streamlit as st

from explorer.home.descent import show_descent
from explorer.home.showing import show_tour, tick_now
from explorer.landscape import descend, squared_error
from explorer.reruns import begin_page, end_page, run_apart
from explorer.source_code import show_code
from gpt.runs.launch import start_run
from gpt.scalar.value import backward

begin_page()
st.title("What happens inside a GPT?")
st.html(
    """<p class="gpt-lead">GPT Explorer takes a GPT apart, down to its numbers. Begin with one of
    your own: hear it before it has learnt anything, train it on names, hear it again.</p>"""
)
tick = tick_now()
run_apart(show_tour, tick, every=tick)
show_descent()
end_page()
show_code(start_run, descend, squared_error, backward)
