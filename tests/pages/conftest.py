"""What every test of a page begins with."""

from __future__ import annotations

import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """A server keeps corpora for all visits; here each test may have other folders."""
    st.cache_resource.clear()
