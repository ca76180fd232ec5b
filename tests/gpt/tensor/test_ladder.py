"""The ladder against the lecture, and each rung against arithmetic done by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.ladder import LectureGPT, SingleHead
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model


def small(rung: str, **changes: object) -> GPTConfig:
    return GPTConfig.from_dict(GPTConfig.lecture("bigram", 11).to_dict() | {"rung": rung} | changes)


def test_the_bigram_starts_from_the_lectures_loss(shakespeare, generator: torch.Generator) -> None:
    data = shakespeare.training
    starts = torch.randint(len(data) - 8, (4,), generator=generator)
    x = torch.stack([data[i : i + 8] for i in starts])
    y = torch.stack([data[i + 1 : i + 9] for i in starts])
    assert x[0].tolist() == [24, 43, 58, 5, 57, 1, 46, 43]

    model = build_model(GPTConfig.lecture("bigram", 65), generator.manual_seed(1337))
    _, loss = model(x, targets=y)
    assert loss is not None
    assert round(loss.item(), 4) == 4.8786


def test_torchs_scheme_draws_exactly_what_torch_draws(generator: torch.Generator) -> None:
    model = build_model(small("single-head"), generator)
    assert isinstance(model, SingleHead)
    with torch.random.fork_rng():
        torch.manual_seed(1337)
        token, position = nn.Embedding(11, 32), nn.Embedding(8, 32)
        key, query, value = (nn.Linear(32, 32, bias=False) for _ in range(3))
        lm_head = nn.Linear(32, 11)
    assert torch.equal(model.embeddings.token.weight, token.weight)
    assert torch.equal(model.embeddings.position.weight, position.weight)
    assert torch.equal(model.attn.key.weight, key.weight)
    assert torch.equal(model.attn.query.weight, query.weight)
    assert torch.equal(model.attn.value.weight, value.weight)
    assert torch.equal(model.lm_head.weight, lm_head.weight)
    assert torch.allclose(model.lm_head.bias, lm_head.bias, rtol=0, atol=1e-7)


def test_building_a_model_leaves_torchs_own_generator_alone(generator: torch.Generator) -> None:
    before = torch.get_rng_state()
    build_model(small("gpt"), generator)
    assert torch.equal(torch.get_rng_state(), before)


def test_gpt2s_scheme_has_its_deviations(generator: torch.Generator) -> None:
    config = GPTConfig.gpt2(vocab_size=500, n_layer=8, n_embd=192, block_size=64)
    model = build_model(config, generator)
    weights = dict(model.named_parameters())
    plain, projected = 0.02, 0.02 / math.sqrt(16)
    assert weights["embeddings.token.weight"].std().item() == pytest.approx(plain, rel=0.02)
    assert weights["blocks.3.mlp.expansion.weight"].std().item() == pytest.approx(plain, rel=0.02)
    for part in ("attn", "mlp"):
        deviation = weights[f"blocks.3.{part}.projection.weight"].std().item()
        assert deviation == pytest.approx(projected, rel=0.02)
    assert weights["blocks.3.attn.query.bias"].count_nonzero() == 0
    assert torch.equal(weights["ln_f.weight"], torch.ones(192))


@torch.no_grad()
def test_one_head_is_the_loop_it_stands_for(generator: torch.Generator) -> None:
    model = build_model(small("single-head"), generator)
    assert isinstance(model, SingleHead)
    idx = torch.randint(11, (1, 6), generator=generator)
    trace: dict[str, torch.Tensor] = {}
    model.eval()(idx, trace=trace)

    x = trace["embeddings"][0]
    q, k, v = (x @ w.weight.T for w in (model.attn.query, model.attn.key, model.attn.value))
    for t in range(6):
        scores = [sum(q[t, c] * k[s, c] for c in range(32)) / math.sqrt(32) for s in range(t + 1)]
        total = sum(math.exp(score) for score in scores)
        weights = [math.exp(score) / total for score in scores]
        expected = sum(weight * v[s] for s, weight in enumerate(weights))
        assert trace["blocks.0.attn.pattern"][0, 0, t].tolist() == pytest.approx(
            weights + [0] * (5 - t), abs=1e-5
        )
        assert torch.allclose(trace["blocks.0.attn.output"][0, t], expected, atol=1e-5)


def test_the_full_gpt_with_the_lectures_choices_is_the_last_rung(
    generator: torch.Generator,
) -> None:
    last = build_model(small("dropout", dropout=0.3), generator)
    full = build_model(small("gpt", dropout=0.3))
    full.load_state_dict(last.state_dict())
    idx = torch.randint(11, (4, 8), generator=generator)
    assert torch.equal(full.eval()(idx)[0], last.eval()(idx)[0])
    with torch.random.fork_rng():
        torch.manual_seed(1)
        in_training = full.train()(idx)[0]
        torch.manual_seed(1)
        assert torch.equal(in_training, last.train()(idx)[0])
    assert isinstance(last, LectureGPT)
    assert not torch.equal(in_training, last.eval()(idx)[0]), "dropout did nothing"


def test_a_rung_without_the_next_idea_is_the_next_rung_with_that_idea_undone(
    generator: torch.Generator,
) -> None:
    idx = torch.randint(11, (2, 8), generator=generator)
    # Several heads, of which there is one, are a single head.
    one, several = build_model(small("single-head"), generator), small("multi-head", n_head=1)
    assert equal_with_same_weights(one, build_model(several), idx)
    # A stack of one plain block is attention and feed-forward without a stack.
    flat = build_model(small("feed-forward"), generator)
    stack = build_model(small("blocks", n_layer=1))
    renamed = {
        name if name.startswith(("embeddings", "lm_head")) else f"blocks.0.{name}": weight
        for name, weight in flat.state_dict().items()
    }
    stack.load_state_dict(renamed)
    assert torch.equal(flat.eval()(idx)[0], stack.eval()(idx)[0])


def equal_with_same_weights(a: LanguageModel, b: LanguageModel, idx: torch.Tensor) -> bool:
    b.load_state_dict(a.state_dict())
    return torch.allclose(a.eval()(idx)[0], b.eval()(idx)[0], atol=1e-6)


@pytest.mark.parametrize("rung", RUNG_NAMES)
def test_no_rung_sees_the_future(rung: str, generator: torch.Generator) -> None:
    model = build_model(small(rung), generator).eval()
    idx = torch.randint(11, (1, 8), generator=generator)
    changed = idx.clone()
    changed[0, 5:] = (changed[0, 5:] + 1) % 11
    before, after = model(idx)[0], model(changed)[0]
    assert torch.equal(before[0, :5], after[0, :5])
    assert not torch.allclose(before[0, 5:], after[0, 5:])


@pytest.mark.parametrize("rung", RUNG_NAMES)
def test_the_loss_is_the_mean_surprise_at_the_targets_that_count(
    rung: str, generator: torch.Generator
) -> None:
    model = build_model(small(rung), generator).eval()
    idx = torch.randint(11, (2, 8), generator=generator)
    targets = torch.randint(11, (2, 8), generator=generator)
    targets[0, :3] = -1
    logits, loss = model(idx, targets=targets)
    surprises = [
        -F.log_softmax(logits[b, t], dim=-1)[targets[b, t]].item()
        for b in range(2)
        for t in range(8)
        if targets[b, t] != -1
    ]
    assert logits.shape == (2, 8, 11)
    assert loss.item() == pytest.approx(sum(surprises) / 13, rel=1e-5)


def test_more_tokens_than_the_block_holds_are_refused() -> None:
    model = build_model(small("single-head"))
    with pytest.raises(ValueError, match="9 tokens do not fit into a block of 8; crop the text"):
        model(torch.zeros(1, 9, dtype=torch.long))
