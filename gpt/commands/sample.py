"""`python -m gpt sample RUN --prompt TEXT`: a run's model writes, and one can watch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice

import torch

from gpt.commands import CommandError
from gpt.lens.opening import OpenedModel, open_model
from gpt.lens.writing import new_reader, start_text
from gpt.runs.library import find_run
from gpt.runs.run import parse_which
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.sampling import NotANumberError
from gpt.tensor.steps import Step, generate_steps

DEFAULT_TOKENS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="its name, or its folder")
    parser.add_argument("--prompt", metavar="TEXT", default="", help="what the model continues")
    parser.add_argument("--step", metavar="N|best|last", default="last", help="which checkpoint")
    parser.add_argument(
        "--tokens",
        metavar="N",
        type=int,
        default=DEFAULT_TOKENS,
        help=f"write at most so many (default: {DEFAULT_TOKENS})",
    )
    parser.add_argument(
        "--temperature", metavar="T", type=float, default=1.0, help="0 for the likeliest always"
    )
    parser.add_argument("--top-k", metavar="K", type=int, default=0, help="0 for all tokens")
    parser.add_argument("--top-p", metavar="P", type=float, default=1.0, help="1 for all tokens")
    parser.add_argument("--min-p", metavar="M", type=float, default=0.0, help="0 for all tokens")
    parser.add_argument("--repetition-penalty", metavar="R", type=float, default=1.0)
    parser.add_argument(
        "--past-block",
        choices=("crop", "slide", "clamp"),
        default="crop",
        help="what becomes of a text that outgrows the block: the last block is read anew for "
        "each token; or the cache slides (rotary positions); or positions stay at the last, and "
        "the text falls apart (learned ones)",
    )
    parser.add_argument("--seed", metavar="S", type=int, default=1337)
    parser.add_argument("--count", metavar="M", type=int, default=1, help="how many samples")
    parser.add_argument("--json", action="store_true", help="a JSON object per sample")


def run(arguments: argparse.Namespace) -> int:
    for name, least in (("tokens", 1), ("count", 1)):
        if getattr(arguments, name) < least:
            raise CommandError(
                f"--{name} is {getattr(arguments, name)}; it must be at least {least}"
            )
    try:
        config = SamplingConfig(
            arguments.temperature,
            arguments.top_k,
            arguments.top_p,
            arguments.min_p,
            arguments.repetition_penalty,
        )
        opened = open_model(find_run(arguments.run), parse_which(arguments.step))
        prompt = start_text(opened, arguments.prompt)
        # Asked for here as well, so that a model that cannot do it says so before it writes.
        new_reader(opened, arguments.past_block)
    except ValueError as error:
        raise CommandError(str(error)) from None
    block_size = opened.model.config.block_size
    if len(prompt) > block_size and arguments.past_block != "clamp":
        print(
            f"the first {len(prompt) - block_size} tokens of the prompt are not read: "
            f"this model reads {block_size} at most",
            file=sys.stderr,
        )
    for index in range(arguments.count):
        # A seed of its own for each, so that a sample is the same among few and among many.
        generator = torch.Generator().manual_seed(arguments.seed + index)
        reader = new_reader(opened, arguments.past_block)
        steps = generate_steps(reader, prompt, config, generator, end=opened.tokenizer.bos)
        try:
            _write(opened, islice(steps, arguments.tokens), arguments, index)
        except NotANumberError as error:
            raise CommandError(str(error)) from None
    return 0


def _write(
    opened: OpenedModel, steps: Iterator[Step], arguments: argparse.Namespace, index: int
) -> None:
    """One sample: as it comes, after its prompt, or as JSON when it is whole."""
    if arguments.json:
        taken = list(steps)
        tokens = [step.token for step in taken]
        sample = {
            "prompt": arguments.prompt,
            "text": opened.tokenizer.decode(tokens),
            "tokens": tokens,
            "surprisals": [step.surprisal for step in taken],
            "has_ended": opened.tokenizer.bos in tokens,
            "seed": arguments.seed + index,
            "step": opened.step,
        }
        print(json.dumps(sample), flush=True)
        return
    print(arguments.prompt, end="", flush=True)
    for step in steps:
        print(opened.tokenizer.decode([step.token]), end="", flush=True)
    print()
