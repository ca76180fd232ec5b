"""The command line: `python -m gpt COMMAND`. Each command is a module of `gpt.commands`."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys

from gpt.commands import CommandError
from gpt.tensor.distributed import Workers

COMMANDS = {
    "grad": "the value of an expression and its gradient with respect to every leaf",
    "scalar": "train and sample the GPT made of plain numbers",
    "fetch": "fetch a corpus that does not ship",
    "train": "train a model into a run folder",
    "resume": "let a run go on that was paused, stopped or killed",
    "runs": "list the runs; steer, rename, delete, export and import them",
    "sample": "let a run's model write",
    "eval": "how well a run's model predicts the text held out",
    "trace": "write every activation of a forward pass to a file",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        if re.search("unrecognized arguments: -[^-]", message):
            message += "; put -- before what begins with a minus and is no option"
        raise CommandError(message)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    argv = sys.argv[1:] if arguments is None else arguments
    parser = _Parser(prog="python -m gpt", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        # Only the command asked for is imported: torch stays out of those that need none.
        if name in argv[:1]:
            importlib.import_module(f"gpt.commands.{name}").add_arguments(subparser)
    try:
        parsed = parser.parse_args(argv)
        return int(importlib.import_module(f"gpt.commands.{parsed.command}").run(parsed))
    except CommandError as error:
        if Workers.of_environment(os.environ).is_first:
            print(f"gpt: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`… | head`); that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
