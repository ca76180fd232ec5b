import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt.tensor.batches import Batch, evaluation_batches, get_batch
from gpt.tensor.config import GPTConfig
from gpt.tensor.divergence import TrainingDiverged
from gpt.tensor.evaluation import evaluate
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.report import Report
from gpt.tensor.training import Trainer
from gpt.tensor.training_config import OptimiserName, TrainingConfig
from gpt.tensor.training_state import TrainingState

# Counting up to 10, over and over: what follows is certain, so it can be learnt in a few steps.
DATA = torch.arange(600) % 11
MODEL = GPTConfig(vocab_size=11, block_size=8, n_layer=2, n_head=2, n_embd=16, dropout=0.1)
TRAINING = TrainingConfig(
    steps=12, batch_size=4, learning_rate=0.01, evaluation_interval=4, inspection_interval=5
)


def new_model(config: GPTConfig = MODEL) -> LanguageModel:
    return build_model(config, torch.Generator().manual_seed(3))


def new_trainer(
    training: TrainingConfig = TRAINING,
    *,
    model: LanguageModel | None = None,
    evaluation: Sequence[Batch] | None = None,
) -> Trainer:
    return Trainer(
        model or new_model(),
        training,
        draw_batch=partial(get_batch, DATA, 8, training.batch_size),
        evaluation=evaluation_batches(DATA, 8, 4, 8) if evaluation is None else evaluation,
    )


def outcome(report: Report) -> Report:
    """A report without its times, which differ from run to run."""
    return replace(report, milliseconds=None, tokens_per_second=None)


def through_files(state: TrainingState, folder: Path) -> TrainingState:
    save_file(state.tensors, folder / "state.safetensors")
    text = json.dumps(state.values)
    return TrainingState(load_file(folder / "state.safetensors"), json.loads(text))


def test_a_run_reports_every_step_and_learns() -> None:
    reports = list(new_trainer().run())
    assert [report.step for report in reports] == list(range(13))
    assert [r.step for r in reports if r.validation_loss is not None] == [0, 4, 8, 12]
    assert [r.step for r in reports if r.matrices is not None] == [5, 10]
    assert reports[0].validation_loss == pytest.approx(math.log(11), abs=0.05)
    assert reports[12].validation_loss < reports[0].validation_loss - 0.5
    assert reports[12].ending == "finished"
    assert {r.ending for r in reports[:12]} == {None}
    for report in reports[1:]:
        assert report.tokens_per_second == pytest.approx(32_000 / report.milliseconds)


