import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.corpus.tasks.task import EncodedExample
from gpt.tensor.batches import (
    draw_examples,
    evaluation_batches,
    get_batch,
    split_examples,
    stack_examples,
)


def test_the_lectures_first_batch(shakespeare, generator: torch.Generator) -> None:
    x, y = get_batch(shakespeare.training, 8, 4, generator)
    assert x.tolist() == [
        [24, 43, 58, 5, 57, 1, 46, 43],
        [44, 53, 56, 1, 58, 46, 39, 58],
        [52, 58, 1, 58, 46, 39, 58, 1],
        [25, 17, 27, 10, 0, 21, 1, 54],
    ]
    assert y[0].tolist() == [43, 58, 5, 57, 1, 46, 43, 39]


@given(length=st.integers(2, 60), block_size=st.integers(1, 60), seed=st.integers(0, 999))
def test_each_target_is_the_token_that_follows(length: int, block_size: int, seed: int) -> None:
    data = torch.arange(length, dtype=torch.int32)
    generator = torch.Generator().manual_seed(seed)
    if length <= block_size:
        with pytest.raises(ValueError, match=f"blocks of {block_size} need at least"):
            get_batch(data, block_size, 3, generator)
        return
    x, y = get_batch(data, block_size, 3, generator)
    assert x.shape == (3, block_size)
    assert x.dtype == torch.int64
    assert torch.equal(y, x + 1)


def test_every_stretch_of_a_text_can_be_drawn(generator: torch.Generator) -> None:
    x, y = get_batch(torch.arange(10), 4, 1000, generator)
    assert sorted(set(x[:, 0].tolist())) == [0, 1, 2, 3, 4, 5]
    assert y.max() == 9


def test_a_saved_generator_goes_on_with_the_same_batches(generator: torch.Generator) -> None:
    data = torch.arange(1000)
    get_batch(data, 8, 4, generator)
    place = generator.get_state()
    expected = get_batch(data, 8, 4, generator)
    resumed = torch.Generator()
    resumed.set_state(place)
    again = get_batch(data, 8, 4, resumed)
    assert torch.equal(again[0], expected[0])
    assert torch.equal(again[1], expected[1])


@given(
    length=st.integers(0, 80),
    block_size=st.integers(1, 20),
    batch_size=st.integers(1, 5),
    windows=st.integers(1, 30),
)
def test_evaluation_windows_are_disjoint_full_and_as_many_as_asked_for(
    length: int, block_size: int, batch_size: int, windows: int
) -> None:
    batches = evaluation_batches(torch.arange(length), block_size, batch_size, windows)
    if length < 2:
        assert batches == []
        return
    targets = torch.cat([y.flatten() for _, y in batches]).tolist()
    window = min(block_size, length - 1)
    assert len(targets) == len(set(targets)) == min(windows, (length - 1) // window) * window
    assert all(torch.equal(y, x + 1) and len(x) <= batch_size for x, y in batches)


def test_evaluation_windows_are_spread_over_the_whole_text() -> None:
    [(x, _)] = evaluation_batches(torch.arange(1001), 10, 64, 4)
    assert x[:, 0].tolist() == [0, 250, 500, 750]


# BOS is 9: one example reads 1 2 and answers 3, the other reads 4 and answers 5 6.
EXAMPLES = [EncodedExample([9, 1, 2, 3, 9], 3), EncodedExample([9, 4, 5, 6, 9], 2)]


def test_of_an_example_only_the_answer_is_asked_for() -> None:
    idx, targets = stack_examples(EXAMPLES, 6)
    assert idx.tolist() == [[9, 1, 2, 3, 9, 9], [9, 4, 5, 6, 9, 9]]
    assert targets.tolist() == [[-1, -1, 3, 9, -1, -1], [-1, 5, 6, 9, -1, -1]]
    with pytest.raises(ValueError, match=r"has 4 tokens to read, more than block_size \(3\)"):
        stack_examples(EXAMPLES, 3)


def test_examples_are_drawn_whole_and_split_in_order(generator: torch.Generator) -> None:
    examples = stack_examples(EXAMPLES, 4)
    idx, targets = draw_examples(examples, 50, generator)
    rows = {(*a, *b) for a, b in zip(idx.tolist(), targets.tolist(), strict=True)}
    assert rows == {(9, 1, 2, 3, -1, -1, 3, 9), (9, 4, 5, 6, -1, 5, 6, 9)}
    split = split_examples(examples, 1)
    assert [x.tolist() for x, _ in split] == [[[9, 1, 2, 3]], [[9, 4, 5, 6]]]
