"""Numbers for the browser: a message with arrays behind it, and films, which are fetched behind it.

A film is what a slider over a run's checkpoints shows. Making it takes seconds, so a component that
draws nothing stands for it on the page: as long as the film is not made it asks for it again, which
runs its own fragment and nothing else.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explorer.components.serving import served_component

HERE = Path(__file__).parent
MESSAGE_SCRIPT = (HERE / "message.js").read_text(encoding="utf-8")  # reads what `pack` makes

Arrays = Mapping[str, npt.NDArray[Any]]


def send_film(head: Mapping[str, Any], arrays: Arrays | None) -> None:
    """What a view will show later, kept in the browser under the head's "name" and "key".

    Without arrays the film is still being made, and the browser asks again: call this in a
    fragment, which then runs anew.
    """
    asking = {} if arrays is not None else {"asked": time.monotonic()}
    _film()(
        key=f"film {head['name']}",
        data=pack({**head, **asking}, arrays or {}),
        height=1,
        on_again_change=lambda: None,
    )


def pack(head: Mapping[str, Any], arrays: Arrays) -> bytes:
    """A message for the browser: the length of its JSON, the JSON, and the numbers behind it."""
    kinds = {
        **{np.dtype(np.float32): "f4", np.dtype(np.int16): "i2", np.dtype(np.uint32): "u4"},
        **{np.dtype(np.uint16): "u2", np.dtype(np.uint8): "u1"},
    }
    places: dict[str, tuple[str, int, int]] = {}
    parts: list[bytes] = []
    start = 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        places[name] = (kinds[array.dtype], start, array.size)
        parts.append(content)
        start += len(content)
    text = json.dumps({**head, "arrays": places}, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *parts])


@cache
def _film() -> Callable[..., Any]:
    return served_component(
        "gpt_explorer_film",
        html="<span hidden></span>",
        js="\n".join([(HERE / "film.js").read_text(encoding="utf-8"), MESSAGE_SCRIPT]),
    )
