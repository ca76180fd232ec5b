"""What a link to the Autograd page says is what it was made from."""

from __future__ import annotations

import math
import string

from hypothesis import given
from hypothesis import strategies as st

from explorer.autograd_address import View, read_address, write_address

leaves = st.text(string.ascii_letters + "_", min_size=1, max_size=6)
numbers = st.floats(-1e6, 1e6).map(lambda number: float(f"{number:.7g}"))
paths = st.text(string.ascii_letters + " 0123456789→:/", min_size=1, max_size=12)


@given(
    text=st.text(max_size=40),
    numbers=st.dictionaries(leaves, numbers, max_size=4),
    is_naive=st.booleans(),
    is_primitive=st.booleans(),
    unfolded=st.frozensets(paths, max_size=3),
    pinned=st.none() | leaves,
    step=st.none() | st.integers(0, 99_999),
)
def test_a_view_survives_its_address(**parts) -> None:
    view = View(**parts)
    read = read_address(write_address(view))
    assert read == view


def test_an_address_that_speaks_of_no_view_is_none() -> None:
    assert read_address({}) is None
    assert read_address({"example": "another", "at": "a:1"}) is None


def test_what_cannot_be_read_is_passed_over() -> None:
    view = read_address({"text": "a*b", "at": "a:2~b:nan~c:1e999~:3~d~e:x", "step": "-1"})
    assert view is not None
    assert {k: v for k, v in view.numbers.items() if k} == {"a": 2.0}
    assert all(math.isfinite(number) for number in view.numbers.values())
    assert view.step is None
