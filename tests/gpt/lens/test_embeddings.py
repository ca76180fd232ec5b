from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from gpt.lens.embeddings import project, vector_tables
from gpt.tensor.language_model import LanguageModel


def test_a_cross_lies_along_its_arms() -> None:
    """Four points about (5, 5, 5): variance 9 along one diagonal, 1 along the other."""
    long, short = torch.tensor([0.6, 0.8, 0.0]), torch.tensor([-0.8, 0.6, 0.0])
    points = torch.stack([3 * long, -3 * long, short, -short]) + 5
    coordinates, shares = project(points)
    assert shares.tolist() == pytest.approx([0.9, 0.1], abs=1e-6)
    expected = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert torch.allclose(coordinates.abs(), expected.abs(), atol=1e-5)
    assert (coordinates[0, 0] > 0) == (coordinates[1, 0] < 0)


def test_many_vectors_are_projected_as_few_are() -> None:
    drawn = torch.Generator().manual_seed(1)
    vectors = torch.randn(50, 8, generator=drawn, dtype=torch.float64)
    coordinates, shares = project(vectors, 3)
    variances, _ = torch.linalg.eigh(torch.cov(vectors.T))
    ordered = variances.flip(0)
    assert torch.allclose(shares, ordered[:3] / ordered.sum(), atol=1e-5)
    assert torch.allclose(coordinates.var(0), ordered[:3], atol=1e-4)
    # As many directions as there are: no distance between two vectors is lost.
    whole, _ = project(vectors, 8)
    assert torch.allclose(torch.cdist(whole, whole), torch.cdist(vectors, vectors), atol=1e-4)


def test_where_directions_are_missing_coordinates_are_zero() -> None:
    coordinates, shares = project(torch.tensor([[1.0], [3.0]]))
    assert coordinates.abs().tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert shares.tolist() == [1.0, 0.0]


def test_a_model_has_the_tables_it_learns(models: Mapping[str, LanguageModel]) -> None:
    def kinds(name: str) -> list[str]:
        return list(vector_tables(models[name]))

    assert kinds("gpt2") == ["token", "position"]
    assert kinds("gpt2-untied") == ["token", "prediction", "position"]
    assert kinds("rotary") == ["token"]
    assert kinds("bigram") == []
    assert vector_tables(models["blocks"])["position"].shape == (8, 32)