def test_the_first_step_is_the_plain_recipe_by_hand() -> None:
    """Batch, loss, gradient, clip, update, in four lines of plain torch."""
    training = replace(TRAINING, gradient_clip=0.1, weight_decay=0.0)
    model, by_hand = new_model(replace(MODEL, dropout=0)), new_model(replace(MODEL, dropout=0))
    x, y = get_batch(DATA, 8, 4, torch.Generator().manual_seed(1337))
    loss = by_hand(x, targets=y)[1]
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(by_hand.parameters(), 0.1)
    torch.optim.AdamW(by_hand.parameters(), lr=0.01, betas=(0.9, 0.99), weight_decay=0.0).step()

    report = next(new_trainer(training, model=model, evaluation=[]).run())
    assert report.step == 1
    assert report.train_loss == pytest.approx(loss.item(), abs=1e-6)
    assert report.gradient_norm == pytest.approx(norm.item(), rel=1e-5)
    assert report.learning_rate == 0.01
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    first, again, other = (
        [outcome(r) for r in new_trainer(replace(TRAINING, seed=seed)).run()] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
@pytest.mark.parametrize("interrupted_after", [0, 1, 4, 7, 11, 12])
def test_a_resumed_run_is_the_uninterrupted_one(
    interrupted_after: int, optimiser: OptimiserName, tmp_path: Path
) -> None:
    training = replace(TRAINING, optimiser=optimiser)
    uninterrupted = [outcome(report) for report in new_trainer(training).run()]

    trainer = new_trainer(training)
    run = trainer.run()
    before = [outcome(next(run)) for _ in range(interrupted_after + 1)]
    state = through_files(trainer.export_state(), tmp_path)
    list(run)  # What happens after the export must not reach into it.

    resumed = new_trainer(training, model=build_model(MODEL))
    resumed.import_state(state)
    after = [outcome(report) for report in resumed.run()]
    assert before + after == uninterrupted
    for a, b in zip(resumed.model.parameters(), trainer.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_resumed_run_can_be_interrupted_again() -> None:
    uninterrupted = [outcome(report) for report in new_trainer().run()]
    pieces, state = [], None
    while len(pieces) < len(uninterrupted):
        trainer = new_trainer(model=build_model(MODEL) if state else None)
        if state:
            trainer.import_state(state)
        pieces.append(outcome(next(trainer.run())))
        state = trainer.export_state()
    assert pieces == uninterrupted


def test_torchs_own_generator_is_neither_read_nor_moved() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        before = torch.get_rng_state()
        first = [outcome(report) for report in new_trainer().run()]
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(6)
        assert [outcome(report) for report in new_trainer().run()] == first


def test_threads_of_one_process_do_not_draw_each_others_dropout() -> None:
    batch = get_batch(DATA, 8, 4, torch.Generator().manual_seed(1))

    def losses(trainer: Trainer, steps: Sequence[int]) -> list[float]:
        return [trainer.training_loss(batch, step).item() for step in steps]

    parts = [range(1, 60), range(60, 119)]
    alone = [losses(new_trainer(), steps) for steps in parts]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(losses, [new_trainer(), new_trainer()], parts))
    assert together == alone


def test_the_caller_can_steer_between_two_reports() -> None:
    trainer = new_trainer()
    rates = []
    for report in trainer.run():
        rates.append(report.learning_rate)
        trainer.controls.learning_rate = 0.123 if report.step in (3, 4) else None
        trainer.controls.should_stop = report.step == 6
    assert len(rates) == 7
    assert rates[4:6] == [0.123, 0.123]
    assert rates[3] != 0.123
    assert rates[6] != 0.123


def test_a_steered_learning_rate_survives_a_resume() -> None:
    trainer = new_trainer()
    run = trainer.run()
    next(run), next(run)
    trainer.controls.learning_rate = 0.123
    resumed = new_trainer()
    resumed.import_state(trainer.export_state())
    assert next(resumed.run()).learning_rate == 0.123


def test_a_stopped_run_can_be_taken_up_again() -> None:
    trainer = new_trainer()
    run = trainer.run()
    reports = [next(run), next(run)]
    trainer.controls.should_stop = True
    assert list(run) == []
    trainer.controls.should_stop = False
    reports += trainer.run()
    assert [outcome(r) for r in reports] == [outcome(r) for r in new_trainer().run()]


def test_patience_ends_a_run_that_no_longer_improves() -> None:
    # The text counts up; the evaluation counts down, so learning makes it worse.
    training = replace(TRAINING, steps=100, evaluation_interval=2, patience=3)
    downwards = evaluation_batches(DATA.flip(0), 8, 4, 8)
    trainer = new_trainer(training, evaluation=downwards)
    reports = list(trainer.run())
    losses = [r.validation_loss for r in reports if r.validation_loss is not None]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3
    assert reports[-1].ending == "out of patience"
    assert reports[-1].step < 100
    assert trainer.progress.best_step == [r.step for r in reports if r.is_best][-1] == 2 * best
    assert trainer.progress.best_validation_loss == min(losses)
    assert list(trainer.run()) == []


@pytest.mark.filterwarnings("error")
def test_a_loss_that_is_not_finite_ends_the_run_with_advice() -> None:
    training = replace(TRAINING, learning_rate=1e30, gradient_clip=None, schedule="constant")
    trainer = new_trainer(training, evaluation=[])
    reports: list[Report] = []
    good = trainer.export_state()
    with pytest.raises(TrainingDiverged) as error:
        reports.extend(trainer.run())
    assert error.value.step == trainer.progress.step + 1 <= 5
    assert error.value.learning_rate == 1e30
    assert str(error.value).endswith(
        f"at step {error.value.step}, with a learning rate of 1e+30; "
        "try a learning rate of 0.01 or a warm-up or gradient clipping at 1."
    )
    # Weights that no longer work are not passed off as a state to resume from.
    with pytest.raises(TrainingDiverged):
        trainer.export_state()
    trainer.import_state(good)
    trainer.controls.learning_rate = 0.01
    assert len(list(trainer.run())) == 12


def test_fine_tuning_starts_where_the_other_run_ended() -> None:
    model = new_model()
    first = list(new_trainer(model=model).run())
    second = list(new_trainer(model=model).run())
    assert second[0].validation_loss == first[-1].validation_loss
    assert second[-1].validation_loss < first[-1].validation_loss


def test_the_inspection_tells_each_matrix_and_its_update() -> None:
    trainer = new_trainer()
    run = trainer.run()
    for _ in range(5):
        next(run)
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    matrices = next(run).matrices
    assert matrices is not None
    assert matrices.keys() == {name for name, p in before.items() if p.dim() == 2}
    for name, report in matrices.items():
        now = trainer.model.get_parameter(name).detach()
        ratio = ((now - before[name]).norm() / before[name].norm()).item()
        assert report.update_ratio == pytest.approx(ratio, rel=1e-5)
        assert (report.weight.low, report.weight.high) == (now.min().item(), now.max().item())
        for histogram in (report.weight, report.gradient, report.update):
            assert sum(histogram.counts) == now.numel()


def test_the_evaluation_is_the_mean_over_target_tokens_and_keeps_the_mode() -> None:
    model = new_model().train()
    (x, y), (x2, y2) = (
        get_batch(DATA, 8, 3, torch.Generator()),
        get_batch(DATA, 4, 1, torch.Generator()),
    )
    ignored = torch.full_like(y, -1)
    with torch.no_grad():
        a, b = (model.eval()(x, targets=y)[1].item(), model(x2, targets=y2)[1].item())
    model.train()
    mean = evaluate(model, [(x, y), (x2, y2), (x, ignored)]).loss
    assert mean == pytest.approx((24 * a + 4 * b) / 28, rel=1e-6)
    assert model.training
    with pytest.raises(ValueError, match="nothing to evaluate on"):
        evaluate(model, [(x, ignored)])


def test_a_score_counts_tokens_and_whole_rows() -> None:
    model = build_model(GPTConfig.lecture("bigram", 4), torch.Generator().manual_seed(1))
    # A table that always thinks of the next token, 3 after 2, and 0 after 3.
    with torch.no_grad():
        next(model.parameters()).copy_(9.0 * torch.eye(4).roll(1, dims=1))
    idx = torch.tensor([[0, 1, 2], [3, 0, 1], [2, 3, 0]])
    targets = torch.tensor([[-1, 2, 3], [0, 1, 3], [-1, -1, -1]])
    score = evaluate(model, [(idx, targets)])
    assert score.accuracy == 4 / 5
    assert score.exact_match == 1 / 2
    right = math.log(math.exp(9) + 3) - 9
    assert score.loss == pytest.approx((4 * right + right + 9) / 5, rel=1e-5)


def test_a_state_that_is_incomplete_or_of_another_model_changes_nothing() -> None:
    trainer = new_trainer()
    run = trainer.run()
    next(run), next(run)
    state = trainer.export_state()
    weights = {k: v for k, v in state.tensors.items() if not k.startswith("optimiser.")}
    smaller = new_trainer(model=new_model(replace(MODEL, n_embd=8)))
    for broken, target, sentence in (
        (TrainingState(state.tensors, {}), trainer, "not complete: 'progress'"),
        (TrainingState(weights, state.values), trainer, "it lacks the optimiser"),
        (state, smaller, "These weights are not for this model"),
    ):
        before = [p.detach().clone() for p in target.model.parameters()]
        with pytest.raises(ValueError, match=sentence):
            target.import_state(broken)
        for a, b in zip(target.model.parameters(), before, strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steps": 0}, "steps must be at least 1, not 0."),
        ({"learning_rate": "fast"}, "learning_rate must be a number, not 'fast'."),
        ({"beta2": 1.0}, "beta2 must be at least 0 and below 1, not 1.0."),
        (
            {"schedule": "step"},
            "schedule must be one of constant, linear, cosine, trapezoid, not 'step'.",
        ),
        ({"warmup_steps": 1000}, "warmup_steps (1000) must be below steps (1000)."),
        (
            {"minimum_learning_rate": 1},
            "minimum_learning_rate (1) must not be above learning_rate (0.001).",
        ),
    ],
)
def test_impossible_training_is_refused_in_one_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError) as error:
        TrainingConfig.from_dict(changes)
    assert str(error.value) == sentence
