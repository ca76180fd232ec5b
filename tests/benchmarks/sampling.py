"""Tokens per second: with the key/value cache, and with everything read anew for each token.

    python tests/benchmarks/sampling.py [--threads 1 2] [--tokens 256] [--repeats 5] [--scalar]

A GPT of nanoGPT's kind, 4 layers of 4 heads, 128 channels wide, with a block of 256, writes on from
one character, one sequence and 64. What is compared has the same weights and runs in turn:

    cached  `gpt.tensor.sampling.generate`
    anew    the way of the lecture and of nanoGPT: torch's fused attention over all of the last
            block, the last layer for the last token only, `torch.multinomial`

With --scalar also documents per second of the GPT of plain numbers, against MicroGPT's way, which
builds the graph of every document that it writes (`tests/plain_microgpt.py`).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

from gpt.scalar.model import Config
from gpt.scalar.sample import sample
from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt import GPT
from gpt.tensor.models import build_model
from gpt.tensor.sampling import generate

BATCHES = (1, 64)
SCALAR_DOCUMENTS = 20
SCALAR_SEED = 42


class ReadingAnew:
    """The model's weights as nanoGPT holds them, and its way to generate."""

    def __init__(self, model: GPT) -> None:
        self.model = model
        self.qkv = [
            torch.cat(
                [part.weight for part in (block.attn.query, block.attn.key, block.attn.value)]
            )
            for block in model.blocks
        ]

    def last_logits(self, idx: Tensor) -> Tensor:
        model, (B, T) = self.model, idx.shape
        x = model.embeddings.token(idx) + model.embeddings.position.weight[:T]
        for block, qkv in zip(model.blocks, self.qkv, strict=True):
            parts = F.linear(block.ln_1(x), qkv).view(B, T, 3, block.attn.n_head, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            heads = F.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + block.attn.projection(heads.transpose(1, 2).reshape(x.shape))
            x = x + block.mlp.projection(F.gelu(block.mlp.expansion(block.ln_2(x))))
        logits: Tensor = model.lm_head(model.ln_f(x[:, -1]))
        return logits

    @torch.no_grad()
    def generate(self, idx: Tensor, n_tokens: int) -> Tensor:
        for _ in range(n_tokens):
            logits = self.last_logits(idx[:, -self.model.config.block_size :])
            idx = torch.cat([idx, torch.multinomial(logits.softmax(-1), 1)], dim=1)
        return idx


def seconds_in_turn(functions: list[Callable[[], object]], repeats: int) -> list[float]:
    """The median of each, taken in turn so that whatever else goes on meets all alike."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, times in zip(functions, taken, strict=True):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return [median(times) for times in taken]


def compare_tensors(n_tokens: int, repeats: int, threads: int) -> None:
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(1)
    model = build_model(GPTConfig(vocab_size=65, block_size=256), generator).eval()
    assert isinstance(model, GPT)
    anew = ReadingAnew(model)
    text = torch.randint(65, (2, 100), generator=generator)
    assert torch.allclose(anew.last_logits(text), model(text)[0][:, -1], atol=1e-5)
    for B in BATCHES:
        start = torch.zeros(B, 1, dtype=torch.long)
        cached = partial(generate, model, start, n_tokens, generator=generator)
        generate(model, start, 8, generator=generator)
        fast, slow = seconds_in_turn([cached, partial(anew.generate, start, n_tokens)], repeats)
        rates = [B * n_tokens / seconds for seconds in (fast, slow)]
        print(f"{threads:7} {B:5}" + "".join(f"{rate:10,.0f}" for rate in rates), end="")
        print(f"{slow / fast:9.1f}", flush=True)


def compare_scalars(repeats: int) -> None:
    """Untrained, of MicroGPT's size, on the bundled names' letters; documents fill the block."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from plain_microgpt import PlainMicroGPT
    from plain_microgpt import softmax as plain_softmax

    plain = PlainMicroGPT(["abcdefghijklmnopqrstuvwxyz"], SCALAR_SEED)
    config = Config(vocab_size=plain.bos + 1)
    weights = {
        name: [[weight.data for weight in row] for row in rows]
        for name, rows in plain.state.items()
    }

    def write_plainly() -> list[int]:
        token, document = plain.bos, []
        keys, values = [[] for _ in range(plain.n_layer)], [[] for _ in range(plain.n_layer)]
        for position in range(plain.block_size):
            logits = plain.forward(token, position, keys, values)
            shares = [each.data for each in plain_softmax(logits)]
            (token,) = rng.choices(range(plain.bos + 1), weights=shares)
            if token == plain.bos:
                break
            document.append(token)
        return document

    def write() -> list[int]:
        return list(sample(config, weights, plain.bos, rng))

    rng = random.Random(SCALAR_SEED)
    expected = [write_plainly() for _ in range(3)]
    rng = random.Random(SCALAR_SEED)
    assert [write() for _ in range(3)] == expected
    fast, slow = seconds_in_turn(
        [
            lambda: [
                list(sample(config, weights, plain.bos, rng)) for _ in range(SCALAR_DOCUMENTS)
            ],
            lambda: [write_plainly() for _ in range(SCALAR_DOCUMENTS)],
        ],
        repeats,
    )
    print(
        f"plain numbers: {SCALAR_DOCUMENTS / fast:.1f} documents per second, "
        f"MicroGPT's way {SCALAR_DOCUMENTS / slow:.2f}, ratio {slow / fast:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scalar", action="store_true")
    arguments = parser.parse_args()
    print(f"{'threads':>7} {'batch':>5}{'cached':>10}{'anew':>10}{'ratio':>9}  tokens per second")
    for threads in arguments.threads:
        compare_tensors(arguments.tokens, arguments.repeats, threads)
    if arguments.scalar:
        compare_scalars(arguments.repeats)


if __name__ == "__main__":
    main()
