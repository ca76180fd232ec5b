"""The tree of the likeliest continuations, against every continuation there is."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch

from gpt.tensor import tree
from gpt.tensor.config import GPTConfig
from gpt.tensor.filters import MODEL_ITSELF, SamplingConfig
from gpt.tensor.models import build_model
from gpt.tensor.tree import likeliest_continuations

V = 5
TEXT = [3, 1, 4]


@pytest.fixture
def model() -> torch.nn.Module:
    config = GPTConfig(vocab_size=V, block_size=5, n_layer=2, n_head=2, n_embd=16, token_shift=1)
    drawn = torch.Generator().manual_seed(5)
    model = build_model(config, drawn).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # far from uniform
            parameter += 0.4 * torch.randn(parameter.shape, generator=drawn)
    return model


def path_probability(model, path: tuple[int, ...], temperature: float = 1.0) -> float:
    share = 1.0
    for place, token in enumerate(path):
        read = [*TEXT, *path[:place]][-5:]
        logits = model(torch.tensor([read]))[0][0, -1].double() / temperature
        share *= logits.softmax(-1)[token].item()
    return share


def test_all_paths_of_a_whole_tree_have_their_probabilities_past_the_block_too(
    model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "LEAST_PATH", 0.0)
    nodes = likeliest_continuations(model, TEXT, MODEL_ITSELF, breadth=V, depth=3)
    deep = {node.tokens: node for node in nodes if len(node.tokens) == 3}
    assert set(deep) == set(product(range(V), repeat=3))
    for path, node in deep.items():
        assert node.path_probability == pytest.approx(path_probability(model, path), abs=1e-6)
    assert sum(node.path_probability for node in deep.values()) == pytest.approx(1)
    # Side by side they fill the interval from 0 to 1.
    ordered = sorted(deep.values(), key=lambda node: node.start)
    for one, other in pairwise(ordered):
        assert one.start + one.path_probability == pytest.approx(other.start, abs=1e-9)


def test_the_likeliest_come_first_and_the_controls_count(model) -> None:
    config = SamplingConfig(temperature=0.5)
    nodes = likeliest_continuations(model, TEXT, config, breadth=2, depth=2)
    first = [node for node in nodes if len(node.tokens) == 1]
    assert len(first) == 2
    assert first[0].probability >= first[1].probability
    for node in nodes:
        expected = path_probability(model, node.tokens, temperature=0.5)
        assert node.path_probability == pytest.approx(expected, abs=1e-6)
    assert len(likeliest_continuations(model, TEXT, SamplingConfig(0.0), breadth=3, depth=4)) == 4


def test_what_has_ended_or_is_unlikely_is_not_followed(model) -> None:
    (first, *_) = likeliest_continuations(model, TEXT, MODEL_ITSELF, breadth=V, depth=1)
    (end,) = first.tokens
    nodes = likeliest_continuations(model, TEXT, MODEL_ITSELF, breadth=V, depth=3, end=end)
    assert all(end not in node.tokens[:-1] for node in nodes)
    parents = {node.tokens: node.path_probability for node in nodes}
    assert all(
        parents[node.tokens[:-1]] >= tree.LEAST_PATH for node in nodes if len(node.tokens) > 1
    )
