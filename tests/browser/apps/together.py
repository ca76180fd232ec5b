"""Things that may be done at once: a box of the page, and a box and a button of two fragments."""

import streamlit as st

from explorer.browser_requests import obey_each_once

state = st.session_state


def press() -> None:
    state.presses = state.get("presses", 0) + 1


@st.fragment
def show_button() -> None:
    st.button("Press", on_click=press)
    st.text(f"presses {state.get('presses', 0)}")


@st.fragment
def show_box() -> None:
    ticked = st.checkbox("Tick", key="Tick")
    st.text(f"ticked {ticked}")


obey_each_once()
if st.button("Work"):
    state.worked = True
if st.button("Set"):
    state.Tick = not state.get("Tick")
state.runs = state.get("runs", 0) + 1
st.text(f"chosen {st.checkbox('Choose')}")
show_button()
show_box()
st.text(f"worked {state.get('worked', False)}")
st.text(f"run {state.runs}")
