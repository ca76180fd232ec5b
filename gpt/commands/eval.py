"""`python -m gpt eval RUN`: how well a run's model predicts the text that it was not trained on."""

from __future__ import annotations

import argparse
import json

from gpt.commands import CommandError
from gpt.corpus.catalogue import load_corpus
from gpt.runs.evaluation import Evaluation, evaluate_run
from gpt.runs.library import find_run
from gpt.runs.run import parse_which


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="its name, or its folder")
    parser.add_argument("--step", metavar="N|best|last", default="last", help="which checkpoint")
    parser.add_argument("--corpus", metavar="NAME_OR_FILE", help="another text than its own")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    try:
        run = find_run(arguments.run)
        kind = run.config().corpus.kind
        corpus = load_corpus(arguments.corpus, kind) if arguments.corpus else None
        evaluation = evaluate_run(run, parse_which(arguments.step), corpus)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if arguments.json:
        parts = {name: getattr(evaluation, name) for name in ("baselines", "answers")}
        print(json.dumps(evaluation._asdict() | {k: v and vars(v) for k, v in parts.items()}))
    else:
        _print(evaluation)
    return 0


def _print(evaluation: Evaluation) -> None:
    baselines, answers = evaluation.baselines, evaluation.answers
    asked = "of the answers" if answers else "of the text"
    print(f"step {evaluation.step:,}, on all {asked} held out, in nats per token:")
    print(f"  model    {evaluation.loss:.4f}")
    if baselines:
        print(f"  bigram   {baselines.bigram:.4f}  counting pairs of tokens")
        print(f"  unigram  {baselines.unigram:.4f}  counting tokens")
        print(f"  uniform  {baselines.uniform:.4f}  guessing")
    if answers:
        print(f"  floor    {answers.floor:.4f}  the best possible")
        print(f"{answers.accuracy:.2%} of their tokens are right")
        print(f"{answers.exact_match:.2%} of them are wholly right")
    print(f"perplexity {evaluation.perplexity:.3f}")
    print(f"{evaluation.bits_per_character:.4f} bits per character")
