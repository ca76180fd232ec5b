from __future__ import annotations

import numpy as np

from explorer.charts.contributions import MOST_BARS, contributions_figure, term_title
from explorer.theme import LIGHT
from gpt.lens.contributions import Term


def test_the_largest_parts_are_bars_and_the_rest_is_one() -> None:
    values = np.array([*(0.01 * i for i in range(20)), -5.0])
    terms = [Term("head", "x", 0, head) for head in range(21)]
    bars = contributions_figure(terms, values, "added").data[0]
    assert len(bars.x) == MOST_BARS + 1
    assert bars.y[0] == "L0 head 20"
    assert bars.marker.color[0] == LIGHT.backward
    assert bars.marker.color[1] == LIGHT.forward
    assert bars.y[-1] == "the other 9"
    np.testing.assert_allclose(np.sum(bars.x), values.sum(), atol=1e-6)


def test_every_part_has_a_title_of_its_own() -> None:
    titles = [
        term_title(term)
        for term in (
            Term("token", "embeddings.token"),
            Term("position", "embeddings.position"),
            Term("head", "blocks.1.attn.head_writes", 1, 3),
            Term("mlp", "blocks.1.mlp.output", 1),
            Term("bias", "blocks.1.attn.projection.bias", 1),
            Term("bias", "blocks.1.mlp.projection.bias", 1),
            Term("bias", "embeddings.norm.bias"),
            Term("bias", "ln_f.bias"),
            Term("bias", "lm_head.bias"),
        )
    ]
    assert titles == [
        *("the token itself", "its place", "L1 head 3", "L1 MLP"),
        *("L1 attention bias", "L1 MLP bias", "embeddings' bias"),
        *("last norm's bias", "bias of the logit"),
    ]
