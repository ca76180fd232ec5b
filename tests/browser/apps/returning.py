"""A large element that goes and comes back."""

import streamlit as st

LARGE = "so much text that it is worth keeping " * 1000

if st.checkbox("Show", value=True):
    st.text(LARGE)
