"""The step after a checkpoint is the run's own: its batch, its losses, its next weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.lens.loss_along_weight import LossAlongWeights
from gpt.lens.next_step import NextStep, prepare_step, step_of_memory
from gpt.lens.update_arithmetic import MuonUpdate
from gpt.lens.weight_step import MatrixStep, open_trainer, take_step
from gpt.lens.weight_uses import gradient_of_uses
from gpt.runs.arrays import read_arrays, write_arrays
from gpt.runs.control import ask_to_train, set_learning_rate, stop_run
from gpt.runs.journal import Record, read_records
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.runs.tensor_training import tensor_configs
from gpt.tensor.models import build_model
from gpt.tensor.weights import export_weights

KINDS = pytest.mark.parametrize("kind", ["scalar", "tensor"])
SMALL = {"block_size": 8, "n_layer": 2, "n_head": 2, "n_embd": 8, "batch_size": 3}
TASK_SIZES = {name: SMALL[name] for name in ("n_layer", "n_head", "n_embd", "batch_size")}


def stopped(tiny: Any, kind: str, at: int, **changes: Any) -> Run:
    """A run that was stopped after a step, and so kept its weights and its memory there."""
    run: Run = tiny.run(kind, **changes)

    def watch(record: Record) -> None:
        if record["step"] == at:
            stop_run(run, "test")

    train_run(run, on_record=watch)
    assert step_of_memory(run) == at
    return run


def agree(step: MatrixStep, tolerance: float) -> None:
    """Each weight's arithmetic ends where the optimiser put it."""
    for row, column in np.ndindex(*step.before.shape):
        update = step.arithmetic(row, column)
        assert math.isclose(
            update.new_weight, step.after[row, column].item(), rel_tol=tolerance, abs_tol=tolerance
        ), (step.name, row, column)


@KINDS
def test_the_batch_of_any_step_is_the_run_s_own(tiny: Any, kind: str) -> None:
    run = tiny.trained(kind, checkpoints=9)
    records = {record["step"]: record for record in read_records(run.metrics_file)}
    for checkpoint in run.checkpoints()[:-1]:
        following = prepare_step(run, checkpoint.step, tiny.corpus)
        step = take_step(following, next(iter(following.weights)))
        record = records[checkpoint.step + 1]
        assert (step.loss, step.gradient_norm) == pytest.approx(
            (record["train_loss"], record["gradient_norm"]), rel=1e-12
        )
        assert following.recorded == (
            *(record["train_loss"], record["gradient_norm"], record["learning_rate"]),
        )
        assert following.learning_rate == pytest.approx(record["learning_rate"], rel=1e-12)
        assert following.memory == ("fresh" if checkpoint.step else "none yet")
    last = prepare_step(run, 24, tiny.corpus)
    assert last.is_past_the_end and last.recorded is None and last.memory == "own"


@KINDS
def test_from_the_run_s_own_memory_comes_the_run_s_next_checkpoint(tiny: Any, kind: str) -> None:
    run = stopped(tiny, kind, at=7)
    following = prepare_step(run, 7, tiny.corpus)
    assert following.memory == "own"
    steps = {name: take_step(following, name) for name in following.weights}
    next_run = stopped(tiny, kind, at=8, title="one more")
    weights = read_arrays(next_run.checkpoint(8).path).arrays
    for name, step in steps.items():
        assert np.array_equal(step.after.numpy(), weights[name].reshape(step.after.shape)), name
        assert step.count == 8
        agree(step, 1e-12 if kind == "scalar" else 2e-7)


@KINDS
def test_the_first_step_needs_no_memory(tiny: Any, kind: str) -> None:
    run = stopped(tiny, kind, at=1)
    following = prepare_step(run, 0, tiny.corpus)
    weights = read_arrays(run.checkpoint(1).path).arrays
    for name in following.weights:
        step = take_step(following, name)
        assert np.array_equal(step.after.numpy(), weights[name].reshape(step.after.shape))
        assert step.count == 1


def test_a_steered_learning_rate_is_the_one_that_was_steered(tiny: Any) -> None:
    run = tiny.run("tensor")

    def watch(record: Record) -> None:
        if record["step"] == 4:
            set_learning_rate(run, 0.0123, "test")
        if record["step"] == 9:
            stop_run(run, "test")

    train_run(run, on_record=watch)
    assert prepare_step(run, 9, tiny.corpus).learning_rate == 0.0123
    ask_to_train(run, "test")
    train_run(run)
    assert prepare_step(run, 9, tiny.corpus).learning_rate == 0.0123


TENSOR_PRESETS = [name for name in PRESETS if name != "microgpt"]


@pytest.mark.parametrize("preset", TENSOR_PRESETS)
def test_every_preset_s_arithmetic_is_its_optimiser_s(
    preset: str, runs: Path, tmp_path: Path
) -> None:
    run, corpus = _small(preset, tmp_path, {"dropout": 0.0})
    config = run.config()
    following = _drawn(run, corpus)
    for name in following.weights:
        step = take_step(following, name)
        agree(step, 3e-7)
        is_muon = isinstance(step.arithmetic(0, 0), MuonUpdate)
        assert is_muon == (
            config.training.to_dict()["optimiser"] == "muon"
            and step.name.startswith("blocks")
            and step.before.shape[0] > 1
        )
        total = gradient_of_uses(step.uses, 0, 1)
        assert total == pytest.approx(step.gradient[0, 1].item(), rel=1e-4, abs=1e-8)


