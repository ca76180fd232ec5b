"""What the cache keeps, as it really went."""

from __future__ import annotations

import torch

from explorer.charts.caching import SHIFT, Cost, cache_grid, time_figure
from gpt.tensor.config import GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.sampling import Continuation

BLOCK = 4


def costs_of(past_block: str, n_prompt: int, length: int, **settings: object) -> list[Cost]:
    config = GPTConfig(vocab_size=5, block_size=BLOCK, n_layer=1, n_head=1, n_embd=4, **settings)
    model = build_model(config, torch.Generator().manual_seed(1)).eval()
    continuation = Continuation(model, past_block)  # type: ignore[arg-type]
    text = torch.tensor([[place % 5 for place in range(length)]])
    costs = []
    for place in range(n_prompt, length):
        continuation.next_logits(text[:, :place])
        costs.append(Cost(place, continuation.read, continuation.kept, 0.001, 0.002))
    return costs


def test_all_of_the_prompt_is_computed_then_one_token_at_a_time_until_the_block_is_full() -> None:
    assert cache_grid(costs_of("crop", 2, 7)).tolist() == [
        [2, 2, 0, 0, 0, 0],
        [1, 1, 2, 0, 0, 0],
        [1, 1, 1, 2, 0, 0],
        [0, 2, 2, 2, 2, 0],
        [0, 0, 2, 2, 2, 2],
    ]


def test_a_sliding_cache_goes_on_computing_one_and_forgets_the_oldest() -> None:
    assert cache_grid(costs_of("slide", 2, 7, position="rotary")).tolist()[2:] == [
        [1, 1, 1, 2, 0, 0],
        [0, 1, 1, 1, 2, 0],
        [0, 0, 1, 1, 1, 2],
    ]


def test_clamped_positions_keep_everything() -> None:
    assert cache_grid(costs_of("clamp", 2, 7)).tolist()[-1] == [1, 1, 1, 1, 1, 2]


def test_times_are_shown_in_milliseconds_for_the_token_that_is_written() -> None:
    anew, cached = time_figure(costs_of("crop", 2, 4), BLOCK).data
    assert (list(anew.x), list(anew.y)) == ([3, 4], [2.0, 2.0])
    assert list(cached.y) == [1.0, 1.0]


def test_each_line_has_its_name_at_its_end_and_those_that_meet_give_way() -> None:
    costs = costs_of("crop", 2, 4)
    apart = time_figure(costs, BLOCK).layout.annotations
    assert {(each.text, each.x, each.y, each.yshift) for each in apart} == {
        ("all read anew", 4, 2.0, 0),
        ("with the cache", 4, 1.0, 0),
    }
    met = [each._replace(seconds=0.0019) for each in costs]
    shifts = {each.text: each.yshift for each in time_figure(met, BLOCK).layout.annotations}
    assert shifts["all read anew"] == -shifts["with the cache"] > 0
    equal = [each._replace(seconds=0.002) for each in costs]
    assert {each.yshift for each in time_figure(equal, BLOCK).layout.annotations} == {SHIFT, -SHIFT}
