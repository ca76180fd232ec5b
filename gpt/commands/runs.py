"""`python -m gpt runs`: what is here; steer, rename, delete, export and import it.

Models from outside are adopted here too.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gpt.commands import CommandError
from gpt.files import write_whole
from gpt.runs.archive import export_run, import_run
from gpt.runs.config import RunError
from gpt.runs.control import pause_run, set_learning_rate, stop_run
from gpt.runs.demos import is_demo, list_all, ship_run
from gpt.runs.library import Summary, delete_run, find_run, list_runs, runs_folder
from gpt.runs.run import Run
from gpt.runs.tensorboard import export_to_tensorboard

WHO = "terminal"

# Each with what it needs besides the run.
ACTIONS: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "pause": ("let a run rest, and the next begin; resume lets it go on", {}),
    "stop": ("end a run after its current step, with a checkpoint", {}),
    "learning-rate": (
        "change the learning rate of a run while it trains",
        {"value": {"metavar": "X|schedule", "help": "a number, or back to the schedule"}},
    ),
    "rename": ("give a run another title", {"title": {"help": "up to 80 characters"}}),
    "delete": ("remove a run and all that is in it", {}),
    "export": ("write a run as a zip file", {"file": {"type": Path}}),
    "ship": (
        "copy a finished run to look into, its weights in half precision",
        {"folder": {"type": Path}},
    ),
    "tensorboard": ("write a run's curves for TensorBoard", {"folder": {"type": Path}}),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON object a run")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, (summary, needs) in ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        action.add_argument("run", metavar="RUN", help="its name, or its folder")
        for each, options in needs.items():
            action.add_argument(each, **options)
    summary = "tell a run in one HTML file, which opens offline"
    report = actions.add_parser("report", help=summary, description=summary)
    report.add_argument("run", metavar="RUN", help="its name, or its folder")
    report.add_argument("--out", metavar="FILE", type=Path, required=True, help="to write")
    summary = "make a run from a zip file"
    actions.add_parser("import", help=summary, description=summary).add_argument("file", type=Path)
    summary = "make a run to look into from a GPT-2 or a nanoGPT that was trained elsewhere"
    adopting = actions.add_parser("adopt", help=summary, description=summary)
    adopting.add_argument(
        "source",
        metavar="FOLDER_OR_NAME",
        help="with config.json, safetensors and tokenizer.json; or its name on the Hugging Face "
        "hub",
    )
    adopting.add_argument("--title", help="what to call it")


def run(arguments: argparse.Namespace) -> int:
    try:
        _do(arguments)
    except RunError as error:
        raise CommandError(str(error)) from None
    return 0


def _do(arguments: argparse.Namespace) -> None:
    if arguments.action is None:
        _list(as_json=arguments.json)
        return
    if arguments.action == "import":
        print(import_run(arguments.file).name)
        return
    if arguments.action == "adopt":
        # Only here: listing and steering runs takes no torch.
        from gpt.runs.outside import adopt_model

        name = adopt_model(arguments.source, arguments.title).name
        print(name)
        print(
            f"Look into it on the pages Attention (/attention?run={name}), Inside"
            f" (/inside?run={name}) and Sampling (/sampling?run={name}) of the app: streamlit run"
            " explorer/Home.py",
            file=sys.stderr,
        )
        return
    run = find_run(arguments.run)
    match arguments.action:
        case "pause":
            pause_run(run, WHO)
        case "stop":
            stop_run(run, WHO)
        case "learning-rate":
            set_learning_rate(run, _read_rate(arguments.value), WHO)
        case "rename":
            run.rename(arguments.title)
        case "delete":
            delete_run(run)
        case "export":
            export_run(run, arguments.file)
        case "ship":
            ship_run(run, arguments.folder)
        case "report":
            _report(run, arguments.out)
        case "tensorboard":
            export_to_tensorboard(run, arguments.folder)


def _report(run: Run, file: Path) -> None:
    # Only here: listing and steering runs takes no torch.
    from gpt.report.report import write_report

    contents = write_report(run).encode()
    try:
        write_whole(file, contents)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror or error}") from None
    print(f"{file}: {len(contents):,} bytes")


def _read_rate(text: str) -> float | None:
    if text == "schedule":
        return None
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"A learning rate is a number, or schedule, not {text!r}.") from None


def _list(*, as_json: bool) -> None:
    own, listing = list_runs(), list_all()
    if as_json:
        for summary in listing.runs:
            values = {"config": summary.config.to_dict(), "status": summary.status.to_dict()}
            print(json.dumps({"name": summary.run.name, "ships": is_demo(summary)} | values))
        return
    if not own.runs and not own.unreadable:
        print(
            f"There are no runs in {runs_folder()} yet; python -m gpt train begins one. These ship"
            " with the project:"
        )
    header = ("run", "state", "step", "validation", "best", "corpus", "parameters")
    rows = [header, *(_row(summary) for summary in listing.runs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    for row in rows:
        print(
            "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    for reason in listing.unreadable.values():
        print(reason)


def _row(summary: Summary) -> tuple[str, ...]:
    status, config = summary.status, summary.config
    return (
        summary.run.name,
        "ships" if is_demo(summary) else status.state,
        "-" if config.is_from_outside else f"{status.step:,}/{status.steps:,}",
        _loss(status.validation_loss),
        _loss(status.best_validation_loss),
        config.corpus.name,
        f"{config.model.parameter_count():,}",
    )


def _loss(loss: float | None) -> str:
    return "-" if loss is None else f"{loss:.4f}"
