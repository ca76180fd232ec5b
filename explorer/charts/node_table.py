"""Every value of a graph as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from explorer.charts.graph_sentences import (
    Names,
    describe_backward,
    describe_forward,
    list_parents,
)
from gpt.scalar.value import Gradients, Value


def node_table(
    values: Sequence[Value], gradients: Gradients, names: Mapping[object, str]
) -> pd.DataFrame:
    """Name, operation, data and gradient of each value, and how both came to be."""
    naming = Names(names)
    parents = list_parents(values)
    return pd.DataFrame(
        {
            "node": [naming.short(value) for value in values],
            "operation": [value.operation for value in values],
            "data": [value.data for value in values],
            "gradient": [gradients.get(value.id, 0.0) for value in values],
            "how its data came to be": [describe_forward(value, naming) for value in values],
            "how its gradient came to be": [
                describe_backward(value, parents, gradients) for value in values
            ],
        }
    )
