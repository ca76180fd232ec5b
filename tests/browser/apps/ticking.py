"""Fragments that tick while the page runs, each with something below it."""

import time

import streamlit as st

from explorer.browser_requests import obey_each_once
from explorer.reruns import run_apart

TICK = 0.1  # seconds; shorter than the page takes, so that ticks wait for its end
FRAGMENTS = 4

state = st.session_state


def tick(number: int) -> None:
    st.text(f"ticking {number}")


def count() -> None:
    state.presses = state.get("presses", 0) + 1


obey_each_once()
state.runs = state.get("runs", 0) + 1
st.button("Again", on_click=count)
time.sleep(3 * TICK)
for number in range(FRAGMENTS):
    run_apart(tick, number, every=TICK)
    st.text(f"below {number}")
st.text(f"run {state.runs}")
st.text(f"presses {state.get('presses', 0)}")
