"""The last section of every page: the very functions that ran."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import streamlit as st

ROOT = Path(__file__).parent.parent


def show_code(*functions: Callable[..., Any] | type) -> None:
    """Show the source of functions or classes as it stands, so that it cannot drift.

    Pass what the page calls, in the order in which it is best read. What a decorator wrapped is
    shown unwrapped.
    """
    st.header("The code", anchor="the-code")
    for function in functions:
        function = inspect.unwrap(function)
        with st.expander(title(function)):
            st.code(source(function), language="python")


# Finding a class in its file takes milliseconds, and every run of a page would pay them again.
@cache
def source(function: Callable[..., Any] | type) -> str:
    """Its text, from the margin on."""
    return dedent(inspect.getsource(function))


@cache
def title(function: Callable[..., Any] | type) -> str:
    """Its name, the first line of its docstring, and where it stands, as ``explorer/x.py:21``."""
    path = Path(inspect.getsourcefile(function) or "").resolve()
    place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    line = inspect.getsourcelines(function)[1]
    summary = (inspect.getdoc(function) or "").partition("\n")[0]
    return f"`{function.__name__}` — {summary} :gray[{place}:{line}]"
