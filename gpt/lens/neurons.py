"""The neurons of the MLPs: when each is active, on what most, and what it then says.

An MLP is a list of neurons: each reads the stream along one direction and, as far as it is active,
writes another to it (Geva et al. 2021, "Transformer Feed-Forward Layers Are Key-Value Memories").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt.lens.anatomy import mlp_layers
from gpt.lens.contributions import measure_push
from gpt.lens.trace import NoSuchActivationError, Trace, trace
from gpt.tensor.batches import Batch
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel
from gpt.tensor.layers import MLP

CONTEXTS = 5
"""How many of the strongest contexts of a neuron are kept unless told otherwise."""


@dataclass(frozen=True)
class NeuronSurvey:
    """What every neuron did on a text: L layers of N neurons each, the strongest k contexts.

    Attributes:
        windows: the tokens that were read, `(n_windows, T)`.
        lengths: how many of each window count, `(n_windows,)`; the rest is padding.
        active_share: on which share of the tokens each neuron was above 0, `(L, N)`.
        strongest: its largest activations, at most one of a window, largest first, `(L, N, k)`.
        in_window, at_position: where they were, `(L, N, k)`.
    """

    windows: Tensor
    lengths: Tensor
    active_share: Tensor
    strongest: Tensor
    in_window: Tensor
    at_position: Tensor

    @property
    def n_tokens(self) -> int:
        """How many tokens were read."""
        return int(self.lengths.sum())


def neuron_activations(trace: Trace) -> Tensor:
    """How active each neuron was at each token: `(L, T, N)`, or of a batch `(B, L, T, N)`.

    Raises NoSuchActivationError if the model's blocks have no neurons.
    """
    return trace.of_layers("mlp.post")


@torch.no_grad()
def survey_neurons(
    model: LanguageModel, batches: Sequence[Batch], contexts: int = CONTEXTS
) -> NeuronSurvey:
    """Reads a text and keeps for each neuron how often it was active, and where most.

    Args:
        model: without dropout.
        batches: as `gpt.lens.opening.held_out_batches` gives them. Of a padded row the tokens up
            to the last one that is asked for count.
        contexts: how many of the strongest to keep; there are no more than windows.

    Raises:
        NoSuchActivationError: the model's blocks have no neurons.
        ValueError: there is nothing to read.
    """
    if not batches:
        raise ValueError("There is no text to read: nothing is held out of it.")
    n_active: Tensor | None = None
    found: list[Tensor] = []  # of each batch the largest of every window, (B, L, N)
    places: list[Tensor] = []
    for idx, targets in batches:
        is_read = (targets != IGNORED_TARGET).flip(-1).cummax(-1).values.flip(-1)  # (B, T)
        activations = neuron_activations(trace(model, idx))  # (B, L, T, N)
        counted = activations.masked_fill(~is_read[:, None, :, None], -torch.inf)
        largest = counted.max(dim=2)
        found.append(largest.values)
        places.append(largest.indices)
        active = (counted > 0).sum((0, 2))
        n_active = active if n_active is None else n_active + active
    assert n_active is not None
    windows = torch.cat([idx for idx, _ in batches])
    lengths = torch.cat([_length(targets) for _, targets in batches])
    best = torch.cat(found).topk(min(contexts, len(windows)), dim=0)  # (k, L, N)
    positions = torch.cat(places).gather(0, best.indices)
    return NeuronSurvey(
        windows,
        lengths,
        n_active / lengths.sum(),
        best.values.permute(1, 2, 0),
        best.indices.permute(1, 2, 0),
        positions.permute(1, 2, 0),
    )


def neuron_writes(model: LanguageModel, layer: int) -> Tensor:
    """What each neuron of a layer adds to the stream where its activation is 1: `(N, C)`.

    Raises NoSuchActivationError if the layer has no neurons.
    """
    layers = mlp_layers(model)
    mlp = layers[layer] if layer < len(layers) else None
    if not isinstance(mlp, MLP):
        raise NoSuchActivationError(f"Layer {layer} of this model has no neurons that write.")
    return mlp.projection.weight.T


@torch.no_grad()
def measure_neuron_push(
    model: LanguageModel, trace: Trace, layer: int, position: int, neurons: Sequence[int]
) -> Tensor:
    """How what some neurons of a layer write after a token moves all logits, directly: `(n, V)`.

    With the last norm's scale held, as in `gpt.lens.contributions`. Raises NoSuchActivationError.
    """
    chosen = list(neurons)
    active = neuron_activations(trace)[layer, position, chosen]
    written = active[:, None] * neuron_writes(model, layer)[chosen]
    return measure_push(model, trace, written, position=position)


def _length(targets: Tensor) -> Tensor:
    """Up to which token of each row something is asked for, `(B,)`."""
    positions = torch.arange(1, targets.shape[1] + 1)
    lengths: Tensor = (positions * (targets != IGNORED_TARGET)).amax(1)
    return lengths
