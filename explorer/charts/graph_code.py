"""The lines of our own source that run at each step of a walk through a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from typing import Any

from gpt.scalar import functions
from gpt.scalar.value import Value
from gpt.scalar.walkthrough import deliver

RULES: dict[str, Callable[..., Any]] = {
    "add": Value.__add__,
    "mul": Value.__mul__,
    "sub": Value.__sub__,
    "rsub": Value.__rsub__,
    "neg": Value.__neg__,
    "div": Value.__truediv__,
    "rdiv": Value.__rtruediv__,
    "pow": Value.__pow__,
    "rpow": Value.__rpow__,
    "exp": Value.exp,
    "log": Value.log,
    "relu": Value.relu,
    "tanh": Value.tanh,
    "dot": functions.dot,
    "softmax": functions.softmax,
    "cross_entropy": functions.cross_entropy,
}
"""The function that carries out each operation."""


@dataclass(frozen=True)
class Listing:
    """Lines of source, and which of them to light for a value (forward) or always (backward)."""

    lines: tuple[str, ...]
    marked: dict[tuple[str, bool], int]

    def line_of(self, value: Value) -> int | None:
        """The line that computed a value."""
        return self.marked.get((value.operation, _is_second_case(value)))


def forward_listing(values: Sequence[Value]) -> Listing:
    """The rules of all operations that occur, each once, in order of first appearance."""
    lines: list[str] = []
    marked: dict[tuple[str, bool], int] = {}
    for operation in dict.fromkeys(value.operation for value in values):
        body = _source(RULES[operation])
        for is_second in (False, True):
            index = _line_with(body, f'"{operation}"', is_second)
            if index is not None:
                marked[operation, is_second] = len(lines) + index
        lines += [*body, ""]
    return Listing(tuple(lines[:-1]), marked)


def backward_listing(order: Callable[..., Any]) -> tuple[tuple[str, ...], int]:
    """The source of a walk backward, and the line where a gradient is handed on."""
    lines = [*_source(order), "", *_source(deliver)]
    return tuple(lines), next(i for i, line in enumerate(lines) if "gradients[child] +=" in line)


@cache
def _source(function: Callable[..., Any]) -> list[str]:
    """Its lines without the docstring, which is shown elsewhere."""
    source = dedent(inspect.getsource(function))
    documentation = function.__doc__
    if documentation:
        start = source.index('"""')
        end = source.index('"""', start + 3) + 3
        source = source[:start].rstrip(" ") + source[end:].lstrip("\n")
    return source.rstrip().split("\n")


def _is_second_case(value: Value) -> bool:
    """Whether it went the second way through its rule: a plain number, or a ReLU that is dead."""
    if value.operation == "relu":
        return value.data == 0
    return len(value.children) == 1 and bool(value.constants)


def _line_with(lines: Sequence[str], needle: str, is_second: bool) -> int | None:
    """The line that makes the node, the first or the second of those there are."""
    found = [index for index, line in enumerate(lines) if needle in line]
    if not found:
        return None
    return found[-1] if is_second else found[0]
