"""All the runs of a folder: making, finding, listing and deleting them."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from gpt.corpus.catalogue import DATA_FOLDER
from gpt.corpus.corpus import Corpus
from gpt.runs.config import RunConfig, RunError, as_folder_name
from gpt.runs.run import Run
from gpt.runs.status import Status, read_status

DEMOS_FOLDER = DATA_FOLDER / "demos"
"""The runs that ship with the project."""

# What is being made or deleted is not older than this.
LEFTOVER_SECONDS = 3600


class Summary(NamedTuple):
    """A run as a list shows it."""

    run: Run
    config: RunConfig
    status: Status


class Listing(NamedTuple):
    """The runs of a folder.

    Attributes:
        runs: newest first.
        unreadable: by the name of a folder that looks like a run, why it cannot be read.
    """

    runs: list[Summary]
    unreadable: dict[str, str]


def runs_folder() -> Path:
    """The folder that GPT_RUNS names; without it, data/runs."""
    return Path(os.environ.get("GPT_RUNS") or DATA_FOLDER / "runs").absolute()


def create_run(
    config: RunConfig,
    corpus: Corpus,
    *,
    path: Path | None = None,
    origin: Path | None = None,
) -> Run:
    """Makes the folder of a new run, queued but not yet started.

    Args:
        config: what the run is.
        corpus: its text, which is copied if the catalogue does not have it.
        path: where; by default a new folder of `runs_folder()`, called after the title.
        origin: the weights that it starts from, for a configuration with an origin.

    Raises RunError if the folder cannot be written, or exists already.
    """
    folder = path.absolute() if path else None
    beside = (folder.parent if folder else runs_folder()) / f".new-{uuid4().hex}"
    _clear_leftovers(beside.parent)
    try:
        (beside / "checkpoints").mkdir(parents=True)
        run = Run(beside)
        run.config_file.write_bytes(config.to_json())
        if config.corpus.is_own:
            run.corpus_file.write_bytes(corpus.text.encode())
        if origin:
            shutil.copyfile(origin, run.checkpoint_file(0))
        run.write_status(Status("queued", time.time(), config.training.steps))
        return Run(move_into_place(beside, folder, config.title))
    except OSError as error:
        raise unwritable(beside.parent, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def move_into_place(beside: Path, folder: Path | None, title: str) -> Path:
    """Renames a complete folder to its name, or to the first free one made from the title.

    The names of runs that ship are not free: by its name a run is found wherever it is.

    Raises RunError if the given name is taken.
    """
    if folder:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{folder} exists already; resume it, or choose another folder.")
        return beside.replace(folder)
    name = as_folder_name(title)
    number = 1
    while True:
        path = beside.parent / (name if number == 1 else f"{name}-{number}")
        number += 1
        if path.exists() or (DEMOS_FOLDER / path.name).exists():
            continue
        try:
            # Renaming onto a folder that somebody else has just filled fails, which is wanted.
            return beside.rename(path)
        except (FileExistsError, OSError) as error:
            if not path.exists():
                raise error


def find_run(name: str | Path) -> Run:
    """The run of that name in `runs_folder()`, among those that ship, or in that folder anywhere.

    Raises RunError if there is none.
    """
    for path in (runs_folder() / name, DEMOS_FOLDER / name, Path(name).absolute()):
        run = Run(path)
        if run.config_file.is_file():
            return run
    raise RunError(f"There is no run {name} in {runs_folder()}, and no folder of that name is one.")


def list_runs(folder: Path | None = None) -> Listing:
    """The runs in `runs_folder()` or the given folder. Files that did not change are not reread.

    Raises RunError if the folder exists but cannot be read.
    """
    folder = folder or runs_folder()
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return Listing([], {})
    except OSError as error:
        raise RunError(
            f"{folder} cannot be read: {error.strerror or error}; let GPT_RUNS name a folder that "
            "can."
        ) from None
    runs, unreadable = [], {}
    for name in names:
        run = Run(folder / name)
        if name.startswith(".") or not run.config_file.is_file():
            continue
        try:
            runs.append(summarise(run))
        except RunError as error:
            unreadable[name] = str(error)
    runs.sort(key=lambda summary: (summary.config.created, summary.run.name), reverse=True)
    return Listing(runs, unreadable)


def summarise(run: Run) -> Summary:
    """One run's configuration and status. Raises RunError if either cannot be read."""
    try:
        config = _read_config(run, _version(run.config_file))
        return Summary(run, config, _read_status(run, _version(run.status_file)).seen_now())
    except OSError as error:
        raise RunError(f"{run.path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise RunError(f"{run.name}: {error}") from None


def delete_run(run: Run) -> None:
    """Removes the folder with all that is in it.

    Raises RunError if a process is at work in it, or it cannot be removed.
    """
    try:
        is_active = run.status().is_active
    except RunError:
        # What cannot be read can still be thrown away.
        is_active = False
    if is_active:
        raise RunError(f"{run.name} is {run.status().state}; stop it before deleting it.")
    grave = run.path.with_name(f".deleted-{uuid4().hex}")
    try:
        # First out of sight, at once, so that nobody finds half a run.
        run.path.rename(grave)
        shutil.rmtree(grave)
    except OSError as error:
        raise RunError(f"{run.name} cannot be deleted: {error.strerror or error}.") from None


def unwritable(folder: Path, error: OSError) -> RunError:
    """Says that a folder of runs cannot be written, and what else there is to do."""
    return RunError(
        f"{folder} cannot be written: {error.strerror or error}; make room or let GPT_RUNS name "
        "another folder."
    )


def _clear_leftovers(folder: Path) -> None:
    """Removes what a process left that was killed while it made or deleted a run."""
    for pattern in (".new-*", ".deleted-*"):
        for path in folder.glob(pattern):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                    shutil.rmtree(path)


def _version(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size


@lru_cache(maxsize=2000)
def _read_config(run: Run, version: tuple[int, int, int]) -> RunConfig:
    return run.config()


@lru_cache(maxsize=2000)
def _read_status(run: Run, version: tuple[int, int, int]) -> Status:
    return read_status(run.status_file)
