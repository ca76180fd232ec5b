"""What a text field of the ladder holds before anybody writes into it."""

from __future__ import annotations

import pytest

from explorer.ladder.typed_text import sample_texts
from gpt.corpus.corpus import Corpus


def test_the_lecture_s_own_where_the_text_has_all_its_characters() -> None:
    corpus = Corpus("verse", "to be or not, hii there", "text")
    assert sample_texts(corpus, 9) == ("hii there", "to be or ")
    assert sample_texts(corpus, 8) == ("hii ther", "to be or")


@pytest.mark.parametrize(
    ("length", "samples"),
    [(5, ("emily", "clara")), (3, ("ana", "bob")), (2, ("an", "bo"))],
)
def test_elsewhere_the_lines_with_the_most_different_characters(
    length: int, samples: tuple[str, str]
) -> None:
    corpus = Corpus("names", "ana\nbob\nemily\nclara\nanna\n", "documents")
    assert sample_texts(corpus, length) == samples


def test_a_text_of_one_line_gives_it_twice() -> None:
    assert sample_texts(Corpus("word", "kayak", "text"), 8) == ("kayak", "kayak")
