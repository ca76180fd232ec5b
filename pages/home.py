"""Home: what the explorer is, in one screen."""

import streamlit as st

st.title("What happens inside a GPT?")
st.page_link("../pages/autograd.py", label="Start with a number that remembers")
