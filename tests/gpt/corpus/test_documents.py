from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.documents import hold_out, split_documents


def test_documents_are_the_stripped_lines_that_hold_something():
    assert split_documents("\n emma\t\n\n  \nana maria\r\n") == ("emma", "ana maria")


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=60), st.integers())
def test_a_tenth_is_held_out_and_nothing_lost(documents, seed):
    train, validation = hold_out(documents, random.Random(seed))
    assert len(validation) == max(1, len(documents) // 10)
    assert sorted(train + validation) == sorted(documents)
    assert (train, validation) == hold_out(documents, random.Random(seed))


def test_both_parts_keep_the_order_of_the_documents():
    documents = [f"{i:03}" for i in range(200)]
    train, validation = hold_out(documents, random.Random(7))
    assert list(train) == sorted(train)
    assert list(validation) == sorted(validation)
    assert validation != hold_out(documents, random.Random(8))[1]


def test_one_document_cannot_be_split():
    with pytest.raises(ValueError) as refusal:
        hold_out(["emma"], random.Random(0))
    assert str(refusal.value) == (
        "One document cannot be split into some to train on and some to hold out."
    )
