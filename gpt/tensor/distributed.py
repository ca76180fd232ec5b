"""Several processes that train one model: who they are, and all that they say to each other.

Every process has the whole model and draws the whole batch, but computes only its share of the
rows. Gradients are averaged during the backward pass, so that all make the same update and the
models never differ (Li et al. 2020, "PyTorch Distributed: Experiences on Accelerating Data Parallel
Training"). `torchrun` starts the processes and tells each its rank.

Only what several processes need imports torch's part for it: one alone never does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from torch import Tensor, device, nn

    from gpt.tensor.batches import Batch

    Module = TypeVar("Module", bound=nn.Module)

T = TypeVar("T")

# The others wait for the first one's word through every pause, and in a queue for days. That one of
# them has died they notice by its closed connection, not by its silence.
PATIENCE = timedelta(days=365)

# The longest message of the first process to the others, a path at most.
MESSAGE_BYTES = 8192


class WorkerLost(RuntimeError):
    """Another process of this training has ended, so this one cannot go on."""


class Share(NamedTuple):
    """The rows of a batch that one process computes.

    Attributes:
        idx: token ids, `(b, T)`.
        targets: what follows each, `(b, T)`.
        weight: by what the mean loss of these rows is multiplied so that the mean over all
            processes becomes the mean over all targets of the batch.
    """

    idx: Tensor
    targets: Tensor
    weight: float


@dataclass(frozen=True)
class Workers:
    """The processes that train one model together, seen from one of them; by default it is alone.

    What they say to each other all must call, in the same order. It raises RuntimeError where one
    of them has ended; `watched` gives that a name.

    Attributes:
        rank: which of them this one is, from 0. The first leads: it alone is steered, and writes.
        size: how many they are.
        local_rank: which this one is of those on its machine.
        local_size: how many are on its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Self:
        """As torchrun says it in the environment; alone where it says nothing."""
        names = {"rank": "RANK", "size": "WORLD_SIZE"}
        names |= {"local_rank": "LOCAL_RANK", "local_size": "LOCAL_WORLD_SIZE"}
        if any(name not in environment for name in names.values()):
            return cls()
        return cls(**{field: int(environment[name]) for field, name in names.items()})

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        return self.size == 1

    @contextmanager
    def joined(self) -> Iterator[None]:
        """In touch with the others for as long as the context lasts."""
        if self.is_alone:
            yield
            return
        import torch.distributed as dist

        # Words and small numbers travel between processors whatever device computes.
        dist.init_process_group("gloo", timeout=PATIENCE)
        try:
            yield
        finally:
            dist.destroy_process_group()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Raises WorkerLost where it shows, within, that another process has ended."""
        try:
            yield
        except RuntimeError as error:
            if self.is_alone or not _is_broken_connection(error):
                raise
            raise WorkerLost(
                f"One of its {self.size} processes ended without a word; resuming it loses nothing."
            ) from error

    def share(self, batch: Batch) -> Share:
        """This process' rows of a batch `(B, T)`; of two processes, one may have a row more.

        Raises ValueError if there are fewer rows than processes.
        """
        idx, targets = batch
        if self.is_alone:
            return Share(idx, targets, 1.0)
        if len(idx) < self.size:
            raise ValueError(
                f"A batch of {len(idx)} cannot be shared among {self.size} processes; make "
                f"batch_size at least {self.size}, or start fewer."
            )
        rows = slice(len(idx) * self.rank // self.size, len(idx) * (self.rank + 1) // self.size)
        own = targets[rows]
        return Share(idx[rows], own, self.size * _count_asked(own) / _count_asked(targets))

    def some_of(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """This process' turn of batches that are dealt out one by one."""
        return islice(batches, self.rank, None, self.size)

    def own_device(self, device: device) -> device:
        """The device of that kind that this process computes on.

        Raises ValueError if there are not enough for all processes of this machine.
        """
        if self.is_alone or device.type == "cpu":
            return device
        import torch

        available = torch.cuda.device_count() if device.type == "cuda" else 1
        if available < self.local_size:
            raise ValueError(
                f"{self.local_size} processes need as many devices of type {device.type}, and "
                f"there is {available}; start fewer, or choose the device cpu."
            )
        own = torch.device(device.type, self.local_rank)
        torch.cuda.set_device(own)
        return own

    def replicate(self, model: nn.Module) -> nn.Module:
        """The model to train, whose backward pass averages the gradients of all processes.

        Its weights are those of `model`, of which the first process' are taken by all.
        """
        if self.is_alone:
            return model
        import torch.distributed as dist
        from torch.nn.parallel import DistributedDataParallel

        is_cuda = next(model.parameters()).device.type == "cuda"
        return DistributedDataParallel(
            model,
            process_group=dist.new_group(backend="nccl") if is_cuda else None,
            # They are tables of constants, such as the angles of rotary positions.
            forward_sync_buffers=False,
        )

    def total(self, numbers: Sequence[float]) -> Sequence[float]:
        """Each of the numbers, summed over all processes."""
        if self.is_alone:
            return numbers
        import torch
        import torch.distributed as dist

        sums = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(sums)
        return [float(each) for each in sums.tolist()]

    def mean(self, number: float) -> float:
        """A number's mean over all processes."""
        return self.total([number])[0] / self.size

    def from_first(self, value: Any) -> Any:
        """What the first process passes; the others wait for it. Whatever JSON can carry."""
        if self.is_alone:
            return value
        import torch
        import torch.distributed as dist

        message = torch.zeros(MESSAGE_BYTES, dtype=torch.uint8)
        if self.is_first:
            written = bytearray(json.dumps(value).encode())
            message[: len(written)] = torch.frombuffer(written, dtype=torch.uint8)
        dist.broadcast(message, 0)
        return json.loads(bytes(message.tolist()).rstrip(b"\0"))


ALONE = Workers()


def is_launched() -> bool:
    """Whether torchrun has started this process, and ends it when it is itself told to end."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def _count_asked(targets: Tensor) -> int:
    from gpt.tensor.language_model import IGNORED_TARGET

    return int((targets != IGNORED_TARGET).sum())


def _is_broken_connection(error: RuntimeError) -> bool:
    import torch.distributed as dist

    # Gloo has no error of its own; its messages name the file that they come from.
    return isinstance(error, dist.DistError) or "gloo" in str(error).lower()
