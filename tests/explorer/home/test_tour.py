"""The tour's run: what its folder says of how far the tour has come."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from explorer.home import tour
from explorer.home.tour import Tour, begin, find_tour, let_write, note_head
from gpt.runs.session import train_run


@pytest.fixture(autouse=True)
def short_tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "runs"))
    training = replace(tour.PRESET.training, steps=6, warmup_steps=1, evaluation_interval=3)
    monkeypatch.setattr(tour, "PRESET", replace(tour.PRESET, training=training))


def test_there_is_no_tour_before_the_first_step() -> None:
    assert find_tour() == Tour()
    assert find_tour().next_step == 0


def test_the_untrained_model_is_the_one_whose_training_begins() -> None:
    run = begin()
    assert find_tour().summary is not None
    assert find_tour().summary.status.state == "stopped"
    let_write(run, 0)
    untrained = load_file(run.checkpoint_file(0))
    before = find_tour().before
    train_run(run)
    for name, weight in load_file(run.checkpoint_file(0)).items():
        assert torch.equal(weight, untrained[name])
    samples = [json.loads(line) for line in run.samples_file.read_text().splitlines()]
    assert samples[0] == {"step": 0, "text": before}


def test_each_step_is_done_when_its_work_is_there() -> None:
    run = begin()
    assert find_tour().done == (False, False, False, False)
    let_write(run, 0)
    assert find_tour().done == (True, False, False, False)
    train_run(run)
    assert find_tour().done == (True, True, False, False)
    let_write(run, 6)
    assert find_tour().done == (True, True, True, False)
    assert find_tour().after == json.loads(run.samples_file.read_text().splitlines()[-1])["text"]
    note_head(run, 3)
    assert find_tour().next_step == 4


def test_a_new_beginning_has_other_weights_and_leaves_the_former_run() -> None:
    first = begin()
    second = begin(first.config().training.seed + 1)
    assert find_tour().summary is not None
    assert find_tour().summary.run == second
    weights = [load_file(run.checkpoint_file(0))["lm_head.weight"] for run in (first, second)]
    assert not torch.equal(*weights)
