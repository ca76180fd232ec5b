"""Vectors of a model seen in two dimensions: which tokens, and which places, are alike to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.tensor.language_model import LanguageModel


class Projection(NamedTuple):
    """Vectors in the directions in which they differ most.

    Attributes:
        coordinates: `(n, k)`.
        shares: how much of all variance lies in each direction, `(k,)`.
    """

    coordinates: Tensor
    shares: Tensor


@torch.no_grad()
def project(vectors: Tensor, k: int = 2) -> Projection:
    """Principal components (Pearson 1901; Hotelling 1933) by a singular value decomposition.

    With the mean taken off, X = U S Vᵀ; the coordinates are X V, and S² shares out the variance.
    Each direction points to where its largest coordinate is positive.

    Args:
        vectors: `(n, C)`.
        k: how many directions; where there are fewer, the rest of the coordinates are 0.
    """
    centred = vectors - vectors.mean(0)
    # Of many vectors the triangle of a QR decomposition has the same S and V, and is small.
    tall = centred.shape[0] > centred.shape[1]
    square = torch.linalg.qr(centred, mode="r").R if tall else centred
    _, sizes, directions = torch.linalg.svd(square, full_matrices=False)
    coordinates = centred @ directions[:k].T
    largest = coordinates.gather(0, coordinates.abs().argmax(0, keepdim=True))
    coordinates = coordinates * torch.where(largest < 0, -1.0, 1.0)
    shares = sizes.square() / sizes.square().sum().clamp(min=torch.finfo(sizes.dtype).tiny)
    missing = (0, max(0, k - len(shares)))
    pad = torch.nn.functional.pad
    return Projection(pad(coordinates, missing), pad(shares[:k], missing))


def vector_tables(model: LanguageModel) -> Mapping[str, Tensor]:
    """The tables of vectors that a model has, each `(n, C)`.

    "token" has one for each token as it is read, "position" one for each place in the block if
    places are learned, and "prediction" one for each token as it is said, where that is a table of
    its own.
    """
    parameters = dict(model.named_parameters(remove_duplicate=False))
    names = {
        "token": "embeddings.token.weight",
        "prediction": "lm_head.weight",
        "position": "embeddings.position.weight",
    }
    found = {kind: parameters[name] for kind, name in names.items() if name in parameters}
    if found.get("prediction") is found.get("token"):
        found.pop("prediction", None)
    return found
