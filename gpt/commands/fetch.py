"""`python -m gpt fetch shakespeare`: a corpus that does not ship, from its public address."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from gpt.commands import CommandError
from gpt.corpus.catalogue import CATALOGUE
from gpt.corpus.download import fetch
from gpt.corpus.text import CorpusError

FETCHED = [name for name, entry in CATALOGUE.items() if entry.source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", choices=FETCHED, metavar="NAME", help=", ".join(FETCHED))


def run(arguments: argparse.Namespace) -> int:
    entry = CATALOGUE[arguments.corpus]
    try:
        with tqdm(unit="B", unit_scale=True, disable=None) as progress:

            def show(received: int, total: int) -> None:
                progress.total = total
                progress.update(received - progress.n)

            path = fetch(entry, show)
    except CorpusError as error:
        raise CommandError(str(error)) from None
    print(f"{entry.title} is in {path}")
    return 0
