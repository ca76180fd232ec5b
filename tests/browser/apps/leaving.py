"""Two pages: one whose fragments run again and again and lead to the other, and the other."""

import time

import streamlit as st

from explorer.browser_requests import obey_each_once

TICK = 0.1  # seconds


def show_start() -> None:
    st.title("Start")
    for number in range(3):
        with st.container():
            st.fragment(show_ticking, run_every=TICK)(number)


def show_ticking(number: int) -> None:
    st.text(f"ticking {number}")
    if number == 1 and st.button("Leave"):
        st.switch_page(END)
    time.sleep(TICK / 10)


def show_end() -> None:
    st.title("End")
    for line in range(3):
        time.sleep(TICK)  # in which more of the first page's requests come
        with st.container():
            st.text(f"line {line}")
    st.checkbox("Stay")


obey_each_once()
END = st.Page(show_end, title="End", url_path="end")
st.navigation([st.Page(show_start, title="Start", default=True), END], position="top").run()
