"""The preset `fast` against `nanogpt-cpu`, and what each of its parts brings.

    python tests/benchmarks/fast_recipe.py [--seeds 1 2 3] [--threads 1] [--ablate] [--muon]

Same text, same split, same evaluation: so many windows of 64 characters, evenly spread over the
held-out text. Seconds are those of training steps: drawing the batch, forward, backward and update.
Evaluation, inspection and recording are left out, for all alike. What is compared trains in turn, a
few steps of each at a time, so that whatever else the machine does slows all of it down alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import mean, median
from time import perf_counter
from typing import Any

import torch

from gpt.corpus.catalogue import load_corpus
from gpt.runs.data import TokenStreams, encode_streams
from gpt.tensor.batches import Batch, evaluation_batches, get_batch
from gpt.tensor.evaluation import evaluate
from gpt.tensor.models import build_model
from gpt.tensor.muon import Muon, hidden_matrices
from gpt.tensor.presets import PRESETS
from gpt.tensor.report import Report
from gpt.tensor.training import Trainer
from gpt.tensor.training_config import TrainingConfig

REFERENCE, FAST = "nanogpt-cpu", "fast"
BLOCK_SIZE = 64
TURNS = 100  # in so many turns each recipe takes all its steps
EVALUATION_TURNS = 5  # so many turns after each other, what is watched is evaluated

Changes = Mapping[str, Any]

PARTS: dict[str, Changes] = {
    "learned positions, not rotary": {"position": "learned"},
    "no token shift": {"token_shift": 0},
    "a shift of one token, not three": {"token_shift": 1},
    "GELU, not ReLU²": {"activation": "gelu"},
    "LayerNorm, not RMSNorm": {"norm": "layernorm"},
    "embeddings not normalised": {"embedding_norm": False},
    "queries and keys not normalised": {"qk_norm": False},
    "head tied to the embedding": {"weight_tying": True},
    "GPT-2's initialisation": {"initialisation": "gpt2"},
    "AdamW, not Muon, at 0.01": {"optimiser": "adamw", "learning_rate": 0.01},
    "Muon with 5 iterations, not 3": {"muon_iterations": 5},
    "cosine, not linear": {"schedule": "cosine"},
    "trapezoid, not linear": {"schedule": "trapezoid"},
    "a constant rate": {"schedule": "constant"},
    "a third of the learning rate": {"learning_rate": 0.01},
    "betas 0.9 and 0.99": {"beta1": 0.9, "beta2": 0.99},
    "the reference's shape: 4 layers of 128": {"n_layer": 4, "n_embd": 128},
}


@dataclass
class Recipe:
    """A model in training.

    Attributes:
        trainer: what trains it.
        milliseconds: of each step so far.
        losses: validation losses by step.
    """

    trainer: Trainer
    milliseconds: list[float] = field(default_factory=list)
    losses: dict[int, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return self.trainer.config.steps

    @property
    def loss(self) -> float:
        return self.losses[self.steps]

    def seconds(self, steps: int | None = None) -> float:
        """What the first so many steps took; all of them, unless told."""
        return sum(self.milliseconds[:steps]) / 1000


def build_recipe(name: str, streams: TokenStreams, seed: int, changes: Changes) -> Recipe:
    """A preset with some settings changed, on the training part of the text."""
    preset = PRESETS[name]
    own = preset.training.to_dict()
    training = TrainingConfig.from_dict(
        own
        | {setting: value for setting, value in changes.items() if setting in own}
        | {"seed": seed, "inspection_interval": None}
    )
    config = preset.model(
        1 + max(streams.train), **{k: v for k, v in changes.items() if k not in own}
    )
    draw_batch = partial(
        get_batch, torch.tensor(streams.train), config.block_size, training.batch_size
    )
    model = build_model(config, torch.Generator().manual_seed(seed))
    return Recipe(Trainer(model, training, draw_batch=draw_batch))


def train_in_turn(recipes: Sequence[Recipe], evaluation: Sequence[Batch]) -> None:
    """Takes all steps of all recipes, a few of each at a time, and evaluates what they end with.

    The last of them is watched, and evaluated now and then on the way.
    """
    runs = [recipe.trainer.run() for recipe in recipes]
    for turn in range(1, TURNS + 1):
        for recipe, run in zip(recipes, runs, strict=True):
            while len(recipe.milliseconds) < recipe.steps * turn // TURNS:
                report: Report = next(run)
                assert report.milliseconds is not None
                recipe.milliseconds.append(report.milliseconds)
            is_watched = recipe is recipes[-1] and turn % EVALUATION_TURNS == 0
            if is_watched or turn == TURNS:
                step = len(recipe.milliseconds)
                recipe.losses[step] = evaluate(recipe.trainer.model, evaluation).loss


def compare(streams: TokenStreams, evaluation: Sequence[Batch], seeds: Sequence[int]) -> None:
    print(
        f"{'seed':>5} | {REFERENCE:>12} {'seconds':>8} | {FAST:>6} {'seconds':>8} {'times':>6} |"
        f" {'as good at step':>15} {'seconds':>8} {'times':>6}"
    )
    ratios, reached_ratios = [], []
    for seed in seeds:
        reference, fast = (build_recipe(name, streams, seed, {}) for name in (REFERENCE, FAST))
        train_in_turn([reference, fast], evaluation)
        ratios.append(reference.seconds() / fast.seconds())
        line = (
            f"{seed:5} | {reference.loss:12.4f} {reference.seconds():8.1f} |"
            f" {fast.loss:6.4f} {fast.seconds():8.1f} {ratios[-1]:6.2f} |"
        )
        step = next((s for s, loss in fast.losses.items() if loss <= reference.loss), None)
        if step is None:
            print(f"{line} {'never':>15}", flush=True)
            continue
        reached_ratios.append(reference.seconds() / fast.seconds(step))
        print(f"{line} {step:15} {fast.seconds(step):8.1f} {reached_ratios[-1]:6.2f}", flush=True)
    if len(reached_ratios) == len(ratios):
        print(f"mean: {mean(ratios):.2f} times, and {mean(reached_ratios):.2f} until as good")


def ablate(streams: TokenStreams, evaluation: Sequence[Batch], seeds: Sequence[int]) -> None:
    variants: dict[str, Changes] = {FAST: {}} | PARTS
    trained: dict[str, list[Recipe]] = {label: [] for label in variants}
    for seed in seeds:
        recipes = {
            label: build_recipe(FAST, streams, seed, changes) for label, changes in variants.items()
        }
        train_in_turn(list(recipes.values()), evaluation)
        for label, recipe in recipes.items():
            trained[label].append(recipe)
    steps = PRESETS[FAST].training.steps
    title = f"after {steps} steps, mean of {len(seeds)} seeds"
    print(f"{title:40} {'loss':>7} {'':>7} {'ms':>6}")
    base = mean(recipe.loss for recipe in trained[FAST])
    for label, recipes_of in trained.items():
        loss = mean(recipe.loss for recipe in recipes_of)
        milliseconds = median(ms for recipe in recipes_of for ms in recipe.milliseconds)
        print(f"{label:40} {loss:7.4f} {loss - base:+7.4f} {milliseconds:6.1f}")


def compare_muons(steps: int = 30) -> None:
    """Milliseconds of an update of all hidden matrices, here and by torch, of random gradients."""
    print(f"{'hidden matrices, 5 iterations':30} {'float32':>8} {'torch, bfloat16':>16}")
    generator = torch.Generator().manual_seed(1)
    for name in (FAST, REFERENCE):
        model = build_model(PRESETS[name].model(65), generator)
        matrices = [model.get_parameter(each) for each in hidden_matrices(model)]
        ours = Muon(model, replace(PRESETS[FAST].training, muon_iterations=5))
        theirs = torch.optim.Muon(matrices, lr=0.01)
        times: list[list[float]] = [[], []]
        for _ in range(steps):
            for matrix in matrices:
                matrix.grad = torch.randn(matrix.shape, generator=generator)
            for update, own_times in zip(
                (partial(ours.step, 0.01), theirs.step), times, strict=True
            ):
                started = perf_counter()
                update()
                own_times.append(1000 * (perf_counter() - started))
        print(f"{name:30} {median(times[0]):8.1f} {median(times[1]):16.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--windows", type=int, default=1280, help="of the evaluation")
    parser.add_argument(
        "--ablate", action="store_true", help="switch off each part in turn instead"
    )
    parser.add_argument("--muon", action="store_true", help="compare with torch's Muon instead")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.muon:
        compare_muons()
        return
    streams = encode_streams(load_corpus("shakespeare"))
    evaluation = evaluation_batches(
        torch.tensor(streams.validation), BLOCK_SIZE, 64, arguments.windows
    )
    n_windows = sum(len(idx) for idx, _ in evaluation)
    print(
        f"Losses in nats per character over {n_windows} windows of {BLOCK_SIZE} held-out "
        f"characters; seconds of training steps only; threads: {arguments.threads}."
    )
    (ablate if arguments.ablate else compare)(streams, evaluation, arguments.seeds)


if __name__ == "__main__":
    main()
