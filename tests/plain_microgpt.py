"""The yardstick: MicroGPT's way of doing it, written plainly, for tests and benchmarks only.

One node per addition and per multiplication, constants as nodes, gradients written into the nodes,
a recursive topological sort, weights updated in place. Slow and obvious; `gpt.scalar` must agree
with it in every loss and beat it in time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator


class PlainValue:
    __slots__ = ("children", "data", "grad", "local_grads")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, PlainValue) else PlainValue(other)
        return PlainValue(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, PlainValue) else PlainValue(other)
        return PlainValue(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent):
        return PlainValue(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def log(self):
        return PlainValue(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        result = math.exp(self.data)
        return PlainValue(result, (self,), (result,))

    def relu(self):
        return PlainValue(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1 if isinstance(other, PlainValue) else self * (1 / other)

    def __radd__(self, other):
        return self + other

    def backward(self):
        order, visited = [], set()

        def visit(value):
            if value not in visited:
                visited.add(value)
                for child in value.children:
                    visit(child)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            for child, local_grad in zip(value.children, value.local_grads, strict=True):
                child.grad += local_grad * value.grad


def linear(x, weight):
    return [sum(w * xi for w, xi in zip(row, x, strict=True)) for row in weight]


def softmax(logits):
    largest = max(logit.data for logit in logits)
    exponentials = [(logit - PlainValue(largest)).exp() for logit in logits]
    total = sum(exponentials)
    return [e / total for e in exponentials]


def rmsnorm(x):
    mean_square = sum(xi * xi for xi in x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [xi * scale for xi in x]


class PlainMicroGPT:
    """MicroGPT at its default size: 1 layer, 16 wide, 4 heads, block 16."""

    n_layer, n_embd, block_size, n_head = 1, 16, 16, 4
    learning_rate, beta1, beta2, eps = 0.01, 0.85, 0.99, 1e-8

    def __init__(self, documents: list[str], seed: int = 42) -> None:
        self.rng = random.Random(seed)
        self.documents = list(documents)
        self.rng.shuffle(self.documents)
        self.characters = sorted(set("".join(self.documents)))
        self.bos = len(self.characters)

        def matrix(rows, columns):
            return [
                [PlainValue(self.rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)
            ]

        width, vocabulary = self.n_embd, self.bos + 1
        self.state = {
            "wte": matrix(vocabulary, width),
            "wpe": matrix(self.block_size, width),
            "lm_head": matrix(vocabulary, width),
        }
        for i in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo"):
                self.state[f"layer{i}.{name}"] = matrix(width, width)
            self.state[f"layer{i}.mlp_fc1"] = matrix(4 * width, width)
            self.state[f"layer{i}.mlp_fc2"] = matrix(width, 4 * width)
        self.params = [p for rows in self.state.values() for row in rows for p in row]
        self.m = [0.0] * len(self.params)
        self.v = [0.0] * len(self.params)

    def forward(self, token, position, keys, values):
        size = self.n_embd // self.n_head
        token_row, position_row = self.state["wte"][token], self.state["wpe"][position]
        x = rmsnorm([t + p for t, p in zip(token_row, position_row, strict=True)])
        for i in range(self.n_layer):
            residual, x = x, rmsnorm(x)
            q = linear(x, self.state[f"layer{i}.attn_wq"])
            keys[i].append(linear(x, self.state[f"layer{i}.attn_wk"]))
            values[i].append(linear(x, self.state[f"layer{i}.attn_wv"]))
            mixed = []
            for start in range(0, self.n_embd, size):
                q_h = q[start : start + size]
                k_h = [k[start : start + size] for k in keys[i]]
                v_h = [v[start : start + size] for v in values[i]]
                scores = [
                    sum(q_h[j] * k_h[t][j] for j in range(size)) / size**0.5
                    for t in range(len(k_h))
                ]
                weights = softmax(scores)
                mixed += [sum(weights[t] * v_h[t][j] for t in range(len(v_h))) for j in range(size)]
            x = linear(mixed, self.state[f"layer{i}.attn_wo"])
            x = [a + b for a, b in zip(x, residual, strict=True)]
            residual, x = x, rmsnorm(x)
            x = [h.relu() for h in linear(x, self.state[f"layer{i}.mlp_fc1"])]
            x = linear(x, self.state[f"layer{i}.mlp_fc2"])
            x = [a + b for a, b in zip(x, residual, strict=True)]
        return linear(x, self.state["lm_head"])

    def train(self, num_steps: int) -> Iterator[float]:
        """The loss of each step, in nats per character."""
        for step in range(num_steps):
            document = self.documents[step % len(self.documents)]
            tokens = [self.bos, *(self.characters.index(c) for c in document), self.bos]
            n = min(self.block_size, len(tokens) - 1)
            keys, values = [[] for _ in range(self.n_layer)], [[] for _ in range(self.n_layer)]
            losses = []
            for position in range(n):
                logits = self.forward(tokens[position], position, keys, values)
                losses.append(-softmax(logits)[tokens[position + 1]].log())
            loss = sum(losses) / n
            loss.backward()
            rate = self.learning_rate * (1 - step / num_steps)
            for i, p in enumerate(self.params):
                self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * p.grad
                self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * p.grad**2
                m_hat = self.m[i] / (1 - self.beta1 ** (step + 1))
                v_hat = self.v[i] / (1 - self.beta2 ** (step + 1))
                p.data -= rate * m_hat / (v_hat**0.5 + self.eps)
                p.grad = 0.0
            yield loss.data

    def sample(self, temperature: float) -> str:
        """One document, drawn token by token, with the graph built and thrown away each time."""
        token, drawn = self.bos, []
        keys, values = [[] for _ in range(self.n_layer)], [[] for _ in range(self.n_layer)]
        for position in range(self.block_size):
            logits = self.forward(token, position, keys, values)
            probabilities = softmax([logit / temperature for logit in logits])
            weights = [p.data for p in probabilities]
            token = self.rng.choices(range(self.bos + 1), weights=weights)[0]
            if token == self.bos:
                break
            drawn.append(self.characters[token])
        return "".join(drawn)
