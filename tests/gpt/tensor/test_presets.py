import subprocess
import sys
from functools import partial

import pytest
import torch

from gpt.tensor.batches import evaluation_batches, get_batch
from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS
from gpt.tensor.training import Trainer

NAMES = ["emma", "olivia", "liam", "noah", "ava", "sophia", "james", "william"]


def test_every_rung_has_its_preset_with_the_lectures_settings() -> None:
    for rung in RUNG_NAMES[:-1]:
        preset = PRESETS[rung]
        model, training = preset.model(65), preset.training
        assert (model.rung, model.block_size, model.n_embd) == (rung, 8, 32)
        assert training.batch_size == 32
        bigram = rung == "bigram"
        assert (training.steps, training.learning_rate) == (
            (3000, 1e-2) if bigram else (5000, 1e-3)
        )


def test_nanogpts_recipe_has_nanogpts_size() -> None:
    model = PRESETS["nanogpt-cpu"].model(65)
    positions = model.block_size * model.n_embd
    assert round((model.parameter_count() - positions) / 1e6, 2) == 0.80


def test_fast_uses_every_newer_part_on_the_same_task() -> None:
    fast, nanogpt = PRESETS["fast"], PRESETS["nanogpt-cpu"]
    assert fast.model(65).block_size == nanogpt.model(65).block_size
    assert fast.corpus == nanogpt.corpus
    model, usual = fast.model(65), GPTConfig(vocab_size=65)
    newer = ("position", "token_shift", "activation", "norm", "embedding_norm", "qk_norm")
    assert all(getattr(model, name) != getattr(usual, name) for name in newer)
    assert fast.training.optimiser == "muon"


def test_the_lectures_large_model_has_its_size() -> None:
    assert PRESETS["lecture-gpt"].model(65).parameter_count() == 10_788_929


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_describes_a_model_and_takes_changes(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.model(40).vocab_size == 40
    assert preset.model(40, block_size=5).block_size == 5
    with pytest.raises(ValueError, match="depth is not a setting here"):
        preset.model(40, depth=3)


def test_eight_names_are_learnt_in_fifty_steps(generator: torch.Generator) -> None:
    letters = [".", *sorted(set("".join(NAMES)))]
    text = "." + ".".join(NAMES) + "."
    data = torch.tensor([letters.index(letter) for letter in text])
    preset = PRESETS["eight-names"]
    model = build_model(preset.model(len(letters)), generator)
    trainer = Trainer(
        model,
        preset.training,
        draw_batch=partial(get_batch, data, 8, preset.training.batch_size),
        evaluation=evaluation_batches(data, 8, 8, 8),
    )
    reports = list(trainer.run())
    assert len(reports) == 51
    assert reports[-1].validation_loss < 1.2 < 2.5 < reports[0].validation_loss


def test_the_bigram_learns_what_it_learns_in_the_lecture(
    shakespeare, generator: torch.Generator
) -> None:
    preset = PRESETS["bigram"]
    held_out = shakespeare.ids[len(shakespeare.training) :]
    trainer = Trainer(
        build_model(preset.model(65), generator),
        preset.training,
        draw_batch=partial(get_batch, shakespeare.training, 8, preset.training.batch_size),
        evaluation=evaluation_batches(held_out, 8, 512, preset.training.evaluation_windows),
    )
    *_, last = trainer.run()
    assert last.validation_loss == pytest.approx(2.49, abs=0.015)


def test_listing_presets_does_not_import_torch() -> None:
    program = "import sys, gpt.tensor.presets; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
