"""One GPT, twice: the weights of `gpt.scalar` in torch and back, and their gradients compared.

What `gpt.scalar` computes number by number, each with a memory, `gpt.tensor` computes with whole
tensors. With the same weights both must find the same loss and the same gradient for every
parameter; `compare_gradients` shows them side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.scalar.families import Matrix
from gpt.scalar.model import Config, FloatRows, as_leaves
from gpt.scalar.train import document_loss
from gpt.scalar.value import backward
from gpt.tensor.config import GPTConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.weights import export_weights, import_weights


def tensor_config(config: Config) -> GPTConfig:
    """The same shape and architecture for `gpt.tensor`."""
    return GPTConfig.microgpt(
        config.vocab_size,
        block_size=config.block_size,
        n_layer=config.n_layer,
        n_head=config.n_head,
        n_embd=config.n_embd,
    )


def scalar_config(config: GPTConfig) -> Config:
    """The same shape for `gpt.scalar`.

    Raises ValueError, naming the settings, if the architecture is not MicroGPT's.
    """
    shape = Config(
        vocab_size=config.vocab_size,
        n_layer=config.n_layer,
        n_embd=config.n_embd,
        block_size=config.block_size,
        n_head=config.n_head,
    )
    needed = tensor_config(shape).to_dict() | {"initialisation": config.initialisation}
    other = [name for name, value in config.to_dict().items() if value != needed[name]]
    if other:
        raise ValueError(
            f"gpt.scalar has only MicroGPT's architecture, from which this model differs in "
            f"{', '.join(other)}."
        )
    return shape


def tensor_names(config: Config) -> dict[str, str]:
    """What `gpt.tensor` calls each matrix of `gpt.scalar`."""
    names = {
        "wte": "embeddings.token.weight",
        "wpe": "embeddings.position.weight",
        "lm_head": "lm_head.weight",
    }
    parts = {
        "attn_wq": "attn.query",
        "attn_wk": "attn.key",
        "attn_wv": "attn.value",
        "attn_wo": "attn.projection",
        "mlp_fc1": "mlp.expansion",
        "mlp_fc2": "mlp.projection",
    }
    for layer in range(config.n_layer):
        for ours, theirs in parts.items():
            names[f"layer{layer}.{ours}"] = f"blocks.{layer}.{theirs}.weight"
    return names


def to_tensor_model(config: Config, weights: Mapping[str, Matrix | FloatRows]) -> LanguageModel:
    """The same model in torch, in float64, on the CPU."""
    model = build_model(tensor_config(config)).double()
    rows = {name: w.rows if isinstance(w, Matrix) else w for name, w in weights.items()}
    tensors = {name: torch.tensor(numbers, dtype=torch.float64) for name, numbers in rows.items()}
    import_weights(model, {theirs: tensors[ours] for ours, theirs in tensor_names(config).items()})
    return model


def to_scalar_weights(model: LanguageModel) -> tuple[Config, dict[str, Matrix]]:
    """The same model for `gpt.scalar`: its shape and its weights, as leaves with their ids.

    Raises ValueError if the architecture is not MicroGPT's.
    """
    config = scalar_config(model.config)
    weights = export_weights(model)
    names = tensor_names(config)
    return config, as_leaves(
        {ours: weights[names[ours]].tolist() for ours in config.matrix_shapes()}
    )


class MatrixComparison(NamedTuple):
    """d(loss)/d(weight) of one matrix, found twice.

    Attributes:
        scalar_name: what `gpt.scalar` calls the matrix.
        tensor_name: what `gpt.tensor` calls it.
        scalar: the gradient by `gpt.scalar`, `(rows, columns)`; that of row i and column j has the
            id (scalar_name, i, j).
        tensor: the gradient by torch, `(rows, columns)`.
    """

    scalar_name: str
    tensor_name: str
    scalar: Tensor
    tensor: Tensor

    @property
    def largest_difference(self) -> float:
        """max |scalar - tensor| over the matrix."""
        return (self.scalar - self.tensor).abs().max().item()


class Comparison(NamedTuple):
    """A loss in nats per token and all its gradients, found twice from the same weights."""

    scalar_loss: float
    tensor_loss: float
    matrices: list[MatrixComparison]

    @property
    def n_parameters(self) -> int:
        """How many gradients were compared."""
        return sum(each.scalar.numel() for each in self.matrices)

    @property
    def loss_difference(self) -> float:
        """How far the two losses are apart."""
        return abs(self.scalar_loss - self.tensor_loss)

    @property
    def largest_difference(self) -> float:
        """How far the two gradients are apart that are furthest."""
        return max(each.largest_difference for each in self.matrices)


def compare_gradients(
    config: Config, weights: Mapping[str, Matrix], document: Sequence[int]
) -> Comparison:
    """Loss and gradients of one document, by plain numbers that remember and by torch in float64.

    `document` is as `gpt.scalar.train.document_loss` takes it; the first block_size predictions
    count.
    """
    loss = document_loss(config, weights, document)
    by_id = backward(loss)

    model = to_tensor_model(config, weights).train()
    length = min(config.block_size, len(document) - 1)
    idx, targets = torch.tensor([document[:length]]), torch.tensor([document[1 : length + 1]])
    _, tensor_loss = model(idx, targets=targets)
    tensor_loss.backward()

    parameters = dict(model.named_parameters())
    matrices = []
    for ours, theirs in tensor_names(config).items():
        # A row that the document does not use, such as a position past its end, has no gradient.
        rows = [[by_id.get(id, 0.0) for id in row] for row in weights[ours].ids]
        gradient = parameters[theirs].grad
        assert gradient is not None
        matrices.append(
            MatrixComparison(ours, theirs, torch.tensor(rows, dtype=torch.float64), gradient)
        )
    return Comparison(loss.data, tensor_loss.item(), matrices)
