"""Where a forward pass can be read and changed: a name for every activation, and nothing global."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping

from torch import Tensor

Trace = MutableMapping[str, Tensor]
"""Filled with every activation of a forward pass, by name. What follows from these and feeds into
nothing, as what each head alone writes, is left to `gpt.lens`, so that a pass need not pay for it.
"""

Ablation = Mapping[str, Callable[[Tensor], Tensor]]
"""Replaces activations by name: each function gets the tensor and returns one of its shape."""


class Tap:
    """Passed down a forward pass, so that each layer can announce what it computed.

    An activation is called after the module that computes it: `blocks.0.attn.pattern`. The idea of
    naming them all is TransformerLens' (Nanda and Bloom, 2022); there they are hooks on the model,
    here an argument of one call, so that nothing is left behind when the call returns.

    Attributes:
        is_idle: whether nobody reads or changes anything, so that a layer may fuse its steps.
    """

    def __init__(
        self, trace: Trace | None = None, ablate: Ablation | None = None, *, prefix: str = ""
    ) -> None:
        self.trace = trace
        self.ablate = ablate or {}
        self.prefix = prefix
        self.names_seen: set[str] = set()
        self.is_idle = trace is None and not self.ablate

    def within(self, name: str) -> Tap:
        """The same tap for a part of the model; its names then begin with the part's name."""
        if self.is_idle:
            return self
        inner = Tap(self.trace, self.ablate, prefix=f"{self.prefix}{name}.")
        inner.names_seen = self.names_seen
        return inner

    def __call__(self, name: str, activation: Tensor) -> Tensor:
        """Announces an activation; returns what to compute with from here on.

        Raises ValueError if an ablation returns another shape.
        """
        if self.is_idle:
            return activation
        name = self.prefix + name
        self.names_seen.add(name)
        if name in self.ablate:
            shape = tuple(activation.shape)
            activation = self.ablate[name](activation)
            if tuple(activation.shape) != shape:
                raise ValueError(
                    f"The ablation of {name} must keep its shape {shape}, "
                    f"but returned {tuple(activation.shape)}."
                )
        if self.trace is not None:
            self.trace[name] = activation
        return activation

    def check_ablation(self) -> None:
        """Raises ValueError if an ablation names an activation that the pass did not compute."""
        for name in self.ablate:
            if name not in self.names_seen:
                raise ValueError(
                    f"There is no activation {name} to ablate; "
                    f"this model has {', '.join(sorted(self.names_seen))}."
                )
