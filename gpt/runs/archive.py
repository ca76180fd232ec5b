"""Runs as zip files, out and in. What comes in is checked before it becomes a run."""

from __future__ import annotations

import re
import shutil
import stat
import time
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from gpt.corpus.text import MAXIMUM_BYTES as LONGEST_TEXT
from gpt.corpus.text import CorpusError
from gpt.runs.arrays import count_numbers
from gpt.runs.config import RunConfig, RunError
from gpt.runs.library import move_into_place, runs_folder, unwritable
from gpt.runs.recorder import read_state_values
from gpt.runs.records import check_records
from gpt.runs.run import CHECKPOINT_NAME, Run
from gpt.runs.status import Status, read_status

MEGABYTE = 1_000_000
MOST_ENTRIES = 1_200
LARGEST_IN_ALL = 2_000 * MEGABYTE

# What a run may hold, and how large that may be at most.
_JOURNALS = re.compile(r"(metrics|samples|histograms|events|commands)\.jsonl")
_LARGEST: list[tuple[re.Pattern[str], int]] = [
    # The state comes first: the records that it rests on must not be older than it is.
    (re.compile(r"resume\.safetensors"), 1_000 * MEGABYTE),
    (re.compile(r"config\.json"), 10 * MEGABYTE),
    (re.compile(r"status\.json"), MEGABYTE),
    (re.compile(r"corpus\.txt"), LONGEST_TEXT),
    (_JOURNALS, 500 * MEGABYTE),
    (re.compile(rf"checkpoints/{CHECKPOINT_NAME.pattern}"), 500 * MEGABYTE),
]


def export_run(run: Run, target: Path | BinaryIO) -> None:
    """Writes the run as a zip file, from which `import_run` makes it again, even as it trains.

    Raises RunError if it cannot be read or written.
    """
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in _contents(run):
                try:
                    contents = (run.path / name).read_bytes()
                except FileNotFoundError:
                    # A running trainer has just replaced its best weights.
                    continue
                if _JOURNALS.fullmatch(name):
                    contents = contents[: contents.rfind(b"\n") + 1]
                is_dense = name.endswith(".safetensors")
                how = zipfile.ZIP_STORED if is_dense else zipfile.ZIP_DEFLATED
                archive.writestr(f"{run.name}/{name}", contents, how)
    except OSError as error:
        raise RunError(f"{run.name} cannot be exported: {error.strerror or error}.") from None


def import_run(source: Path | BinaryIO) -> Run:
    """Makes a run in `runs_folder()` from a zip file that `export_run` wrote.

    Raises RunError, in one sentence, for whatever cannot be a run: nothing is kept of it then.
    """
    beside = runs_folder() / f".new-{uuid4().hex}"
    try:
        beside.mkdir(parents=True)
        (beside / "checkpoints").mkdir()
        with zipfile.ZipFile(source) as archive:
            _unpack(archive, beside)
        config = _check(Run(beside))
        return Run(move_into_place(beside, None, config.title))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeError):
        raise RunError(
            "This is not a zip file of a run, or it is damaged; export it once more."
        ) from None
    except CorpusError as error:
        raise RunError(str(error)) from None
    except OSError as error:
        if isinstance(source, Path) and error.filename == str(source):
            raise RunError(f"{source} cannot be read: {error.strerror or error}.") from None
        raise unwritable(beside.parent, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _contents(run: Run) -> list[str]:
    names = [path.relative_to(run.path).as_posix() for path in run.path.rglob("*")]
    return [name for pattern, _ in _LARGEST for name in sorted(names) if pattern.fullmatch(name)]


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Writes every entry to its place, after all of them have been found harmless."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_ENTRIES:
        raise RunError(
            f"This zip file has {len(entries):,} files; a run has at most {MOST_ENTRIES:,}."
        )
    if sum(entry.file_size for entry in entries) > LARGEST_IN_ALL:
        raise RunError(
            f"This zip file unpacks to more than {LARGEST_IN_ALL // MEGABYTE:,} MB, too much for a "
            "run."
        )
    prefix = _prefix(entries)
    targets: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.removeprefix(prefix)
        _check_entry(entry, prefix, name)
        if name in targets:
            raise RunError(f"This zip file holds {name} twice.")
        targets[name] = entry
    for name, entry in targets.items():
        # An entry never yields more than the size that it claims, which has been checked.
        with archive.open(entry) as file, (folder / name).open("xb") as copy:
            shutil.copyfileobj(file, copy)


def _prefix(entries: list[zipfile.ZipInfo]) -> str:
    """The folder of the archive in which the run lies, with its slash; "" for none."""
    configs = [e.filename for e in entries if re.fullmatch(r"([^/\\]+/)?config\.json", e.filename)]
    if not configs:
        raise RunError("This zip file holds no run: a run is one folder with a config.json.")
    if len(configs) > 1:
        raise RunError(
            f"This zip file holds {len(configs):,} times a config.json; a run has one, and one run"
            " is brought in at a time."
        )
    return configs[0].removesuffix("config.json")


def _check_entry(entry: zipfile.ZipInfo, prefix: str, name: str) -> None:
    largest = next((size for pattern, size in _LARGEST if pattern.fullmatch(name)), None)
    # The names are a closed list: no path out of the folder, and no pickle, is among them.
    if largest is None or entry.filename != prefix + name:
        raise RunError(f"This zip file holds {entry.filename[:100]!r}, which is no part of a run.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise RunError(f"{name} is a link, which a run does not hold.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RunError(f"{name} is packed in a way that is not read here; use deflate.")
    if entry.file_size > largest:
        raise RunError(
            f"{name} unpacks to {entry.file_size:,} bytes; it may have {largest:,} at most."
        )


def _check(run: Run) -> RunConfig:
    """Reads every file as the pages will, so that none of them meets a surprise later."""
    config = run.config()
    # JSON may come in several encodings; whoever reads the folder later expects ours.
    run.config_file.write_bytes(config.to_json())
    if config.corpus.is_own:
        run.corpus()
    elif run.corpus_file.exists():
        raise RunError("corpus.txt is no part of a run whose corpus is in the catalogue.")
    for path in run.path.glob("*.jsonl"):
        check_records(path)
    for checkpoint in run.checkpoints_folder.iterdir():
        count, expected = count_numbers(checkpoint), config.model.parameter_count()
        if count != expected:
            raise RunError(
                f"{checkpoint.name} has {count:,} numbers, but the model of config.json "
                f"{expected:,}."
            )
    read_state_values(run)
    run.write_status(_status_of(run, config))
    return config


def _status_of(run: Run, config: RunConfig) -> Status:
    """How the run stood, but for the process, which is not here."""
    if config.is_from_outside:
        return Status("outside", time.time(), steps=0)
    steps = config.training.steps
    status = Status("stopped", time.time(), steps)
    if run.status_file.exists():
        try:
            status = read_status(run.status_file)
        except ValueError as error:
            raise RunError(f"status.json is wrong: {error}") from None
    state = "stopped" if status.is_active else status.state
    return replace(status, state=state, pid=None, process_started=None, host=None, steps=steps)