def _small(preset: str, folder: Path, changes: dict[str, Any]) -> tuple[Run, Corpus]:
    """A run of a preset in small that never trained, and its text."""
    chosen = PRESETS[preset]
    if chosen.corpus in ("shakespeare", "names"):
        corpus = Corpus("tiny-names", "\n".join(load_corpus("names").documents[::400]), "text")
    else:
        corpus = load_corpus(chosen.corpus)
    sizes = TASK_SIZES if corpus.task else SMALL
    config = configure(chosen, corpus, {**sizes, "steps": 9, "warmup_steps": 2, **changes})
    return create_run(config, corpus, path=folder / "run"), corpus


def _drawn(run: Run, corpus: Corpus) -> NextStep:
    """The first step of a run that never trained, its weights drawn wide."""
    model = build_model(tensor_configs(run.config())[0])
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        parameter.detach().normal_(std=0.2, generator=generator)
    weights = {name: weight.numpy() for name, weight in export_weights(model).items()}
    write_arrays(run.checkpoint_file(0), weights, {"step": "0"})
    return prepare_step(run, 0, corpus)


@KINDS
def test_the_gradient_is_the_slope_of_the_measured_loss(tiny: Any, kind: str) -> None:
    """With the run's dropout: the curve is that of the very step."""
    run = stopped(tiny, kind, at=5)
    following = prepare_step(run, 5, tiny.corpus)
    for name in list(following.weights)[::3]:
        step = take_step(following, name)
        place = divmod(int(step.gradient.abs().argmax()), step.before.shape[1])
        along = LossAlongWeights(following, name).of(*place)
        assert along.value == step.before[place].item()
        assert along.loss_at(along.value) == pytest.approx(step.loss, rel=1e-6)
        h = 1e-5
        above, below = along.loss_at(along.value + h), along.loss_at(along.value - h)
        assert (above - below) / (2 * h) == pytest.approx(step.gradient[place].item(), rel=1e-4)
        assert along.loss_at(along.value) == along.loss_at(along.value)


@pytest.mark.parametrize("preset", TENSOR_PRESETS)
def test_a_loss_is_that_of_the_trainer_with_the_weight_moved(
    preset: str, runs: Path, tmp_path: Path
) -> None:
    """Whatever comes before the weight and is kept, and whatever it draws of dropout."""
    run, corpus = _small(preset, tmp_path, {})
    following = _drawn(run, corpus)
    for name in following.weights:
        weights = LossAlongWeights(following, name)
        for place in ((0, 1), (0, 0)):
            along = weights.of(*place)
            for value in (along.value - 0.5, along.value, along.value + 2):
                truth = _trainer_s_loss(following, name, place, value)
                assert along.loss_at(value) == pytest.approx(truth, abs=1e-13)
                assert along.quick_loss_at(value) == pytest.approx(truth, abs=3e-7)
            assert along.loss == along.loss_at(along.value)


def _trainer_s_loss(step: NextStep, name: str, place: tuple[int, int], value: float) -> float:
    """In float64, by a whole forward pass of its own."""
    trainer = open_trainer(step)
    trainer.model.double()
    with torch.no_grad():
        numbers = trainer.model.get_parameter(name)
        (numbers if numbers.dim() >= 2 else numbers[None])[place] = value
        return trainer.training_loss(step.batch, step.step).item()


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_quick_loss_leaves_torch_s_own_generator_alone(tiny: Any, dropout: float) -> None:
    """Somebody else's step may be drawing from it."""
    following = prepare_step(stopped(tiny, "tensor", at=5, dropout=dropout), 5, tiny.corpus)
    along = LossAlongWeights(following, "ln_f.weight").of(0, 2)
    along.quick_loss_at(along.value)
    torch.rand(3)
    before = torch.get_rng_state()
    along.quick_loss_at(along.value)
    assert torch.equal(torch.get_rng_state(), before)


@KINDS
def test_a_quick_loss_of_either_engine_has_the_dropout_of_the_step(tiny: Any, kind: str) -> None:
    following = prepare_step(stopped(tiny, kind, at=5), 5, tiny.corpus)
    for name in following.weights:
        along = LossAlongWeights(following, name).of(0, 1)
        for value in (along.value - 0.5, along.value, along.value + 2):
            assert along.quick_loss_at(value) == pytest.approx(along.loss_at(value), abs=3e-7)


def test_moving_a_weight_moves_the_prediction_and_leaves_nothing_behind(tiny: Any) -> None:
    run = stopped(tiny, "tensor", at=5)
    following = prepare_step(run, 5, tiny.corpus)
    along = LossAlongWeights(following, "ln_f.weight").of(0, 2)
    before = along.predict([1, 2, 3], along.value)
    moved = along.predict([1, 2, 3], along.value + 5)
    assert before.sum().item() == pytest.approx(1, abs=1e-12)
    assert (moved - before).abs().max() > 1e-3
    assert torch.equal(along.predict([1, 2, 3], along.value), before)


def test_a_matrix_that_is_not_there_is_named(tiny: Any) -> None:
    following = prepare_step(stopped(tiny, "scalar", at=1), 0, tiny.corpus)
    with pytest.raises(ValueError, match=r"no matrix wrong; it has layer0\.attn_wk"):
        take_step(following, "wrong")
