from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys

import pytest

from gpt.corpus import catalogue
from gpt.corpus.catalogue import (
    CATALOGUE,
    DATA_FOLDER,
    MissingCorpusError,
    find_file,
    load_corpus,
    load_names,
)
from gpt.corpus.text import CorpusError


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_DATA", str(tmp_path))
    return tmp_path


def test_the_embedded_names():
    names = load_names()
    assert len(names) >= 2_000
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z]{2,15}", name) for name in names)
    assert {"emma", "olivia", "liam", "noah", "ava", "sophia", "james", "william"} <= set(names)
    corpus = load_corpus("names")
    assert (corpus.name, corpus.kind, corpus.tokenizer.vocab_size) == ("names", "documents", 27)
    assert corpus.text == (DATA_FOLDER / "names.txt").read_text()


def test_eight_names_are_all_learnt_and_none_held_out():
    corpus = load_corpus("eight-names")
    names = ("emma", "olivia", "liam", "noah", "ava", "sophia", "james", "william")
    assert corpus.documents == names
    assert corpus.split(random.Random(1)) == (names, ())


def test_the_embedded_names_are_not_mistaken_for_downloaded_ones(downloads):
    (downloads / "names.txt").write_text("other\nnames\n")
    assert find_file(CATALOGUE["names"]) == DATA_FOLDER / "names.txt"
    assert find_file(CATALOGUE["names-32k"]) == downloads / "names.txt"


def test_data_comes_before_downloads(downloads, monkeypatch):
    shipped = downloads / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(catalogue, "DATA_FOLDER", shipped)
    (downloads / "tinyshakespeare.txt").touch()
    assert find_file(CATALOGUE["shakespeare"]) == downloads / "tinyshakespeare.txt"
    (shipped / "shakespeare.txt").touch()
    assert find_file(CATALOGUE["shakespeare"]) == shipped / "shakespeare.txt"


@pytest.mark.parametrize("unset", [True, False])
def test_downloads_go_under_data_unless_told_otherwise(monkeypatch, unset):
    monkeypatch.setenv("GPT_DATA", "")
    if unset:
        monkeypatch.delenv("GPT_DATA")
    assert catalogue.downloads_folder() == DATA_FOLDER / "downloads"


def test_a_corpus_that_is_not_here_says_how_to_get_it(downloads):
    assert find_file(CATALOGUE["shakespeare"]) is None
    with pytest.raises(MissingCorpusError) as refusal:
        load_corpus("shakespeare")
    assert str(refusal.value) == (
        "Tiny Shakespeare is not on this machine: fetch it (python -m gpt fetch shakespeare),"
        " or put the file from https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
        f" at {downloads / 'tinyshakespeare.txt'}."
    )


def test_a_file_that_is_not_what_its_name_promises_is_refused(downloads):
    path = downloads / "tinyshakespeare.txt"
    path.write_text("First Citizen: " * 100)
    with pytest.raises(CorpusError) as refusal:
        load_corpus("shakespeare")
    assert str(refusal.value) == (
        f"{path} is not Tiny Shakespeare, for its SHA-256 is another: move it away, then fetch it."
    )


def test_an_incomplete_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "DATA_FOLDER", tmp_path)
    with pytest.raises(CorpusError) as refusal:
        load_corpus("names")
    assert str(refusal.value) == (
        f"Names of the world should be in {tmp_path} but is not: install the project again."
    )


def test_downloaded_corpora_are_the_published_ones(shakespeare, names_32k):
    assert (shakespeare.kind, shakespeare.tokenizer.vocab_size) == ("text", 65)
    assert (names_32k.kind, len(names_32k.documents)) == ("documents", 32_033)
    for corpus in (shakespeare, names_32k):
        source = CATALOGUE[corpus.name].source
        assert corpus.sha256 == source.sha256
        assert len(corpus.text.encode()) == source.n_bytes


def test_a_file_is_a_corpus_of_either_kind(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(b"one\r\ntwo\r\n" * 20)
    assert load_corpus(path).text == "one\ntwo\n" * 20
    assert load_corpus(str(path)).kind == "text"
    assert load_corpus(path, "documents").documents == ("one", "two") * 20
    assert load_corpus(path).name == "mine.txt"


def test_a_name_that_is_nothing_is_answered_with_the_names_there_are(tmp_path):
    with pytest.raises(CorpusError) as refusal:
        load_corpus(tmp_path / "shakespear")
    assert str(refusal.value) == (
        f"There is neither a corpus nor a file called {tmp_path / 'shakespear'}: the corpora are"
        " names, eight-names, shakespeare, names-32k, copy, reverse, sort, add, brackets, grammar."
    )


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("x" * 999, "File name too")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, reason):
    with pytest.raises(CorpusError, match=f" cannot be read: {reason}"):
        load_corpus(tmp_path / name)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(CorpusError) as refusal:
        load_corpus(path)
    assert str(refusal.value) == (
        "huge.txt is too large: a corpus may have 20 MB (20,000,000 bytes)."
    )


def test_the_core_reads_corpora_with_the_standard_library_alone():
    modules = "catalogue, corpus, documents, text, tokenizer, baselines"
    code = (
        f"import sys; from gpt.corpus import {modules};"
        " print(sorted({'torch', 'numpy', 'streamlit', 'urllib.request'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_a_copy_of_the_project_finds_its_own_data(tmp_path):
    shutil.copytree(DATA_FOLDER.parent / "gpt", tmp_path / "gpt")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "names.txt").write_text("ann\nbob\n" * 50)
    code = "from gpt.corpus.catalogue import load_names; print(len(load_names()))"
    out = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert out == "100\n"
