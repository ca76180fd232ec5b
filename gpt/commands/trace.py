"""`python -m gpt trace RUN --prompt TEXT --out FILE`: every activation of one forward pass."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gpt.commands import CommandError
from gpt.lens.opening import open_model
from gpt.runs.arrays import write_arrays
from gpt.runs.library import find_run
from gpt.runs.run import parse_which


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="its name, or its folder")
    parser.add_argument("--prompt", metavar="TEXT", required=True, help="what the model reads")
    parser.add_argument("--step", metavar="N|best|last", default="last", help="which checkpoint")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="a .safetensors file to write"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.out.suffix != ".safetensors":
        raise CommandError(f"--out names a .safetensors file, which {arguments.out} is not")
    try:
        run = find_run(arguments.run)
        opened = open_model(run, parse_which(arguments.step))
        prompt = opened.encode(arguments.prompt)
        activations = opened.trace(prompt.tokens)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if prompt.n_cropped:
        block_size = opened.config.model.block_size
        print(
            f"the first {prompt.n_cropped} tokens of the prompt are left out: "
            f"this model reads {block_size} at most",
            file=sys.stderr,
        )
    metadata = {
        "run": run.name,
        "step": str(opened.step),
        "tokens": json.dumps(prompt.tokens),
        "texts": json.dumps([opened.tokenizer.decode([token]) for token in prompt.tokens]),
    }
    arrays = {name: activation.numpy() for name, activation in activations.items()}
    try:
        write_arrays(arguments.out, arrays, metadata)
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(f"{arguments.out} cannot be written: {reason}") from None
    print(f"{arguments.out}: {len(arrays)} activations of {len(prompt.tokens)} tokens")
    return 0
