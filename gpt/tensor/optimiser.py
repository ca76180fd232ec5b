"""What turns gradients into updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from gpt.tensor.training_config import TrainingConfig

EPSILON = 1e-8


class AdamW:
    """AdamW (Loshchilov and Hutter 2017), decaying matrices and embeddings only.

    Biases and the gains of norms are left alone: pulling them to zero would change what a layer
    computes, not how large its weights are.

    The arithmetic is torch's function; torch's class of this name would first load its compiler,
    which takes as long as loading torch.

    Attributes:
        moments: by the name of a parameter, once it has been updated: the number of its updates
            ("step"), and the running means of its gradient ("exp_avg") and of the gradient's square
            ("exp_avg_sq").
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: TrainingConfig) -> None:
        self.moments: dict[str, dict[str, Tensor]] = {}
        self._parameters = dict(parameters)
        self._config = config
        device = next(iter(self._parameters.values())).device
        self._is_fused = device.type in ("cpu", "cuda")

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Updates every parameter that has a gradient, in place."""
        self._step_by_moments(self._parameters, learning_rate)

    def _step_by_moments(self, names: Iterable[str], learning_rate: float) -> None:
        parameters = [(name, self._parameters[name]) for name in names]
        named = [(name, p) for name, p in parameters if p.grad is not None]
        self._update([each for each in named if each[1].dim() >= 2], learning_rate, is_decayed=True)
        self._update([each for each in named if each[1].dim() < 2], learning_rate, is_decayed=False)

    def _update(
        self, named: list[tuple[str, nn.Parameter]], learning_rate: float, *, is_decayed: bool
    ) -> None:
        if not named:
            return
        moments = [self._moments_of(name) for name, _ in named]
        adamw(
            [parameter for _, parameter in named],
            [parameter.grad for _, parameter in named if parameter.grad is not None],
            [each["exp_avg"] for each in moments],
            [each["exp_avg_sq"] for each in moments],
            [],
            [each["step"] for each in moments],
            fused=self._is_fused,
            amsgrad=False,
            beta1=self._config.beta1,
            beta2=self._config.beta2,
            lr=learning_rate,
            weight_decay=self._config.weight_decay if is_decayed else 0.0,
            eps=EPSILON,
            maximize=False,
        )

    def _moments_of(self, name: str) -> dict[str, Tensor]:
        if name not in self.moments:
            self.moments[name] = self._no_moments(name)
        return self.moments[name]

    def _no_moments(self, name: str) -> dict[str, Tensor]:
        """What is remembered of a parameter before its first update."""
        parameter = self._parameters[name]
        return {
            # The fused kernel counts where it computes.
            "step": torch.zeros((), device=parameter.device if self._is_fused else "cpu"),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }

    def import_moments(self, moments: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Replaces all moments by copies of those, which are as `moments` describes.

        Raises ValueError, and changes nothing, if they are not those of these parameters.
        """
        replaced = {}
        for name, tensors in moments.items():
            own = self._no_moments(name) if name in self._parameters else {}
            if {k: t.shape for k, t in tensors.items()} != {k: t.shape for k, t in own.items()}:
                raise ValueError(f"The optimiser's memory of {name} is not of this model.")
            replaced[name] = {k: t.to(own[k].device, copy=True) for k, t in tensors.items()}
        self.moments = replaced


def clip_gradients(parameters: Iterable[nn.Parameter], longest: float | None) -> float:
    """Shortens the gradient, in place, to `longest` if it is longer (Pascanu et al. 2012).

    Returns its norm over all parameters as it was before.
    """
    with_gradient = [p for p in parameters if p.grad is not None]
    norm = nn.utils.get_total_norm([p.grad for p in with_gradient if p.grad is not None])
    if longest is not None:
        nn.utils.clip_grads_with_norm_(with_gradient, longest, norm)
    return norm.item()
