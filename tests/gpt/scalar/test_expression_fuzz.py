"""2,000 well-formed, broken and hostile expressions; tests/benchmarks has ten times as many."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def fuzz() -> ModuleType:
    """tests/benchmarks/expression_fuzz.py, which lies outside every package."""
    path = Path(__file__).parents[2] / "benchmarks" / "expression_fuzz.py"
    spec = importlib.util.spec_from_file_location("expression_fuzz", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("error")
@settings(max_examples=2000)
@given(kind=st.integers(0, 6), seed=st.integers(0, 2**64))
def test_nothing_but_an_expression_error_comes_out(fuzz: ModuleType, kind: int, seed: int) -> None:
    """At once, at any numbers, and with a sentence about a place that is there."""
    text = list(fuzz.KINDS.values())[kind](random.Random(seed))
    outcome, milliseconds = fuzz.timed(text)
    assert outcome in ("refused", "undefined", "worked out")
    assert milliseconds < fuzz.LIMIT
    fuzz.evaluate_at_extremes(text)


@pytest.mark.filterwarnings("error")
@settings(max_examples=300)
@given(text=st.text(max_size=60))
def test_any_text_at_all_is_answered(fuzz: ModuleType, text: str) -> None:
    assert fuzz.answer(text) in ("refused", "undefined", "worked out")
