"""Where a parameter is used in a forward pass, and what each use adds to its gradient.

A weight is one number, but a batch uses it many times: at every position of every example. Its
gradient is the sum over all these uses of what was read there times how the loss answers to what
came out (the chain rule; Rumelhart, Hinton and Williams 1986, "Learning representations by
back-propagating errors").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Factor = Callable[[int, int], Tensor]
"""One factor of a weight's contributions, by its row and column: `(B, T)`."""


@dataclass(frozen=True)
class Use:
    """One place in the model where a parameter takes part, at every position of every example.

    What it adds to the gradient of the weight in row i and column j is, at each position, the
    product of two numbers.

    Attributes:
        role: what the parameter is there.
        read: what the weight met: the input that it was multiplied by, or 1 where it was added.
        answer: how the loss answers to what came out, d(loss)/d(output).
        only_row: the one row that takes part; None for all.
    """

    role: str
    read: Factor
    answer: Factor
    only_row: int | None = None

    def contributions(self, row: int, column: int) -> Tensor:
        """What each position of each example adds to d(loss)/d(weight): `(B, T)`."""
        return self.read(row, column) * self.answer(row, column)


class Watch(TorchFunctionMode):
    """While this context lasts, notes every operation of a forward pass that reads one parameter.

    It changes no number. Where the loss's backward pass has run as well, `uses` says what each of
    them added to the parameter's gradient. A vector, such as a bias, has one row.

    The operations are those of `gpt.tensor.layers`: linear layers, embeddings, norms, token shift.
    Nothing is left behind in the model: torch offers the calls of this thread to the context alone.
    """

    def __init__(self, parameter: nn.Parameter, batch_size: int) -> None:
        super().__init__()
        self._parameter = parameter
        self._batch_size = batch_size
        self._uses: list[Callable[[], list[Use]]] = []
        self._rows: list[tuple[Tensor, int]] = []  # of token shift, by which row was read
        self._n_norms = 0

    def uses(self) -> list[Use]:
        """Every use, in the order of the forward pass; those of heads one by one."""
        return [use for make in self._uses for use in make()]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        output = func(*args, **named)
        if func is F.linear and self._is_watched(args[1]):
            self._note_weight(args[0], output)
        elif func is F.linear and len(args) > 2 and self._is_watched(args[2]):
            self._note_sum("as a bias", output)
        elif func is F.embedding and self._is_watched(args[1]):
            self._note_embedding(args[0], output)
        elif func is torch.layer_norm:
            x, _, gain, bias, eps = args
            self._note_norm(x, gain, bias, eps, output)
        elif func is Tensor.__getitem__ and self._is_watched(args[0]):
            output = self._note_rows(args[1], output)
        elif func is torch.addcmul:
            self._note_shift(args[1], args[2], output)
        return output

    def _is_watched(self, argument: object) -> bool:
        return argument is self._parameter

    def _note_weight(self, x: Tensor, output: Tensor) -> None:
        """y = x Wᵀ: row i makes output i of what input j brings."""
        x = x.detach()
        answers = _gradient_of(output)
        role = "as the last layer" if self._uses else "as a matrix"
        self._uses.append(
            lambda: [Use(role, lambda i, j: x[..., j], lambda i, j: answers()[..., i])]
        )

    def _note_sum(self, role: str, output: Tensor) -> None:
        """y = x + b: the answer is the output's own."""
        answers = _gradient_of(output)
        self._uses.append(
            lambda: [Use(role, lambda i, j: torch.ones_like(answers()[..., j]), _column(answers()))]
        )

    def _note_embedding(self, idx: Tensor, output: Tensor) -> None:
        """Row i is read wherever token i stands."""
        answers = _gradient_of(output)
        self._uses.append(
            lambda: [
                Use(
                    "as an embedding",
                    lambda i, j: (idx == i).to(answers().dtype),
                    _column(answers()),
                )
            ]
        )

    def _note_norm(
        self, x: Tensor, gain: Tensor, bias: Tensor | None, eps: float, output: Tensor
    ) -> None:
        """y = gain · x̂ + bias, with x̂ the normalised input. Of heads, each by itself."""
        is_gain = self._is_watched(gain)
        if not is_gain and not self._is_watched(bias):
            return
        answers = _gradient_of(output)
        normalised = F.layer_norm(x.detach(), x.shape[-1:], eps=eps)
        if not is_gain:
            normalised = torch.ones_like(normalised)
        role = "as a gain" if is_gain else "as a bias"
        if x.dim() == 3:
            self._uses.append(lambda: [Use(role, _column(normalised), _column(answers()))])
            return
        # Queries and keys, in this order, share one norm for all heads: (B, H, T, D).
        whose = "the queries" if self._n_norms == 0 else "the keys"
        self._n_norms += 1
        self._uses.append(
            lambda: [
                Use(
                    f"{role} of {whose} of head {head}",
                    _column(normalised[:, head]),
                    _column(answers()[:, head]),
                )
                for head in range(x.shape[1])
            ]
        )

    def _note_rows(self, index: Any, output: Tensor) -> Tensor:
        """Rows read by their place: those of positions, or one of token shift."""
        if isinstance(index, int):
            self._rows.append((output, index))
            return output
        positions = torch.arange(len(self._parameter), device=output.device)[index]
        # One copy for every example, so that each gets an answer of its own.
        output = output.expand(self._batch_size, *output.shape)
        answers = _gradient_of(output)
        self._uses.append(
            lambda: [
                Use(
                    "as a position",
                    lambda i, j: (positions == i).to(answers().dtype).expand(self._batch_size, -1),
                    _column(answers()),
                )
            ]
        )
        return output

    def _note_shift(self, before: Tensor, share: Tensor, output: Tensor) -> None:
        """y = x + before · share, with the share of one of the tokens before."""
        row = next((row for rows, row in self._rows if rows is share), None)
        if row is None:
            return
        before = before.detach()
        answers = _gradient_of(output)
        self._uses.append(
            lambda: [
                Use(
                    f"as the share of the token {row + 1} before",
                    lambda i, j: before[..., j] * (i == row),
                    _column(answers()),
                    only_row=row,
                )
            ]
        )


def gradient_of_uses(uses: Sequence[Use], row: int, column: int) -> float:
    """The sum of all contributions, which is d(loss)/d(weight)."""
    return sum(use.contributions(row, column).double().sum().item() for use in uses)


def _column(of: Tensor) -> Factor:
    return lambda i, j: of[..., j]


def _gradient_of(output: Tensor) -> Callable[[], Tensor]:
    """Asks for the gradient of an activation, which is there once the backward pass has run."""
    output.retain_grad()

    def gradient() -> Tensor:
        if output.grad is None:
            # Nothing that the loss asks for depends on it.
            return torch.zeros_like(output)
        return output.grad

    return gradient
