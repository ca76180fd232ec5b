"""Where two heads look on one text, and what the second looks at more: pictures on a canvas.

Plotly takes over a second to write 64 tokens along six axes; a canvas a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explorer import theme
from explorer.charts.attention import lower_triangle
from explorer.charts.tokens import visible
from explorer.components.film import pack
from explorer.components.painting import Channels, channels, drawn_figure

HERE = Path(__file__).parent

Pattern = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HeadPair:
    """Two heads that have read the same tokens.

    Attributes:
        tokens: the texts of the T tokens.
        first, second: where each looks, `(T, T)`, rows being queries.
        names: of the two and their difference, as single cells are called.
        titles: above the three pictures.
    """

    tokens: Sequence[str]
    first: Pattern
    second: Pattern
    names: tuple[str, str, str]
    titles: tuple[str, str, str]


def head_pair(pair: HeadPair, *, key: str, alt: str, height: int, filename: str) -> None:
    """Draw both and their difference, `height` pixels high, in place under the same `key`.

    ``alt`` says in a sentence what is seen; ``filename``, without its ending, is what it is called
    when it is saved.
    """
    _component()(key=key, data=message_of(pair, alt, height, filename), height=height)


def message_of(pair: HeadPair, alt: str, height: int, filename: str) -> bytes:
    """What the browser draws: of each head the triangle that the mask leaves, row by row."""
    head = {
        "tokens": [visible(token) for token in pair.tokens],
        "names": list(pair.names),
        "titles": list(pair.titles),
        "alt": alt,
        "height": height,
        "filename": filename,
    }
    triangles = {"first": lower_triangle(pair.first), "second": lower_triangle(pair.second)}
    return pack(head, triangles)


def scales() -> dict[str, list[list[Channels]]]:
    """Of each picture the colours, evenly spaced: shares from 0 to 1, differences from -1 to 1."""
    return {
        name: [
            [channels(colour) for colour in colours]
            for colours in (palette.sequential, palette.sequential_beside, palette.diverging_sides)
        ]
        for name, palette in (("light", theme.LIGHT), ("dark", theme.DARK))
    }


@cache
def _component() -> Callable[..., Any]:
    script = (HERE / "head_pair.js").read_text(encoding="utf-8")
    return drawn_figure("gpt_explorer_head_pair", script, scales())
