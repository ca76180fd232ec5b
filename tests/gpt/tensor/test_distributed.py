"""What one of several processes does by itself; together they are tested as runs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.batches import Batch
from gpt.tensor.config import GPTConfig
from gpt.tensor.distributed import ALONE, WorkerLost, Workers
from gpt.tensor.language_model import IGNORED_TARGET, LanguageModel
from gpt.tensor.models import build_model

MODEL = GPTConfig(vocab_size=7, block_size=6, n_layer=1, n_head=2, n_embd=8, dropout=0.0)


def batch_of(rows: int, *, only_answers: bool) -> Batch:
    """Rows of which all tokens are asked for, or each row's last ones: more of some, less of
    others.
    """
    generator = torch.Generator().manual_seed(rows)
    idx = torch.randint(7, (rows, 6), generator=generator)
    targets = torch.randint(7, (rows, 6), generator=generator)
    if only_answers:
        for row in range(rows):
            targets[row, : row % 6] = IGNORED_TARGET
    return idx, targets


def gradient(model: LanguageModel, batch: Batch, weight: float = 1.0) -> tuple[float, torch.Tensor]:
    """The weighted loss, and all its gradients in a row."""
    model.zero_grad()
    _, loss = model(batch[0], targets=batch[1])
    assert loss is not None
    (loss * weight).backward()
    gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return loss.item() * weight, torch.cat(gradients)


@given(st.integers(1, 4), st.integers(0, 5), st.booleans())
def test_the_mean_of_the_shares_is_the_loss_and_the_gradient_of_the_batch(
    size: int, more: int, only_answers: bool
) -> None:
    model = build_model(MODEL, torch.Generator().manual_seed(1)).double()
    batch = batch_of(size + more, only_answers=only_answers)
    shares = [Workers(rank, size).share(batch) for rank in range(size)]
    assert torch.equal(torch.cat([share.idx for share in shares]), batch[0])
    assert torch.equal(torch.cat([share.targets for share in shares]), batch[1])
    rows = [len(share.idx) for share in shares]
    assert max(rows) - min(rows) <= 1

    loss, expected = gradient(model, batch)
    found = [gradient(model, (idx, targets), weight) for idx, targets, weight in shares]
    assert sum(each for each, _ in found) / size == pytest.approx(loss, abs=1e-12)
    mean = torch.stack([each for _, each in found]).mean(dim=0)
    assert torch.allclose(mean, expected, rtol=0, atol=1e-12)


def test_a_batch_with_fewer_rows_than_processes_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match="A batch of 2 cannot be shared among 3 processes; make batch_size at least 3, or",
    ):
        Workers(1, 3).share(batch_of(2, only_answers=False))


def test_batches_are_dealt_out_one_by_one() -> None:
    batches = [batch_of(rows, only_answers=False) for rows in (1, 2, 3, 4, 5)]
    lengths = [[len(idx) for idx, _ in Workers(rank, 2).some_of(batches)] for rank in (0, 1)]
    assert lengths == [[1, 3, 5], [2, 4]]
    assert list(ALONE.some_of(batches)) == batches


def test_torchrun_says_who_one_is() -> None:
    said = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    assert Workers.of_environment(said) == Workers(3, 4, local_rank=1, local_size=2)
    assert Workers.of_environment({"RANK": "3"}) == ALONE


def test_who_is_alone_talks_to_nobody() -> None:
    model = build_model(MODEL)
    with ALONE.joined():
        assert ALONE.replicate(model) is model
        assert ALONE.total([1.5, 2]) == [1.5, 2]
        assert ALONE.mean(1.5) == 1.5
        assert ALONE.from_first("/runs/1") == "/runs/1"
    assert not torch.distributed.is_initialized()


def test_only_a_broken_connection_is_a_lost_process() -> None:
    broken = RuntimeError("[/pytorch/gloo/transport/tcp/pair.cc:553] Connection closed by peer")
    with pytest.raises(WorkerLost, match="One of its 3 processes ended without a word"):  # noqa: SIM117
        with Workers(0, 3).watched():
            raise broken
    for workers, error in ((Workers(0, 3), RuntimeError("shape")), (ALONE, broken)):
        with pytest.raises(RuntimeError) as caught, workers.watched():
            raise error
        assert caught.value is error


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="for machines without that device")
def test_more_processes_than_devices_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^2 processes need as many devices of type mps, and th"):
        Workers(0, 2, local_rank=0, local_size=2).own_device(torch.device("mps"))
    cpu = torch.device("cpu")
    assert Workers(0, 2, local_rank=0, local_size=2).own_device(cpu) == cpu
