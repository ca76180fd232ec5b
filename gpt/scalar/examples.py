"""Graphs worth looking at, from one neuron to the loss of a whole GPT."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gpt.corpus.tokenizer import CharTokenizer
from gpt.scalar.expression import Evaluation
from gpt.scalar.graph import Recording, leaf_key
from gpt.scalar.model import Config, as_leaves, initialise
from gpt.scalar.train import document_loss


@dataclass(frozen=True)
class Example:
    """A program to type, and the numbers to start its leaves at."""

    title: str
    text: str
    numbers: Mapping[str, float]
    remark: str


EXAMPLES = (
    Example(
        "One neuron",
        "relu(w1*x + w2)",
        {"w1": 0.5, "x": 2.0, "w2": -0.3},
        "Lower w2 below −1: the neuron dies, and every gradient with it.",
    ),
    Example(
        "Fan-out",
        "a*a",
        {"a": 3.0},
        "a is used twice, so its gradient is a sum of two: 3 + 3.",
    ),
    Example(
        "Bump test",
        "a*b + a**2",
        {"a": 2.0, "b": -3.0},
        "Two ways from a to the output; each adds its share.",
    ),
    Example(
        "Tanh neuron",
        "n = x1*w1 + x2*w2 + b\ntanh(n)",
        {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432},
        "x2 is 0, so w2 cannot change anything: its gradient is 0.",
    ),
    Example(
        "Sigmoid",
        "z = w*x + b\n1 / (1 + exp(-z))",
        {"w": 1.5, "x": 1.0, "b": -0.5},
        "Push z far to either side: the curve flattens, the gradient fades.",
    ),
    Example(
        "Cross-entropy",
        "ea = exp(a)\neb = exp(b)\nec = exp(c)\n-log(eb / (ea + eb + ec))",
        {"a": 1.0, "b": 0.5, "c": -1.0},
        "b is the right answer: its gradient is its probability minus 1, the others' just theirs.",
    ),
    Example(
        "Attention score",
        "s1 = (q1*k1 + q2*k2) / 1.41421356  # √2\n"
        "s2 = (q1*m1 + q2*m2) / 1.41421356\n"
        "exp(s1) / (exp(s1) + exp(s2))",
        {"q1": 1.0, "q2": 0.5, "k1": 0.8, "k2": -0.4, "m1": -0.3, "m2": 0.9},
        "One query weighs two keys; what goes to one is taken from the other.",
    ),
    Example(
        "Two-layer MLP",
        "h1 = tanh(a11*x1 + a12*x2 + b1)\n"
        "h2 = tanh(a21*x1 + a22*x2 + b2)\n"
        "y = tanh(c1*h1 + c2*h2 + d)\n"
        "(y - target)**2",
        {
            "x1": 1.0,
            "x2": -0.5,
            "target": 1.0,
            "a11": 0.6,
            "a12": -0.3,
            "b1": 0.1,
            "a21": -0.8,
            "a22": 0.4,
            "b2": 0.2,
            "c1": 0.9,
            "c2": -0.5,
            "d": 0.0,
        },
        "Every weight's gradient says which way to turn it to come nearer to the target.",
    ),
    Example(
        "Why the order matters",
        "b = a + a\nc = b + b\nc",
        {"a": 1.0},
        "b must wait for both of its uses. Fired too early, it hands on half.",
    ),
    Example(
        "Why depth first fails",
        "b = a*2\nc = b + 1\nd = b*c\nd",
        {"a": 1.0},
        "b is used by d and by c; c's share comes late.",
    ),
)


@dataclass(frozen=True)
class TinyGPT:
    """The loss of a whole GPT on one short name, every one of its parameters a leaf.

    As small as a GPT can be and still have all parts: one layer, 4 wide, two heads. Its weights are
    drawn, not trained.

    Raises:
        ValueError: the name is empty, longer than 8 letters, or not made of the letters a to z.
    """

    name: str
    seed: int = 42
    config: Config = field(
        default=Config(vocab_size=27, n_layer=1, n_embd=4, block_size=9, n_head=2)
    )

    def __post_init__(self) -> None:
        longest = self.config.block_size - 1
        if not 0 < len(self.name) <= longest or not set(self.name) <= set(_LETTERS):
            raise ValueError(f"the name must be 1 to {longest} letters from a to z, such as ava")

    @cached_property
    def weights(self) -> dict[str, list[list[float]]]:
        return {
            name: [list(row) for row in rows]
            for name, rows in initialise(self.config, random.Random(self.seed)).items()
        }

    def start(self, leaf: str) -> float:
        """The number that was drawn for a parameter, by the key of its node."""
        name, i, j = self._places[leaf]
        return self.weights[name][i][j]

    @property
    def leaf_names(self) -> tuple[str, ...]:
        """The key of every parameter, as `wte[4, 0]`."""
        return tuple(self._places)

    def evaluate(self, numbers: Mapping[str, float], recording: Recording) -> Evaluation:
        """Build the graph of the loss, with `numbers` in place of some of the parameters."""
        leaves = as_leaves(self._weights_with(numbers))
        traces = [
            recording.within(f"{position}: {letter} → {following}")
            for position, (letter, following) in enumerate(
                zip(f"{BOS}{self.name}", f"{self.name}{BOS}", strict=True)
            )
        ]
        loss = document_loss(self.config, leaves, self._document, traces=traces)
        by_key = {
            leaf_key(leaf.id): leaf for matrix in leaves.values() for row in matrix for leaf in row
        }
        return Evaluation(loss, by_key, {loss.id: "loss"})

    def loss(self, numbers: Mapping[str, float]) -> float:
        """The loss alone, in nats per letter, without a graph."""
        loss: float = document_loss(self.config, self._weights_with(numbers), self._document)
        return loss

    @property
    def _document(self) -> list[int]:
        return CharTokenizer.from_documents([_LETTERS]).encode_document(self.name)

    def _weights_with(self, numbers: Mapping[str, float]) -> dict[str, list[list[float]]]:
        weights = {name: [list(row) for row in rows] for name, rows in self.weights.items()}
        for key, number in numbers.items():
            if key in self._places:
                name, i, j = self._places[key]
                weights[name][i][j] = number
        return weights

    @cached_property
    def _places(self) -> dict[str, tuple[str, int, int]]:
        return {
            leaf_key((name, i, j)): (name, i, j)
            for name, rows in self.weights.items()
            for i, row in enumerate(rows)
            for j in range(len(row))
        }


BOS = "⊢"  # how the token that opens and closes a name is written
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
