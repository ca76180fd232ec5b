"""What the lecture "Let's build GPT" learns from, and what it tries things on."""

from __future__ import annotations

from gpt.corpus.corpus import Corpus

SEED = 1337
FIRST_BATCH = (4, 8)
"""B and T of the first batch that it draws, with that seed."""

SAMPLES = ("hii there", "to be or not")
"""The first is what it encodes and decodes before anything else."""


def is_its_text(corpus: Corpus) -> bool:
    """Whether this is Tiny Shakespeare: of any other text its numbers say nothing."""
    return corpus.name == "shakespeare"
