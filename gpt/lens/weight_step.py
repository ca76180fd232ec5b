"""One real training step, seen from one matrix and from one weight in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gpt.lens.next_step import NextStep
from gpt.lens.update_arithmetic import AdamUpdate, MuonUpdate, Update, clip_factor
from gpt.lens.weight_uses import Use, Watch
from gpt.runs.arrays import Arrays
from gpt.runs.config import RunConfig
from gpt.runs.scalar_training import scalar_configs
from gpt.runs.tensor_training import tensor_configs
from gpt.scalar.adam import AdamSettings, AdamState, initial_state
from gpt.scalar.model import as_leaves
from gpt.scalar.train import TrainingState as ScalarState
from gpt.scalar.train import train_step
from gpt.tensor.microgpt import tensor_names, to_tensor_model
from gpt.tensor.models import build_model
from gpt.tensor.muon import hidden_matrices, orthogonalise
from gpt.tensor.optimiser import EPSILON
from gpt.tensor.training import Trainer
from gpt.tensor.training_config import TrainingConfig
from gpt.tensor.weights import import_weights


class WeightId(NamedTuple):
    """One weight of a model; a vector, such as a bias, counts as one row."""

    matrix: str
    row: int
    column: int


@dataclass(frozen=True)
class MatrixStep:
    """What one training step did to one matrix.

    Attributes:
        name: what the run calls it.
        config: the run's.
        before, after: its weights, `(rows, columns)`.
        gradient: d(loss)/d(weight) by the engine that trains the run, before clipping.
        uses: where it takes part in the forward pass; their contributions sum to the gradient.
        loss: of the batch before the update, in nats per token.
        gradient_norm: over all parameters, before clipping.
        learning_rate: of the step.
        moments: what the optimiser remembered of it before the step, each `(rows, columns)`; empty
            if nothing.
        count: its updates, this one included, as the optimiser counts them.
        orthogonal: what Muon made of the gradient with its momentum; None where Adam is at work.
        is_decayed: whether it is pulled towards zero.
    """

    name: str
    config: RunConfig
    before: Tensor
    after: Tensor
    gradient: Tensor
    uses: list[Use]
    loss: float
    gradient_norm: float
    learning_rate: float
    moments: Mapping[str, Tensor]
    count: int
    orthogonal: Tensor | None
    is_decayed: bool

    @property
    def update(self) -> Tensor:
        """The change of every weight, `(rows, columns)`."""
        return self.after - self.before

    def arithmetic(self, row: int, column: int) -> Update:
        """The step of one weight, line by line."""
        training = self.config.training
        longest = training.gradient_clip if isinstance(training, TrainingConfig) else None
        decay = training.weight_decay if isinstance(training, TrainingConfig) else 0.0
        weight, gradient = self.before[row, column].item(), self.gradient[row, column].item()
        clip = clip_factor(self.gradient_norm, longest)
        decay = decay if self.is_decayed else 0.0

        def remembered(name: str) -> float:
            return self.moments[name][row, column].item() if name in self.moments else 0.0

        if self.orthogonal is not None:
            assert isinstance(training, TrainingConfig)
            rows, columns = self.before.shape
            return MuonUpdate(
                weight,
                gradient,
                clip,
                remembered("momentum"),
                self.orthogonal[row, column].item(),
                sqrt(max(1, rows / columns)),
                self.learning_rate,
                decay,
                training.muon_momentum,
            )
        return AdamUpdate(
            weight,
            gradient,
            clip,
            remembered("exp_avg"),
            remembered("exp_avg_sq"),
            self.count,
            self.learning_rate,
            decay,
            training.beta1,
            training.beta2,
            EPSILON,
        )


def take_step(step: NextStep, matrix: str) -> MatrixStep:
    """Takes the step, with the run's own trainer, and keeps what concerns one matrix.

    Raises:
        ValueError: the model has no matrix of that name.
        TrainingDiverged: the loss or a gradient is not finite.
    """
    if matrix not in step.weights:
        raise ValueError(
            f"This model has no matrix {matrix}; it has {', '.join(sorted(step.weights))}."
        )
    if step.config.kind == "scalar":
        return _take_scalar_step(step, matrix)
    return _take_tensor_step(step, matrix)


def open_trainer(step: NextStep) -> Trainer:
    """The trainer of a tensor run as it stands before the step; each call makes another."""
    model_config, training = tensor_configs(step.config)
    # Past the end there is one step more, whose learning rate is set below.
    training = replace(training, steps=max(training.steps, step.step), inspection_interval=None)
    model = build_model(model_config)
    import_weights(model, {name: torch.as_tensor(array) for name, array in step.weights.items()})
    trainer = Trainer(model, training, draw_batch=lambda generator: step.batch)
    trainer.optimiser.import_moments(_moments_by_parameter(step.moments))
    trainer.progress.step = step.step - 1
    trainer.controls.learning_rate = step.learning_rate
    return trainer


def _take_tensor_step(step: NextStep, matrix: str) -> MatrixStep:
    trainer = open_trainer(step)
    parameter = trainer.model.get_parameter(matrix)
    before = _as_matrix(parameter.detach().clone())
    known = trainer.optimiser.moments.get(matrix, {})
    moments = {k: _as_matrix(t.clone()) for k, t in known.items() if k != "step"}
    gradients: list[Tensor] = []
    # Clipping shortens the gradient in place, right after.
    keep_gradient: Any = parameter.register_post_accumulate_grad_hook
    keep_gradient(lambda p: gradients.append(p.grad.clone()))
    with Watch(parameter, len(step.batch[0])) as watch:
        report = next(trainer.run())
    assert report.train_loss is not None and report.gradient_norm is not None
    gradient = gradients[0] if gradients else torch.zeros_like(parameter)
    is_muon = trainer.config.optimiser == "muon" and matrix in hidden_matrices(trainer.model)
    orthogonal = None
    if is_muon:
        clip = clip_factor(report.gradient_norm, trainer.config.gradient_clip)
        memory = trainer.config.muon_momentum
        momentum = moments.get("momentum", torch.zeros_like(gradient))
        direction = (clip * gradient).lerp(momentum.lerp(clip * gradient, 1 - memory), memory)
        orthogonal = orthogonalise(direction[None], trainer.config.muon_iterations)[0]
    counted = trainer.optimiser.moments.get(matrix, {}).get("step")
    return MatrixStep(
        matrix,
        step.config,
        before,
        _as_matrix(parameter.detach()),
        _as_matrix(gradient),
        watch.uses(),
        report.train_loss,
        report.gradient_norm,
        step.learning_rate,
        moments,
        1 if counted is None else int(counted),
        orthogonal,
        is_decayed=parameter.dim() >= 2,
    )


def _take_scalar_step(step: NextStep, matrix: str) -> MatrixStep:
    """By plain numbers; where the matrix is used, the same model in tensors says."""
    config, training = scalar_configs(step.config)
    weights = as_leaves({name: step.weights[name].tolist() for name in config.matrix_shapes()})
    idx, targets = step.batch
    state = ScalarState(weights, _adam_state(step))
    document = [*idx[0].tolist(), targets[0, -1].item()]
    settings = AdamSettings(training.beta1, training.beta2)
    report = train_step(config, state, document, step.learning_rate, settings)

    twin = to_tensor_model(config, weights)
    with Watch(twin.get_parameter(tensor_names(config)[matrix]), 1) as watch:
        _, loss = twin(idx, targets=targets)
        torch.autograd.backward(loss)

    own = weights[matrix]
    # Where the loss does not depend on a weight, the graph does not know it.
    gradient = [[report.gradients.get(id, 0.0) for id in row] for row in own.ids]
    moments = {
        "exp_avg": _rows_of(matrix, config.matrix_shapes(), state.adam.m),
        "exp_avg_sq": _rows_of(matrix, config.matrix_shapes(), state.adam.v),
    }
    return MatrixStep(
        matrix,
        step.config,
        torch.tensor(own.rows, dtype=torch.float64),
        torch.tensor(report.state.weights[matrix].rows, dtype=torch.float64),
        torch.tensor(gradient, dtype=torch.float64),
        watch.uses(),
        report.loss,
        sqrt(sum(gradient**2 for gradient in report.gradients.values())),
        step.learning_rate,
        moments,
        report.state.adam.step,
        None,
        is_decayed=False,
    )


def _adam_state(step: NextStep) -> AdamState:
    """Adam's memory of a scalar run, which lists the weights matrix by matrix."""
    if not step.moments:
        return initial_state(sum(array.size for array in step.weights.values()))
    m, v = (step.moments[f"adam.{name}"].tolist() for name in ("m", "v"))
    return AdamState(step.step - 1, m, v)


def _rows_of(
    matrix: str, shapes: Mapping[str, tuple[int, int]], numbers: Sequence[float]
) -> Tensor:
    """One matrix out of the numbers of all, which stand one after another."""
    sizes = [rows * columns for rows, columns in shapes.values()]
    place = list(shapes).index(matrix)
    of_matrix = torch.split(torch.tensor(numbers, dtype=torch.float64), sizes)[place]
    return of_matrix.reshape(shapes[matrix])


def _moments_by_parameter(arrays: Arrays) -> dict[str, dict[str, Tensor]]:
    """From "optimiser.NAME.KEY", as a run keeps them, to what the optimiser takes."""
    moments: dict[str, dict[str, Tensor]] = {}
    for path, array in arrays.items():
        name, _, key = path.removeprefix("optimiser.").rpartition(".")
        moments.setdefault(name, {})[key] = torch.as_tensor(array)
    return moments


def _as_matrix(parameter: Tensor) -> Tensor:
    """A vector is a matrix of one row."""
    return parameter if parameter.dim() >= 2 else parameter[None]
