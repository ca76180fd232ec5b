from __future__ import annotations

import pytest

from explorer.weight.picking import place_of


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("embeddings.token.weight", ("embeddings", "token")),
        ("blocks.0.attn.query.weight", ("layer 0", "query")),
        ("blocks.0.attn.projection.weight", ("layer 0", "attn proj")),
        ("blocks.1.mlp.projection.weight", ("layer 1", "MLP proj")),
        ("blocks.1.mlp.projection.bias", ("layer 1", "MLP proj bias")),
        ("ln_f.bias", ("last layer", "ln_f bias")),
    ],
)
def test_each_matrix_of_a_layer_has_a_name_of_its_own(name: str, place: tuple[str, str]) -> None:
    assert place_of(name) == place
