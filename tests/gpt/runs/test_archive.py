"""Runs as zip files: what goes out comes in again, and what is no run is refused in a sentence."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import struct
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from gpt.runs.archive import LARGEST_IN_ALL, MOST_ENTRIES, export_run, import_run
from gpt.runs.config import RunError
from gpt.runs.control import ask_to_train, set_learning_rate, stop_run
from gpt.runs.library import delete_run, list_runs
from gpt.runs.run import Run
from gpt.runs.session import train_run

Files = dict[str, bytes]


def train_a_little(tiny: Any) -> Run:
    """A run stopped in the middle of its training."""
    run: Run = tiny.run()

    def stop(record: dict[str, Any]) -> None:
        if record["step"] == 9:
            set_learning_rate(run, 0.02, "test")
            stop_run(run, "test")

    assert train_run(run, on_record=stop).state == "stopped"
    return run


@pytest.fixture
def stopped(tiny: Any) -> Run:
    return train_a_little(tiny)


@pytest.fixture(scope="module")
def files(tiny_runs: Any, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What an archive of such a run holds, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPT_RUNS", str(tmp_path_factory.mktemp("elsewhere")))
        run = train_a_little(tiny_runs)
        return {
            name.replace(f"{run.name}/", "run/", 1): contents
            for name, contents in unpacked(exported(run)).items()
        }


def exported(run: Run) -> io.BytesIO:
    archive = io.BytesIO()
    export_run(run, archive)
    return archive


def unpacked(archive: io.BytesIO) -> Files:
    with zipfile.ZipFile(archive) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(files: Files) -> io.BytesIO:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, contents in files.items():
            file.writestr(name, contents)
    return archive


def refusal_of(archive: io.BytesIO, runs: Path) -> str:
    before = sorted(runs.rglob("*"))
    with pytest.raises(RunError) as refusal:
        import_run(archive)
    assert sorted(runs.rglob("*")) == before, "a refused import left something behind"
    sentence = str(refusal.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_what_goes_out_comes_in_again_and_trains_on(tiny: Any, stopped: Run) -> None:
    copy = import_run(exported(stopped))
    assert copy.name == f"{stopped.name}-2"
    assert copy.config() == stopped.config()
    assert tiny.everything(copy) == tiny.everything(stopped)
    assert (copy.status().state, copy.status().step) == ("stopped", 9)
    assert copy.status().pid is None
    assert copy.corpus() == tiny.corpus
    for run in (stopped, copy):
        ask_to_train(run, "test")
        assert train_run(run).state == "finished"
    assert tiny.everything(copy) == tiny.everything(stopped)


def test_a_zip_file_on_the_disk_serves_too(stopped: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.zip"
    export_run(stopped, path)
    assert import_run(path).config() == stopped.config()
    with pytest.raises(RunError, match="cannot be exported: Is a directory"):
        export_run(stopped, tmp_path)
    with pytest.raises(RunError, match=r"none\.zip cannot be read: No such file or directory"):
        import_run(tmp_path / "none.zip")


def test_a_run_can_be_exported_while_it_trains(tiny: Any) -> None:
    run = tiny.run(steps=100, save_interval=0.0, evaluation_interval=2)
    trainer = threading.Thread(target=train_run, args=(run,))
    trainer.start()
    copies = []
    while trainer.is_alive():
        copies.append(import_run(exported(run)))
    assert len(copies) > 3
    assert copies[-1].status().state in ("stopped", "finished")
    expected = tiny.everything(run)
    middle = copies[len(copies) // 2]
    assert train_run(middle).state == "finished"
    assert tiny.everything(middle) == expected


def test_a_run_without_a_folder_of_its_own_in_the_archive_is_taken(stopped: Run) -> None:
    files = unpacked(exported(stopped))
    flat = {name.removeprefix(f"{stopped.name}/"): c for name, c in files.items()}
    assert import_run(packed(flat)).config() == stopped.config()


def test_a_configuration_in_another_encoding_is_kept_in_ours(stopped: Run) -> None:
    files = unpacked(exported(stopped))
    name = f"{stopped.name}/config.json"
    foreign = files | {name: files[name].decode().encode("utf-16")}
    assert import_run(packed(foreign)).config_file.read_bytes() == files[name]


def replaced(name: str, contents: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {name: contents}


def edited(name: str, edit: Callable[[Any], object]) -> Callable[[Files], Files]:
    def apply(files: Files) -> Files:
        values = json.loads(files[name])
        edit(values)
        return files | {name: json.dumps(values).encode()}

    return apply


def added(name: str, line: bytes) -> Callable[[Files], Files]:
    return lambda files: files | {name: files[name] + line}


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/gpt-bomb",)


PICKLE = pickle.dumps(Bomb())
METRICS = b'{"step": 10, "train_loss": 1.0}\n'

WRONG = {
    # Paths
    "zip slip": (replaced("../evil.py", b"x"), "holds '../evil.py', which is no part of a run"),
    "zip slip in the folder": (
        replaced("run/../../evil.py", b"x"),
        "holds 'run/../../evil.py', which is no part of a run",
    ),
    "absolute path": (replaced("/etc/cron.d/evil", b"x"), "holds '/etc/cron.d/evil', which is no"),
    "drive": (replaced("C:\\evil.exe", b"x"), "evil.exe', which is no part of a run"),
    "backslashes": (replaced("run\\..\\..\\evil", b"x"), "evil', which is no part of a run"),
    "a script": (replaced("run/sitecustomize.py", b"x"), "which is no part of a run"),
    "a name like a checkpoint": (
        replaced("run/checkpoints/step-000500.safetensors.pt", b"x"),
        "which is no part of a run",
    ),
    "two runs": (
        replaced("other/config.json", b"{}"),
        "This zip file holds 2 times a config.json; a run has one, and one run is brought in at a",
    ),
    "no run": (lambda files: {"notes.txt": b"hello"}, "This zip file holds no run: a run is one"),
    "nothing": (lambda files: {}, "This zip file holds no run: a run is one"),
    "config too deep": (
        lambda files: {f"deep/{name}": c for name, c in files.items()},
        "holds no run",
    ),
    # Weights
    "pickle": (replaced("run/checkpoints/step-000005.pt", PICKLE), "which is no part of a run"),
    "pickle in disguise": (
        replaced("run/checkpoints/step-000005.safetensors", PICKLE),
        "step-000005.safetensors is not a safetensors file: ",
    ),
    "pickled state in disguise": (
        replaced("run/resume.safetensors", PICKLE),
        "resume.safetensors is not a safetensors file",
    ),
    "no bytes": (
        replaced("run/checkpoints/step-000005.safetensors", b""),
        "step-000005.safetensors is not a safetensors file",
    ),
    "weights of another model": (
        replaced("run/checkpoints/step-000005.safetensors", save({"w": np.zeros(3)})),
        "step-000005.safetensors has 3 numbers, but the model of config.json ",
    ),
    "a header that promises too much": (
        replaced("run/checkpoints/step-000005.safetensors", struct.pack("<Q", 2**62) + b"{}"),
        "step-000005.safetensors is not a safetensors file",
    ),
    "a state without progress": (
        replaced("run/resume.safetensors", save({"w": np.zeros(3)})),
        "resume.safetensors does not hold the state of a training.",
    ),
    # Configuration
    "empty configuration": (replaced("run/config.json", b""), "config.json is not JSON"),
    "configuration in UTF-16": (
        replaced("run/config.json", '{"format": 1}'.encode("utf-16")),
        "config.json lacks 'kind'.",
    ),
    "binary configuration": (replaced("run/config.json", b"\x00\xff\xfe"), "config.json is "),
    "a configuration nested too deep": (
        replaced("run/config.json", b"[" * 1_000_000),
        "config.json is not the configuration of",
    ),
    "a later format": (edited("run/config.json", lambda c: c.update(format=9)), "its format is 9"),
    "a setting that does not exist": (
        edited("run/config.json", lambda c: c["model"].update(depth=2)),
        "depth is not a setting",
    ),
    "a gigantic model": (
        edited("run/config.json", lambda c: c["model"].update(n_embd=4 * 10**9)),
        "numbers, but the model of config.json",
    ),
    "another text": (replaced("run/corpus.txt", b"ann\nben\n"), "its SHA-256 is another."),
    "a text that is binary": (replaced("run/corpus.txt", b"a\x00b"), "tiny-names is not plain"),
    "no text": (
        lambda files: {n: c for n, c in files.items() if n != "run/corpus.txt"},
        "corpus.txt cannot be read: No such file or directory.",
    ),
    # Records
    "metrics that are no JSON": (added("run/metrics.jsonl", b"hello\n"), "metrics.jsonl is wrong"),
    "half a line": (added("run/metrics.jsonl", b'{"step": 10'), "in line 11: it is not a JSON obj"),
    "a step twice": (
        added("run/metrics.jsonl", METRICS + METRICS),
        "in line 12: its step is not later.",
    ),
    "a loss that is text": (
        added("run/metrics.jsonl", b'{"step": 10, "train_loss": "<script>"}\n'),
        "metrics.jsonl is wrong in line 11: its train_loss cannot be '<script>'.",
    ),
    "a loss that is no number": (
        added("run/metrics.jsonl", b'{"step": 10, "train_loss": NaN}\n'),
        "it is not a JSON object",
    ),
    "a loss without end": (
        added("run/metrics.jsonl", b'{"step": 10, "train_loss": 1' + b"0" * 400 + b"}\n"),
        "its train_loss cannot be 1000000000",
    ),
    "a line without end": (
        replaced("run/samples.jsonl", b'{"step": 1, "text": "' + b"x" * 5_000_000 + b'"}\n'),
        "samples.jsonl is wrong in line 1: it is longer than 5,000,000 bytes.",
    ),
    "an ending that is a novel": (
        added("run/metrics.jsonl", b'{"step": 10, "ending": "' + b"x" * 1000 + b'"}\n'),
        "its ending cannot be 'xxxxxxxxxx",
    ),
    "a field of its own": (
        added("run/metrics.jsonl", b'{"step": 10, "onload": 1}\n'),
        "it has 'onload'.",
    ),
    "a sample without text": (
        added("run/samples.jsonl", b'{"step": 10}\n'),
        "samples.jsonl is wrong in line 3: it lacks",
    ),
    "histograms of text": (
        replaced("run/histograms.jsonl", b'{"step": 1, "matrices": {"w": {"weight": 3}}}\n'),
        "histograms.jsonl is wrong in line 1: its matrices cannot be {'w': {'weight': 3}}.",
    ),
    "a status of its own": (
        replaced("run/status.json", b'{"state": "root"}'),
        "status.json is wrong: ",
    ),
    "a status that is no JSON": (replaced("run/status.json", b"\xff"), "status.json is wrong: "),
}


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_no_run_is_refused_in_a_sentence(
    files: Files, runs: Path, change: Callable[[Files], Files], sentence: str
) -> None:
    assert sentence in refusal_of(packed(change(files)), runs)
    assert not Path("/tmp/gpt-bomb").exists()
    assert list_runs() == ([], {})


@pytest.mark.parametrize("contents", [b"", b"hello", b"PK\x03\x04", bytes(1000), PICKLE])
def test_what_is_no_zip_file_is_refused(runs: Path, contents: bytes) -> None:
    assert refusal_of(io.BytesIO(contents), runs) == (
        "This is not a zip file of a run, or it is damaged; export it once more."
    )


def test_a_hundred_megabytes_of_nothing_are_refused_at_once(runs: Path) -> None:
    assert "is not a zip file" in refusal_of(io.BytesIO(bytes(100_000_000)), runs)


def test_a_bomb_is_refused_before_it_is_unpacked(files: Files, runs: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("run/config.json", files["run/config.json"])
        with file.open("run/corpus.txt", "w", force_zip64=True) as entry:
            for _ in range(30):
                entry.write(bytes(1_000_000))
    assert "corpus.txt unpacks to 30,000,000 bytes; it may have 20,000,000" in refusal_of(
        archive, runs
    )
    # The directory at the end of the file is believed no more than the sizes that follow from it.
    lying = bytearray(packed({"run/config.json": files["run/config.json"]}).getvalue())
    directory = lying.rindex(b"PK\x01\x02")
    lying[directory + 24 : directory + 28] = struct.pack("<I", 2_000_000_001)
    assert f"more than {LARGEST_IN_ALL // 1_000_000:,} MB" in refusal_of(io.BytesIO(lying), runs)


def test_too_many_files_are_refused(files: Files, runs: Path) -> None:
    files = {f"run/checkpoints/step-{i:06}.safetensors": b"" for i in range(MOST_ENTRIES + 1)}
    assert refusal_of(packed(files), runs) == (
        "This zip file has 1,201 files; a run has at most 1,200."
    )


def test_the_same_name_twice_is_refused(files: Files, runs: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("run/config.json", files["run/config.json"])
        file.writestr("run/metrics.jsonl", b"")
        file.writestr("run/metrics.jsonl", b"")
    assert refusal_of(archive, runs) == "This zip file holds metrics.jsonl twice."


def test_links_are_refused(files: Files, runs: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("run/config.json", files["run/config.json"])
        link = zipfile.ZipInfo("run/corpus.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    assert refusal_of(archive, runs) == "corpus.txt is a link, which a run does not hold."


def test_a_way_of_packing_that_is_not_read_is_refused(files: Files, runs: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("run/config.json", files["run/config.json"])
    assert "config.json is packed in a way that is not read here" in refusal_of(archive, runs)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_harmless(
    files: Files, runs: Path, data: st.DataObject
) -> None:
    contents = bytearray(packed(files).getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    try:
        run = import_run(io.BytesIO(contents))
    except RunError as error:
        assert "\n" not in str(error)
    else:
        assert run.config().kind == "scalar"
        delete_run(run)
    assert list(runs.iterdir()) == []
