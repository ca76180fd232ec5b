"""`python -m gpt resume RUN`: lets a run go on that was paused, stopped or killed."""

from __future__ import annotations

import argparse

from gpt.commands import CommandError
from gpt.commands.foreground import lead, train_in_foreground
from gpt.runs.config import RunError
from gpt.runs.control import ask_to_train, set_learning_rate
from gpt.runs.library import find_run
from gpt.tensor.distributed import Workers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="its name, or its folder")
    parser.add_argument(
        "--learning-rate", type=float, metavar="X", help="from now on, in place of the schedule's"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a step")


def run(arguments: argparse.Namespace) -> int:
    return lead(lambda workers: _resume(arguments, workers))


def _resume(arguments: argparse.Namespace, workers: Workers) -> int:
    try:
        run = find_run(arguments.run)
        status = run.status()
        if status.state in ("finished", "outside"):
            how = "is finished" if status.state == "finished" else "comes from outside"
            raise RunError(
                f"{run.name} {how}; train --from {run.name} starts another from its weights."
            )
        if arguments.learning_rate is not None:
            set_learning_rate(run, arguments.learning_rate, "terminal")
        ask_to_train(run, "terminal")
    except RunError as error:
        raise CommandError(str(error)) from None
    if status.is_active:
        # Its own process has been told, which is all that a paused run needs.
        print(f"{run.name} goes on in process {status.pid}.")
        return 0
    return train_in_foreground(run, workers, as_json=arguments.json)
