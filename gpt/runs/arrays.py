"""Arrays in a file: safetensors, which holds numbers and names and can run nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gpt.files import write_whole
from gpt.runs.config import RunError

Arrays = dict[str, np.ndarray[Any, Any]]


class ArrayFile(NamedTuple):
    """What a safetensors file holds: arrays by name, and some text about them."""

    arrays: Arrays
    metadata: dict[str, str]


def write_arrays(path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Writes the file whole and onto the disk itself. Raises OSError where it cannot."""
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_whole(path, save(contiguous, dict(metadata)), is_durable=True)


def read_arrays(path: Path) -> ArrayFile:
    """Reads the file. Raises RunError for anything else, such as a pickle, which is not opened."""
    try:
        with safe_open(path, "numpy") as file:
            names = file.keys()
            return ArrayFile({name: file.get_tensor(name) for name in names}, _about(file))
    except (SafetensorError, OSError) as error:
        raise _refusal(path, error) from None


def read_metadata(path: Path) -> dict[str, str]:
    """Only the text. Raises RunError as `read_arrays` does."""
    try:
        with safe_open(path, "numpy") as file:
            return _about(file)
    except (SafetensorError, OSError) as error:
        raise _refusal(path, error) from None


def count_numbers(path: Path) -> int:
    """How many numbers the file's arrays have in all, from its header. Raises RunError likewise."""
    try:
        with safe_open(path, "numpy") as file:
            names = file.keys()
            shapes = [file.get_slice(name).get_shape() for name in names]
    except (SafetensorError, OSError) as error:
        raise _refusal(path, error) from None
    return sum(int(np.prod(shape, dtype=object)) for shape in shapes)


def _about(file: Any) -> dict[str, str]:
    return dict(file.metadata() or {})


def _refusal(path: Path, error: Exception) -> RunError:
    if isinstance(error, OSError):
        return RunError(f"{path.name} cannot be read: {error.strerror or error}.")
    return RunError(f"{path.name} is not a safetensors file: {error}.")
