"""`python -m gpt scalar --text FILE`: MicroGPT, from the shuffled documents to new ones."""

from __future__ import annotations

import argparse
import json
import random

from tqdm import tqdm

from gpt.commands import CommandError
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.text import CorpusError
from gpt.scalar.model import Config, as_numbers
from gpt.scalar.sample import sample
from gpt.scalar.train import initial_training_state, train


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text",
        metavar="FILE",
        default="names",
        help="a document a line (default: the bundled names)",
    )
    parser.add_argument("--steps", type=int, default=1000, help="steps until the rate is zero")
    parser.add_argument("--stop-after", type=int, metavar="N", help="stop early, after N steps")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--samples", type=int, default=20, help="documents to write at the end")
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--json", action="store_true", help="a JSON object per step and sample")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    try:
        corpus = load_corpus(arguments.text, "documents")
    except CorpusError as error:
        raise CommandError(str(error)) from None

    # The order in which numbers are drawn is MicroGPT's: shuffle, weights, samples.
    rng = random.Random(arguments.seed)
    documents = list(corpus.documents)
    rng.shuffle(documents)
    tokenizer = corpus.tokenizer
    if tokenizer.bos is None:
        raise CommandError(f"{corpus.name} has no separate documents; give one a line")
    tokens = [tokenizer.encode_document(document) for document in documents]
    config = Config(vocab_size=tokenizer.vocab_size)
    state = initial_training_state(config, rng)
    n_steps = min(arguments.stop_after or arguments.steps, arguments.steps)

    with tqdm(total=n_steps, unit="step", disable=arguments.json) as progress:
        for report in train(config, state, tokens, steps=arguments.steps):
            state = report.state
            if arguments.json:
                print(json.dumps({"step": report.step, "loss": report.loss}), flush=True)
            progress.set_postfix_str(f"loss {report.loss:.4f}", refresh=False)
            progress.update()
            if report.step == n_steps:
                break

    weights = as_numbers(state.weights)
    for _ in range(arguments.samples):
        drawn = sample(config, weights, tokenizer.bos, rng, temperature=arguments.temperature)
        text = tokenizer.decode(list(drawn))
        print(json.dumps({"sample": text}) if arguments.json else text, flush=True)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    for name, least in (("steps", 1), ("stop_after", 1), ("samples", 0)):
        number = getattr(arguments, name)
        if number is not None and number < least:
            option = name.replace("_", "-")
            raise CommandError(f"--{option} is {number}; it must be at least {least}")
    if not 0 < arguments.temperature < float("inf"):
        raise CommandError(f"--temperature is {arguments.temperature:g}; it must be above 0")
