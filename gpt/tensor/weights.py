"""A model's weights in a file: safetensors, which holds numbers and names and can run nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from gpt.tensor.language_model import LanguageModel

_LENGTH_BYTES = 8  # in which a safetensors file says how long its header is


def export_weights(model: LanguageModel) -> dict[str, Tensor]:
    """A copy of every weight by its name, on the CPU; tied weights once, as the embedding."""
    return {
        name: p.detach().to("cpu", copy=True).contiguous() for name, p in model.named_parameters()
    }


@torch.no_grad()
def import_weights(model: LanguageModel, weights: Mapping[str, Tensor]) -> None:
    """Fills a model with weights, all or none of them.

    Raises ValueError if a weight is missing, unknown or of another shape.
    """
    parameters = dict(model.named_parameters())
    for name in parameters.keys() | weights.keys():
        if name not in weights:
            raise ValueError(f"These weights are not for this model: {name} is missing.")
        if name not in parameters:
            raise ValueError(f"These weights are not for this model: it has no {name}.")
        needed, given = tuple(parameters[name].shape), tuple(weights[name].shape)
        if needed != given:
            raise ValueError(
                f"These weights are not for this model: {name} is {given}, it needs {needed}."
            )
    for name, parameter in parameters.items():
        parameter.copy_(weights[name])


def save_weights(
    model: LanguageModel, path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Writes a model's weights, and some text about them, to a safetensors file."""
    save_file(export_weights(model), path, dict(metadata or {}))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises ValueError if it is something else, such as a pickle, which is not opened.
    """
    try:
        return load_file(path)
    except SafetensorError:
        raise ValueError(_what_is_wrong(path)) from None


def _what_is_wrong(path: Path) -> str:
    """Why a file could not be read: it was cut short, or is something else.

    A safetensors file begins with the length of its header in eight bytes, then comes the header,
    which is JSON and says at which byte behind it each weight ends, then the weights.
    """
    size = path.stat().st_size
    if size == 0:
        return f"{path.name} is empty: it was not written, or not copied to its end."
    with path.open("rb") as file:
        header_end = _LENGTH_BYTES + int.from_bytes(file.read(_LENGTH_BYTES), "little")
        header = file.read(min(header_end, size) - _LENGTH_BYTES) if size > _LENGTH_BYTES else b""
    needed = header_end if header.startswith(b"{") else 0
    if needed and header_end <= size:
        try:
            about = json.loads(header).values()
            needed += max(int(each["data_offsets"][1]) for each in about if "data_offsets" in each)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            needed = 0
    if needed > size:
        return f"{path.name} is cut short: {size:,} bytes, its header asks for {needed:,}."
    return f"{path.name} is not a safetensors file."
