"""Where the tensors live."""

from __future__ import annotations

import torch


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA, else Apple's GPU, else the CPU.

    Raises ValueError if the device does not exist here.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if name == "auto":
        return torch.device(available[0])
    if name not in available:
        raise ValueError(
            f"There is no device {name} on this machine; it has {', '.join(available)}."
        )
    return torch.device(name)
