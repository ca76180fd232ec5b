"""The runs that ship with the project: real ones, made small enough to be part of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gpt.files import write_whole
from gpt.runs.arrays import read_arrays, write_arrays
from gpt.runs.config import RunError
from gpt.runs.journal import Tail
from gpt.runs.library import DEMOS_FOLDER, Listing, Summary, list_runs, unwritable
from gpt.runs.run import Run

# Of every step; the update ratio of each matrix is what makes a run's metrics long.
KEPT_METRICS = ("step", "train_loss", "validation_loss", "learning_rate", "gradient_norm")


def list_demos() -> Listing:
    """The runs that ship, newest first. They are finished, and nothing writes to them."""
    return list_runs(DEMOS_FOLDER)


def list_all() -> Listing:
    """One's own runs, newest first, and then those that ship.

    Each name once: as `find_run` does, one's own folder is taken before one that ships.
    """
    own, demos = list_runs(), list_demos()
    names = {each.run.name for each in own.runs}
    shipped = [each for each in demos.runs if each.run.name not in names]
    return Listing([*own.runs, *shipped], {**demos.unreadable, **own.unreadable})


def is_demo(summary: Summary) -> bool:
    """Whether a run is one that ships."""
    return summary.run.path.parent == DEMOS_FOLDER


def ship_run(run: Run, folder: Path) -> Run:
    """A copy of a finished run to look into, small: weights in half precision, no resume state.

    Raises RunError if the run is not finished, or the folder exists or cannot be written.
    """
    status = run.status()
    if status.state != "finished":
        raise RunError(f"{run.name} is {status.state}; only a finished run can ship.")
    shipped = Run(folder)
    try:
        shipped.checkpoints_folder.mkdir(parents=True)
    except FileExistsError:
        raise RunError(f"{folder} exists already.") from None
    except OSError as error:
        raise unwritable(folder.parent, error) from None
    try:
        for name in ("config_file", "samples_file", "events_file"):
            source: Path = getattr(run, name)
            if source.exists():
                shutil.copyfile(source, getattr(shipped, name))
        write_whole(shipped.metrics_file, b"".join(_short_lines(run)))
        # Who wrote it, and where, is nobody's business any more.
        shipped.write_status(replace(status, pid=None, process_started=None, host=None))
        for checkpoint in run.checkpoints():
            weights, about = read_arrays(checkpoint.path)
            halved = {name: array.astype(np.float16) for name, array in weights.items()}
            write_arrays(shipped.checkpoints_folder / checkpoint.path.name, halved, about)
    except OSError as error:
        raise unwritable(folder, error) from None
    return shipped


def _short_lines(run: Run) -> Iterator[bytes]:
    for record in Tail(run.metrics_file).read().records:
        yield json.dumps(_shortened(record), separators=(",", ":")).encode() + b"\n"


def _shortened(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: record[name] for name in KEPT_METRICS if record.get(name) is not None}
    return {
        name: float(f"{value:.5g}") if isinstance(value, float) else value
        for name, value in kept.items()
    }
