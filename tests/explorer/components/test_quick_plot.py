"""Messages of figures on a canvas, as the browser unpacks them."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from explorer.charts.weight import Moved, curve_figure, matrix_figure, pool
from explorer.components.film import pack
from explorer.components.quick_plot import parts_of, scales
from explorer.theme import DARK, LIGHT


def unpacked(message: bytes) -> tuple[dict[str, Any], Any]:
    """What stands in front, and a function that reads the numbers of a name behind it."""
    (length,) = struct.unpack_from("<I", message)
    head = json.loads(message[4 : 4 + length])

    def numbers(name: str) -> npt.NDArray[Any]:
        kind, start, count = head["arrays"][name]
        return np.frombuffer(message, f"<{kind}", count, 4 + length + start)

    return head, numbers


def test_cells_are_sent_as_numbers_with_the_places_from_which_they_have_come() -> None:
    matrix = np.random.default_rng(0).normal(size=(300, 3))
    pooled = pool(matrix)
    head, numbers = unpacked(
        pack(*parts_of(matrix_figure(pooled, (299, 2), "weight"), {"alt": "seen"}))
    )
    (cells,) = head["panels"][0]["marks"]
    assert (head["alt"], cells["kind"], cells["rows"], cells["columns"]) == ("seen", "cells", 96, 3)
    assert cells["chosen"] == [95, 2]
    assert np.array_equal(numbers(cells["values"]), pooled.values.astype(np.float32).ravel())
    rows, columns = (numbers(name) for name in cells["places"])
    assert (rows.dtype, columns.dtype) == (np.uint16, np.uint8)
    assert np.array_equal(rows, pooled.rows.ravel())
    assert np.array_equal(columns, pooled.columns.ravel())


def test_lines_are_sent_to_the_last_digit() -> None:
    values = np.linspace(-1, 1, 3) / 3
    here = Moved(0.0, 2.0)
    figure = curve_figure(values, values**2, here, 0.1, here, None, "w")
    head, _ = unpacked(pack(*parts_of(figure, {})))
    line = head["panels"][0]["marks"][0]
    assert (line["x"], line["y"]) == (values.tolist(), (values**2).tolist())


def test_zero_has_the_colour_of_the_ground() -> None:
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        colours = scales()[name]["diverging"]
        assert colours[len(colours) // 2] == tuple(bytes.fromhex(palette.ground[1:]))
