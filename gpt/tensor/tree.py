"""The likeliest continuations of a text, as a tree: what could follow, and how likely each path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gpt.tensor.cache import PastBlock
from gpt.tensor.filters import SamplingConfig, filter_logits
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.sampling import Continuation, NotANumberError

LEAST_PATH = 0.002  # what is less likely than this is not followed any further


class Node(NamedTuple):
    """A token that could follow, after those on the way to it.

    Attributes:
        tokens: the path from the text to it, it being the last.
        probability: its own, given the path before it.
        path_probability: of the whole path: the product of those on it.
        start: where its share begins among all paths of its length, from 0 to 1. Shares of the
            same parent lie side by side, the likeliest first.
    """

    tokens: tuple[int, ...]
    probability: float
    path_probability: float
    start: float


def likeliest_continuations(
    model: LanguageModel,
    text: Sequence[int],
    config: SamplingConfig,
    *,
    breadth: int,
    depth: int,
    past_block: PastBlock = "crop",
    end: int | None = None,
) -> list[Node]:
    """The `breadth` likeliest tokens after the text, then after each of those, level by level.

    Every probability is that with which the controls would draw. What has drawn `end`, or is less
    likely than `LEAST_PATH`, is not followed.

    Raises NotANumberError if the logits hold a NaN.
    """
    continuation = Continuation(model, past_block)
    texts = torch.tensor([list(text)])  # (B, T): one for each node that is followed
    parents = [Node((), 1.0, 1.0, 0.0)]
    found: list[Node] = []
    for _ in range(depth):
        shares = _shares(continuation.next_logits(texts), config, texts)
        best = shares.topk(min(breadth, shares.shape[-1]), dim=-1)
        children: list[tuple[int, Node]] = []
        for row, parent in enumerate(parents):
            start = parent.start
            for share, token in zip(
                best.values[row].tolist(), best.indices[row].tolist(), strict=True
            ):
                if share > 0:
                    path = parent.path_probability * share
                    children.append((row, Node((*parent.tokens, token), share, path, start)))
                    start += path
        found += [node for _, node in children]
        followed = [
            (row, node)
            for row, node in children
            if node.path_probability >= LEAST_PATH and node.tokens[-1] != end
        ]
        if not followed:
            break
        rows = torch.tensor([row for row, _ in followed])
        parents = [node for _, node in followed]
        last = torch.tensor([[node.tokens[-1]] for node in parents])
        texts = torch.cat([texts[rows], last], dim=1)
        continuation = continuation.of_rows(rows)
    return found


def _shares(logits: Tensor, config: SamplingConfig, texts: Tensor) -> Tensor:
    if logits.isnan().any():
        raise NotANumberError
    *_, last = filter_logits(logits, config, texts)
    return last.probabilities
