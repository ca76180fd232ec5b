"""The shares by which the ways through a model are drawn, as a list of edges for the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from explorer.inside.reading import LARGEST, read
from gpt.lens.information_flow import measure_flow
from gpt.runs.run import Run

SMALLEST_SHARE = 0.02  # of an edge that is sent; the page's slider begins there


def list_edges(run: Run, step: int, ids: tuple[int, ...]) -> dict[str, npt.NDArray[Any]]:
    """Every edge through a head that is large enough, and what needs no list for each token."""
    reading = read(run, step, ids)
    flow = measure_flow(reading.opened.model, reading.trace)
    heads = flow.heads.float().numpy()
    layers, numbers, queries, keys = np.nonzero(heads >= SMALLEST_SHARE)
    shares = heads[layers, numbers, queries, keys]
    return {
        "layers": layers.astype(np.uint8),
        "heads": numbers.astype(np.uint8),
        "queries": queries.astype(np.uint16),
        "keys": keys.astype(np.uint16),
        "shares": np.rint(LARGEST * shares).astype(np.uint16),
        "kept": flow.kept.float().numpy(),
        "mlp": flow.mlp.float().numpy(),
    }
