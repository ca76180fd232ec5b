"""Token ids into batches: random ones to train on, fixed ones to evaluate on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gpt.corpus.tasks.task import EncodedExample
from gpt.tensor.language_model import IGNORED_TARGET

Batch = tuple[Tensor, Tensor]
"""Token ids `(B, T)` and their targets `(B, T)`: at each place, the token that follows.

Where the target is `IGNORED_TARGET`, none is asked for.
"""

BatchSource = Callable[[torch.Generator], Batch]
"""Draws the next batch. Where it stands in the data is the state of the generator alone."""


def get_batch(data: Tensor, block_size: int, batch_size: int, generator: torch.Generator) -> Batch:
    """Cuts `batch_size` stretches of the text at random, `(B, T)`, and the same one token later.

    The draw is the lecture's, so a generator seeded 1337 gives the lecture's batches.

    Raises ValueError if the text is too short for one stretch and its last target.
    """
    if len(data) <= block_size:
        raise ValueError(
            f"The text has {len(data)} tokens; blocks of {block_size} need at least "
            f"{block_size + 1}. Use a longer text or a smaller block_size."
        )
    starts = torch.randint(len(data) - block_size, (batch_size,), generator=generator)
    return _windows(data, starts, block_size)


def evaluation_batches(data: Tensor, block_size: int, batch_size: int, windows: int) -> list[Batch]:
    """The same stretches every time: disjoint, evenly spread, at most `windows` of them.

    With as many windows as fit, they cover the whole text. A text shorter than a block is one
    shorter window; a text without a second token has nothing to predict and gives no batch.
    """
    if len(data) < 2:
        return []
    length = min(block_size, len(data) - 1)
    available = (len(data) - 1) // length
    count = min(windows, available)
    starts = torch.arange(count) * available // count * length
    return [_windows(data, some, length) for some in torch.split(starts, batch_size)]


def stack_examples(examples: Sequence[EncodedExample], block_size: int) -> Batch:
    """The examples of a task, one a row, `(N, T)`: only the tokens of the answers are asked for.

    Rows are padded to the block. Attention never looks ahead, so what stands there changes nothing.

    Raises ValueError if an example does not fit into the block.
    """
    # The last token is only ever a target.
    longest = max(len(each.tokens) - 1 for each in examples)
    if longest > block_size:
        raise ValueError(
            f"The longest example has {longest} tokens to read, more than block_size "
            f"({block_size}); make that at least {longest}."
        )
    idx = torch.full((len(examples), block_size), examples[0].tokens[0])
    targets = torch.full((len(examples), block_size), IGNORED_TARGET)
    for row, (tokens, start) in enumerate(examples):
        idx[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
        targets[row, start - 1 : len(tokens) - 1] = torch.tensor(tokens[start:])
    return idx, targets


def draw_examples(examples: Batch, batch_size: int, generator: torch.Generator) -> Batch:
    """`batch_size` of the rows at random, `(B, T)`."""
    idx, targets = examples
    rows = torch.randint(len(idx), (batch_size,), generator=generator)
    return idx[rows], targets[rows]


def split_examples(examples: Batch, batch_size: int) -> list[Batch]:
    """All rows, in order, so many at a time."""
    idx, targets = examples
    return list(zip(torch.split(idx, batch_size), torch.split(targets, batch_size), strict=True))


def _windows(data: Tensor, starts: Tensor, length: int) -> Batch:
    stretches = data[starts[:, None] + torch.arange(length + 1)].long()  # (B, T + 1)
    return stretches[:, :-1], stretches[:, 1:]
