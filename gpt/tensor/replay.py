"""A second opinion on a gradient: the same graph in torch, differentiated by torch's own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from gpt.scalar.value import Gradients, Value, computed_values


class Replay(NamedTuple):
    """What torch makes of a graph: its value, and d(root)/d(value) by id for every value in it."""

    value: float
    gradients: Gradients


def replay_in_torch(root: Value) -> Replay:
    """Compute a graph anew, operation by operation, in float64, and ask torch for its gradients.

    Only the leaves' numbers and the names of the operations are taken over: neither a result nor a
    local gradient of ours. Leaves are told apart by their names, which `backward` has checked.
    """
    order = computed_values(root)
    leaves = dict.fromkeys(child for v in order for child in v.children if not child.children)
    tensors = {
        leaf: torch.tensor(leaf.data, dtype=torch.float64, requires_grad=True)
        for leaf in leaves or [root]
    }
    for value in order:
        children = [tensors[child] for child in value.children]
        tensors[value] = _OPERATIONS[value.operation](children, value.constants)
    # Zeros, not None, where the root does not depend on it, as in a family used in part.
    gradients = torch.autograd.grad(tensors[root], list(tensors.values()), materialize_grads=True)
    by_id = {value.id: slope.item() for value, slope in zip(tensors, gradients, strict=True)}
    return Replay(tensors[root].item(), by_id)


Operation = Callable[[Sequence[Tensor], Sequence[float]], Tensor]
"""From the tensors of a node's children and its plain numbers to its tensor. ()"""


def _dot(children: Sequence[Tensor], constants: Sequence[float]) -> Tensor:
    n = len(children) // 2
    return torch.stack(list(children[:n])) @ torch.stack(list(children[n:]))


def _softmax(children: Sequence[Tensor], constants: Sequence[float]) -> Tensor:
    return torch.stack(list(children)).softmax(0)[int(constants[0])]


def _cross_entropy(children: Sequence[Tensor], constants: Sequence[float]) -> Tensor:
    return cross_entropy(torch.stack(list(children)), torch.tensor(int(constants[0])))


def _binary(operation: Callable[..., Tensor]) -> Operation:
    """An operation on two children, or on one and a plain number after it."""
    return lambda children, constants: operation(*children, *constants)


_OPERATIONS: Mapping[str, Operation] = {
    "add": _binary(torch.add),
    "sub": _binary(torch.sub),
    "rsub": lambda children, constants: constants[0] - children[0],
    "mul": _binary(torch.mul),
    "div": _binary(torch.div),
    "rdiv": lambda children, constants: constants[0] / children[0],
    "neg": _binary(torch.neg),
    "pow": _binary(torch.pow),
    "rpow": lambda children, constants: torch.pow(constants[0], children[0]),
    "exp": _binary(torch.exp),
    "log": _binary(torch.log),
    "relu": _binary(torch.relu),
    "tanh": _binary(torch.tanh),
    "dot": _dot,
    "softmax": _softmax,
    "cross_entropy": _cross_entropy,
}
