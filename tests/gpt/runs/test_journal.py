from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.runs import journal
from gpt.runs.journal import Journal, Tail, cut_after, read_records

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=5))
def test_what_is_appended_is_read(tmp_path_factory: pytest.TempPathFactory, records: list) -> None:
    path = tmp_path_factory.mktemp("journal") / "lines.jsonl"
    with Journal(path) as journal:
        for record in records:
            journal.append(record)
    assert read_records(path) == records


@given(st.data())
def test_a_tail_reads_every_line_once_however_the_file_grows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("tail") / "lines.jsonl"
    records = [{"step": i, "text": "é\u2028\n" * (i % 3)} for i in range(8)]
    contents = b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in records)
    cuts = data.draw(st.lists(st.integers(0, len(contents)), max_size=6).map(sorted))
    tail, read = Tail(path), []
    for end in [*cuts, len(contents)]:
        path.write_bytes(contents[:end]) if not path.exists() else path.open("ab").write(
            contents[path.stat().st_size : end]
        )
        update = tail.read()
        assert update.is_whole == (not read)
        read += update.records
    assert read == records
    assert not tail.has_grown()
    assert tail.read() == ([], False)


def test_nothing_is_there_before_the_file_is(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "none.jsonl")
    assert not tail.has_grown()
    assert tail.read() == ([], False)


def test_a_line_that_is_no_object_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n[2]\n\nnonsense\n\xff\xfe\n{"a": NaN}\n{"b": 3}\n{"half": ')
    assert read_records(path) == [{"a": 1}, {"b": 3}]
    deep = b"[" * 100_000 + b"\n"
    path.write_bytes(b'{"a": ' + deep + b'{"b": 3}\n')
    assert read_records(path) == [{"b": 3}]


def test_a_line_cut_in_half_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n{"half": ')
    with Journal(path) as journal:
        journal.append({"b": 2})
        journal.append({"c": 3})
    assert read_records(path) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_what_json_does_not_have_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    with Journal(path) as journal, pytest.raises(ValueError, match="not JSON compliant"):
        journal.append({"loss": float("nan")})
    assert path.read_bytes() == b""


def test_cutting_removes_later_steps_and_what_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [f'{{"step": {i}, "train_loss": {i}.5}}\n'.encode() for i in range(6)]
    for contents, step, kept in (
        (b"".join(lines), 3, lines[:4]),
        (b"".join(lines), 9, lines),
        (b"".join(lines), -1, []),
        (b"".join(lines) + b'{"step": 6, "tr', 6, lines),
        (b"".join(lines[:2]) + b"garbage\n" + b"".join(lines[2:]), 5, lines[:2]),
        (b"", 5, []),
    ):
        path.write_bytes(contents)
        cut_after(path, step)
        assert path.read_bytes() == b"".join(kept)
    cut_after(tmp_path / "none.jsonl", 3)
    assert not (tmp_path / "none.jsonl").exists()


def test_a_reader_notices_a_cut_even_when_the_file_has_grown_past_it(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with Journal(path) as journal:
        for step in range(5):
            journal.append({"step": step, "try": 1})
    tail = Tail(path)
    assert len(tail.read().records) == 5
    cut_after(path, 2)
    with Journal(path) as journal:
        for step in range(3, 9):
            journal.append({"step": step, "try": 2})
    update = tail.read()
    assert update.is_whole
    assert [(r["step"], r["try"]) for r in update.records] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 2),
        (6, 2),
        (7, 2),
        (8, 2),
    ]
    assert tail.read() == ([], False)


def test_a_long_file_is_read_piece_by_piece_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [{"step": step, "text": "x" * (7 * step)} for step in range(20)]
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b'{"step"')
    monkeypatch.setattr(journal, "PIECE_BYTES", 50)  # shorter than some of the lines
    updates = list(Tail(path).read_all())
    assert [record for update in updates for record in update.records] == lines
    assert [update.is_whole for update in updates] == [True] + [False] * (len(updates) - 1)
    assert 5 < len(updates) < 20
    assert read_records(path) == lines
