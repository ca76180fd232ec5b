"""Tasks whose best possible loss is known in closed form, and the corpora of their examples.

In the order in which to read it: `task`, `strings`, `addition`, `brackets`, `grammar`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count, islice

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks.addition import Add
from gpt.corpus.tasks.brackets import Brackets
from gpt.corpus.tasks.grammar import Grammar
from gpt.corpus.tasks.strings import Copy, Reverse, Sort
from gpt.corpus.tasks.task import Task

TASKS: dict[str, Task] = {
    task.name: task for task in (Copy(), Reverse(), Sort(), Add(), Brackets(), Grammar())
}

N_EXAMPLES = 20_000
SEED = 0


@cache
def generate_corpus(name: str) -> Corpus:
    """The examples of a task, a document each, always the same ones.

    Where a prompt has one answer no example comes twice, so that those held out are new to a model.
    Where it has several, examples are drawn independently, or they would follow another
    distribution than that of the floor. One that is held out may then have been learnt, which gives
    no model an advantage: the best prediction is the same for every prompt, seen or unseen.
    """
    task, rng = TASKS[name], random.Random(SEED)
    drawn = (task.draw(rng).document for _ in count())
    documents = list(islice(_distinct(drawn) if task.has_one_answer else drawn, N_EXAMPLES))
    return Corpus(name, "\n".join(documents), "documents", task=name)


def _distinct(documents: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for document in documents:
        if document not in seen:
            seen.add(document)
            yield document
