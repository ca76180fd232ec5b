"""Autograd: an expression, its computation graph, and the gradients that flow back through it."""

import streamlit as st

st.title("What does every number remember?")
