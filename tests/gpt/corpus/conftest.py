"""The corpora that do not ship, where GPT_DATA says that they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpt.corpus.catalogue import CATALOGUE, load_corpus
from gpt.corpus.corpus import Corpus


def _load_if_at_hand(name: str) -> Corpus:
    source = CATALOGUE[name].source
    folder = os.environ.get("GPT_DATA")
    if not folder or not (Path(folder) / source.filename).is_file():
        pytest.skip(f"GPT_DATA names no folder with {source.filename}")
    return load_corpus(name)


@pytest.fixture(scope="session")
def shakespeare() -> Corpus:
    return _load_if_at_hand("shakespeare")


@pytest.fixture(scope="session")
def names_32k() -> Corpus:
    return _load_if_at_hand("names-32k")
