"""`python -m gpt train --corpus names --preset gpt-small`: a model, trained into a run folder.

With `torchrun --standalone --nproc-per-node 2 -m --` in place of `python -m`, by two processes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from gpt.commands import CommandError
from gpt.commands.foreground import lead, train_in_foreground
from gpt.commands.settings import add_setting_flags, chosen_settings
from gpt.corpus.catalogue import CATALOGUE, load_corpus
from gpt.corpus.corpus import Corpus
from gpt.runs.config import Origin, RunConfig
from gpt.runs.data import check_length
from gpt.runs.library import create_run, find_run
from gpt.runs.pace import measure_pace
from gpt.runs.presets import DEFAULT_PRESET, PRESETS, Preset, configure, find_preset
from gpt.runs.run import Checkpoint, Run, parse_which
from gpt.tensor.distributed import Workers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", metavar="NAME_OR_FILE", help=f"{', '.join(CATALOGUE)}, or a text file"
    )
    parser.add_argument(
        "--documents", action="store_true", help="the file holds documents, one a line"
    )
    parser.add_argument("--preset", metavar="NAME", help=", ".join(PRESETS))
    parser.add_argument(
        "--run",
        metavar="DIR",
        type=Path,
        help="where to put the run; without any other setting, train the run that is there",
    )
    parser.add_argument("--title", help="what to call the run")
    parser.add_argument("--from", dest="origin", metavar="RUN", help="start from its weights")
    parser.add_argument(
        "--from-step", metavar="N|best|last", default="last", help="those of this checkpoint"
    )
    parser.add_argument(
        "--estimate", action="store_true", help="say how much it would take, and do not train"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a step")
    add_setting_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    return lead(lambda workers: _train(arguments, workers))


def _train(arguments: argparse.Namespace, workers: Workers) -> int:
    try:
        if _is_of_a_run_that_is_there(arguments):
            there = Run(arguments.run.absolute())
            return train_in_foreground(there, workers, as_json=arguments.json)
        origin = _find_origin(arguments)
        preset = _choose_preset(arguments, origin[0].config() if origin else None)
        corpus = _choose_corpus(arguments, preset, origin[0] if origin else None)
        config = configure(
            preset,
            corpus,
            chosen_settings(arguments),
            title=arguments.title,
            origin=(Origin(origin[0].name, origin[1].step), origin[0].config()) if origin else None,
        )
        check_length(config, corpus)
        if arguments.estimate:
            return _estimate(config, corpus)
        new = create_run(
            config, corpus, path=arguments.run, origin=origin[1].path if origin else None
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
    return train_in_foreground(new, workers, as_json=arguments.json)


def _is_of_a_run_that_is_there(arguments: argparse.Namespace) -> bool:
    given = (arguments.corpus, arguments.preset, arguments.title, arguments.origin)
    is_bare = not any(given) and not arguments.estimate and not chosen_settings(arguments)
    return is_bare and arguments.run and Run(arguments.run).config_file.is_file()


def _find_origin(arguments: argparse.Namespace) -> tuple[Run, Checkpoint] | None:
    if not arguments.origin:
        return None
    run = find_run(arguments.origin)
    return run, run.checkpoint(parse_which(arguments.from_step))


def _choose_preset(arguments: argparse.Namespace, origin: RunConfig | None) -> Preset:
    # A model from outside has no preset.
    default = (origin and origin.preset) or DEFAULT_PRESET
    return find_preset(arguments.preset or default)


def _choose_corpus(arguments: argparse.Namespace, preset: Preset, origin: Run | None) -> Corpus:
    if not arguments.corpus and origin:
        return origin.corpus()
    is_documents = arguments.documents or preset.kind == "scalar"
    return load_corpus(arguments.corpus or preset.corpus, "documents" if is_documents else "text")


def _estimate(config: RunConfig, corpus: Corpus) -> int:
    pace = measure_pace(config, corpus)
    seconds = pace.seconds_for(config, corpus)
    print(f"{config.model.parameter_count():,} parameters")
    print(f"{pace.memory / 1e6:,.0f} MB of memory")
    print(f"{1000 * pace.step_seconds:.3g} ms a step, {seconds:,.0f} s in all")
    return 0
