"""A task like language: finish a sentence of a small probabilistic grammar."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from gpt.corpus.tasks.task import Example, Task

Rules = Mapping[str, Mapping[str, float]]
"""For each symbol, what it may become and how likely: words and symbols, blanks between them."""


def _evenly(words: str) -> dict[str, float]:
    each = words.split()
    return {word: 1 / len(each) for word in each}


GRAMMAR: Rules = {
    "SUBJECT.ONE": {
        "DETERMINER.ONE NOUN.ONE": 0.4,
        "DETERMINER.ONE ADJECTIVE NOUN.ONE": 0.3,
        "DETERMINER.ONE NOUN.ONE PLACE": 0.3,
    },
    "SUBJECT.MANY": {
        "DETERMINER.MANY NOUN.MANY": 0.4,
        "DETERMINER.MANY ADJECTIVE NOUN.MANY": 0.3,
        "DETERMINER.MANY NOUN.MANY PLACE": 0.3,
    },
    # Its noun stands nearer to the verb than the subject's, and has no say in its form.
    "PLACE": {"near the NOUN.ONE": 0.5, "near the NOUN.MANY": 0.5},
    "PREDICATE.ONE": {
        "RESTS.ONE": 0.25,
        "RESTS.ONE ADVERB": 0.25,
        "ACTS.ONE OBJECT": 0.5,
    },
    "PREDICATE.MANY": {
        "RESTS.MANY": 0.25,
        "RESTS.MANY ADVERB": 0.25,
        "ACTS.MANY OBJECT": 0.5,
    },
    "OBJECT": {"the NOUN.ONE": 0.6, "some NOUN.MANY": 0.4},
    "DETERMINER.ONE": {"the": 0.5, "every": 0.25, "this": 0.25},
    "DETERMINER.MANY": {"the": 0.5, "all": 0.25, "these": 0.25},
    "NOUN.ONE": _evenly("cat dog bird child fox hen"),
    "NOUN.MANY": _evenly("cats dogs birds children foxes hens"),
    "ADJECTIVE": _evenly("small old quiet brave"),
    "ADVERB": _evenly("well often here today"),
    "RESTS.ONE": {"sleeps": 0.5, "sings": 0.3, "waits": 0.2},
    "RESTS.MANY": {"sleep": 0.5, "sing": 0.3, "wait": 0.2},
    "ACTS.ONE": {"sees": 0.4, "likes": 0.3, "follows": 0.2, "hears": 0.1},
    "ACTS.MANY": {"see": 0.4, "like": 0.3, "follow": 0.2, "hear": 0.1},
}


class Grammar(Task):
    """Finish a sentence so that the verb agrees with its subject: `the cat near the dogs=sleeps`.

    Whether the subject is one or many is even odds; the grammar does the rest. No sentence has two
    derivations, so a sentence is as surprising as the choices that led to it.
    """

    name = "grammar"
    title = "Finish a sentence"
    asks = "Finish the sentence: a verb that agrees with its subject, and what may follow it."

    def draw(self, rng: random.Random) -> Example:
        number = rng.choice(("ONE", "MANY"))
        prompt = _expand(f"SUBJECT.{number}", rng)
        return Example(prompt, _expand(f"PREDICATE.{number}", rng))

    def probability(self, example: Example) -> float:
        prompt, answer = example.prompt.split(" "), example.answer.split(" ")
        likelihood = {number: derive([f"SUBJECT.{number}"], prompt) for number in ("ONE", "MANY")}
        if not any(likelihood.values()):
            return 0.0
        both = [p * derive([f"PREDICATE.{n}"], answer) for n, p in likelihood.items()]
        return sum(both) / sum(likelihood.values())

    @property
    def floor(self) -> float:
        """The entropy of a predicate over its expected length, BOS included.

        The subject says which of the two predicates it is, and both are equally likely.
        """
        predicates = ("PREDICATE.ONE", "PREDICATE.MANY")
        n_tokens = sum(expected_length(each) + 1 for each in predicates)
        return sum(map(entropy, predicates)) / n_tokens


def entropy(symbol: str) -> float:
    """In nats, of what a symbol becomes: H(s) = Σ p (-ln p + Σ H(each symbol it became))."""
    return math.fsum(
        p * (-math.log(p) + sum(map(entropy, rule.split())))
        for rule, p in GRAMMAR.get(symbol, {}).items()
    )


def expected_length(symbol: str) -> float:
    """In characters, of what a symbol becomes, blanks between words included."""
    if symbol not in GRAMMAR:
        return len(symbol)
    return math.fsum(
        p * (sum(map(expected_length, rule.split())) + rule.count(" "))
        for rule, p in GRAMMAR[symbol].items()
    )


def derive(symbols: Sequence[str], words: Sequence[str]) -> float:
    """The probability that the symbols become exactly these words, over all derivations."""
    if not symbols:
        return float(not words)
    first, *others = symbols
    if first in GRAMMAR:
        rules = GRAMMAR[first].items()
        return sum(p * derive([*rule.split(), *others], words) for rule, p in rules)
    return derive(others, words[1:]) if words and words[0] == first else 0.0


def _expand(symbol: str, rng: random.Random) -> str:
    if symbol not in GRAMMAR:
        return symbol
    rules = GRAMMAR[symbol]
    (rule,) = rng.choices(list(rules), weights=list(rules.values()))
    return " ".join(_expand(each, rng) for each in rule.split())
