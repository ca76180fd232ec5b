"""What is known of a text without waiting, and what has to be counted."""

from __future__ import annotations

from pathlib import Path

from explorer.background import Outcome
from explorer.measures import ask_text, characters_per_token
from gpt.corpus.corpus import Corpus
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run


def test_a_token_of_running_text_in_characters_is_one_even_where_the_text_is_gone(
    tmp_path: Path,
) -> None:
    config = configure(PRESETS["gpt-small"], Corpus("mine", "to be or not to be " * 40, "text"))
    assert characters_per_token(config, Run(tmp_path / "without a text")) == Outcome(1.0, None)


def test_documents_are_counted_for_their_ends_are_tokens_too() -> None:
    names = Corpus("mine", "emma\nolivia\nava\n" * 20, "documents")
    config = configure(PRESETS["gpt-small"], names)
    counted = ask_text(config, names).result()
    assert counted.characters_per_token < 1
    assert characters_per_token(config, names) == Outcome(counted.characters_per_token, None)
