"""What kind of head it is, as numbers: each a mean over its attention pattern.

Below, A[t, s] is the weight of query t for key s. Patterns are `(..., T, T)`; whatever axes come
first (checkpoints, a batch, layers, heads) are kept, so that all heads of all checkpoints are
measured at once. The first query can only look at itself and the second has two choices, so what
asks where a head looks begins with the third, t = 2; a text too short for that scores nan.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

LabelName = Literal["induction", "previous token", "same token", "offset", "first token"]
"""What a head can be called, in order of preference: to look at the first token comes last, for it
is where heads rest that find nothing (Xiao et al. 2023 call it the attention sink)."""

LABEL_NAMES: tuple[LabelName, ...] = get_args(LabelName)

LABEL_THRESHOLD = 0.4
"""A label needs a score of this much: so much of all attention goes where the label says."""

CHANCE_FACTOR = 2.0
"""And this many times what a head would score that looks everywhere alike."""


class HeadScores(NamedTuple):
    """What the heads do on one text. Every tensor is `(..., H)`, shares are from 0 to 1.

    Attributes:
        previous_token: `previous_token_score`.
        first_token: `first_token_score`.
        same_token: `same_token_score`.
        offset: the distance of `best_offset`, in tokens; 0 is the query itself.
        offset_share: the share of attention at that distance.
        entropy: mean of `entropies`, in nats.
        mean_distance: `mean_distance`, in tokens.
    """

    previous_token: Tensor
    first_token: Tensor
    same_token: Tensor
    offset: Tensor
    offset_share: Tensor
    entropy: Tensor
    mean_distance: Tensor


class Label(NamedTuple):
    """What a head is called, and why.

    Attributes:
        name: of the score that gave the label.
        score: that score, from 0 to 1.
        offset: for an offset head its distance, in tokens; else None.
    """

    name: LabelName
    score: float
    offset: int | None = None

    def __str__(self) -> str:
        name = "this token" if self.offset == 0 else f"{self.offset} tokens back"
        return self.name if self.offset is None else name


def measure_heads(patterns: Tensor, tokens: Tensor) -> HeadScores:
    """All scores that a head's pattern `(..., H, T, T)` on a text of tokens `(T,)` has.

    For a batch, tokens are `(B, T)` and patterns `(B, ..., H, T, T)`; scores are per text.
    """
    offset, share = best_offset(patterns)
    return HeadScores(
        previous_token_score(patterns),
        first_token_score(patterns),
        same_token_score(patterns, tokens),
        offset,
        share,
        entropies(patterns).mean(-1),
        mean_distance(patterns),
    )


def previous_token_score(patterns: Tensor) -> Tensor:
    """How much goes to the token before: mean over t ≥ 2 of A[t, t-1]. `(..., T, T)` -> `(...)`."""
    return patterns.diagonal(-1, -2, -1)[..., 1:].mean(-1)


def first_token_score(patterns: Tensor) -> Tensor:
    """How much goes to the first token: mean over t ≥ 2 of A[t, 0]. `(..., T, T)` -> `(...)`."""
    return patterns[..., 2:, 0].mean(-1)


def same_token_score(patterns: Tensor, tokens: Tensor) -> Tensor:
    """How much goes to where the query's own token stood before.

    Mean of ∑ A[t, s] over the s < t with x[s] = x[t], over those t ≥ 2 for which there are any.
    `(..., T, T)` and tokens x `(T,)` -> `(...)`; nan for a text without repetition.
    """
    is_same = (tokens[..., :, None] == tokens[..., None, :]).tril(-1)  # (T, T) or (B, T, T)
    is_same[..., :2, :] = False
    has_any = is_same.any(-1).sum(-1)
    if tokens.dim() == 2:
        middle = [1] * (patterns.dim() - 3)
        is_same = is_same.view(len(tokens), *middle, *is_same.shape[1:])
        has_any = has_any.view(len(tokens), *middle)
    return (patterns * is_same).sum((-2, -1)) / has_any


def best_offset(patterns: Tensor) -> tuple[Tensor, Tensor]:
    """The distance at which a head looks most, and how much: `(..., T, T)` -> two `(...)`.

    For each distance d from 0 to T // 2 the mean of A[t, t-d] over the later half of the queries,
    t ≥ T // 2, all of which have a token so far back; the largest of these means, and its d.
    """
    T = patterns.shape[-1]
    queries = torch.arange(T // 2, T, device=patterns.device)
    keys = queries[:, None] - torch.arange(T // 2 + 1, device=patterns.device)  # (queries, d)
    share, offset = patterns[..., queries[:, None], keys].mean(-2).max(-1)
    return offset, share


def entropies(patterns: Tensor) -> Tensor:
    """How spread out each query's attention is: H[t] = -∑ A[t, s] ln A[t, s], in nats.

    0 for one key alone, ln n for n keys alike. `(..., T, T)` -> `(..., T)`.
    """
    least = torch.finfo(patterns.dtype).tiny  # 0 ln 0 is 0; and log is far faster than xlogy
    return -(patterns * patterns.clamp_min(least).log()).sum(-1)


def mean_distance(patterns: Tensor) -> Tensor:
    """How far back a head looks: mean over t of ∑ A[t, s] (t - s), in tokens. -> `(...)`."""
    positions = torch.arange(patterns.shape[-1], device=patterns.device, dtype=patterns.dtype)
    return (positions - patterns @ positions).mean(-1)


def label_heads(
    scores: HeadScores, tokens: Tensor, induction: tuple[Tensor, float] | None = None
) -> list[Label | None]:
    """What each head may be called, in the order of the scores, flattened.

    A label is given where its score is at least `LABEL_THRESHOLD` and at least `CHANCE_FACTOR`
    times what a head scores that looks at all it can see alike, as a text of few tokens makes
    high scores cheap. Of several, the first of `LABEL_NAMES` is taken. An offset of 1 is the
    previous token; and where a text repeats itself, to do induction is to look back by as much as
    the text repeats, so a head whose induction is above chance is not called an offset head.

    Args:
        scores: on a text, of one sequence.
        tokens: that text, `(T,)`.
        induction: `induction_scores` of the same heads, and what chance would score there.
    """
    chance = measure_heads(uniform_pattern(len(tokens), like=scores.entropy), tokens)
    table: dict[LabelName, tuple[list[float], float]] = {
        "previous token": (_numbers(scores.previous_token), chance.previous_token.item()),
        "same token": (_numbers(scores.same_token), chance.same_token.item()),
        "offset": (_numbers(scores.offset_share), chance.offset_share.item()),
        "first token": (_numbers(scores.first_token), chance.first_token.item()),
    }
    if induction is not None:
        table["induction"] = (_numbers(induction[0]), induction[1])

    def is_above_chance(name: LabelName, head: int) -> bool:
        values, by_chance = table.get(name, ([], 0.0))
        return bool(values) and values[head] >= CHANCE_FACTOR * by_chance

    def label(head: int, offset: int) -> Label | None:
        for name in LABEL_NAMES:
            if name == "offset" and (offset == 1 or is_above_chance("induction", head)):
                continue
            if is_above_chance(name, head) and (score := table[name][0][head]) >= LABEL_THRESHOLD:
                return Label(name, score, offset if name == "offset" else None)
        return None

    return [label(head, int(offset)) for head, offset in enumerate(_numbers(scores.offset))]


def uniform_pattern(T: int, *, like: Tensor) -> Tensor:
    """The pattern of a head that looks at all it can see alike, `(T, T)`: A[t, s] = 1 / (t + 1)."""
    visible = torch.ones(T, T, dtype=like.dtype, device=like.device).tril()
    return visible / visible.sum(-1, keepdim=True)


def _numbers(scores: Tensor) -> list[float]:
    numbers: list[float] = scores.flatten().tolist()
    return numbers
