from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.config import RUNG_NAMES, GPTConfig, RungName
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS
from gpt.tensor.sampling import (
    Continuation,
    NotANumberError,
    draw_multinomial,
    draw_token,
    generate,
    invert_cumulative,
)


def test_the_untrained_bigram_writes_the_lectures_text(
    shakespeare, generator: torch.Generator
) -> None:
    model = build_model(GPTConfig.lecture("bigram", 65), generator)
    start = torch.zeros(1, 1, dtype=torch.long)
    ids = generate(model, start, 100, generator=generator, draw=draw_multinomial)
    text = shakespeare.decode(ids[0].tolist())
    assert text.startswith("\nSKIcLT;AcELMoTbvZv C?nq-QE33:CJqkOKH-q")
    assert len(text) == 101


def test_the_needle_points_at_the_share_it_falls_into() -> None:
    probabilities = torch.tensor([[0.0, 0.25, 0.0, 0.5, 0.25, 0.0]]).repeat(6, 1)
    needles = torch.tensor([0.0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2**-53], dtype=torch.float64)
    assert invert_cumulative(probabilities, needles).tolist() == [1, 1, 3, 3, 4, 4]


@given(
    weights=st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda w: sum(w) > 1e-6),
    needle=st.floats(0, 1, exclude_max=True),
)
def test_an_impossible_token_is_never_drawn(weights: list[float], needle: float) -> None:
    probabilities = torch.tensor([weights], dtype=torch.float64)
    token = invert_cumulative(probabilities, torch.tensor([needle], dtype=torch.float64)).item()
    assert weights[int(token)] > 0


def test_what_is_drawn_follows_the_probabilities(generator: torch.Generator) -> None:
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    drawn = draw_token(probabilities.expand(100_000, 4), generator)
    counts = torch.bincount(drawn, minlength=4).double()
    expected = probabilities.double() * 100_000
    chi_square = ((counts - expected) ** 2 / expected).sum().item()
    assert chi_square < 16.27  # 3 degrees of freedom, 0.1 %


@pytest.mark.parametrize(
    "changes",
    [
        *({"rung": rung} for rung in RUNG_NAMES),
        {"position": "rotary"},
        {"position": "none", "token_shift": 2},
        PRESETS["fast"].model_settings | {"block_size": 8, "initialisation": "torch"},
    ],
    ids=lambda changes: changes.get("rung") or changes["position"],
)
@pytest.mark.parametrize("start", [1, 5, 8, 11])
def test_with_the_cache_and_without_it_the_same_text(changes: dict[str, Any], start: int) -> None:
    """Also past the block of 8, and from texts that are longer than it to begin with."""
    config = GPTConfig.from_dict(GPTConfig.lecture("gpt", 11).to_dict() | changes)
    model = build_model(config, torch.Generator().manual_seed(4)).train()
    if config.token_shift:
        torch.nn.init.ones_(model.get_parameter("embeddings.shift.share"))
    idx = torch.randint(11, (3, start), generator=torch.Generator().manual_seed(5))
    cached, plain = (
        generate(model, idx, 12, generator=torch.Generator().manual_seed(6), is_cached=is_cached)
        for is_cached in (True, False)
    )
    assert torch.equal(cached, plain)
    assert cached.shape == (3, start + 12)
    assert torch.equal(cached[:, :start], idx)
    assert model.training


@pytest.mark.parametrize("rung", RUNG_NAMES)
def test_one_token_at_a_time_gives_the_logits_of_the_whole(rung: RungName) -> None:
    """A single text takes a kernel of its own."""
    model = build_model(GPTConfig.lecture(rung, 11), torch.Generator().manual_seed(4)).eval()
    idx = torch.randint(11, (1, 8), generator=torch.Generator().manual_seed(5))
    expected, _ = model(idx)
    continuation = Continuation(model)
    for t in range(1, 9):
        logits = continuation.next_logits(idx[:, :t])
        torch.testing.assert_close(logits, expected[:, t - 1], atol=1e-5, rtol=0)


def test_each_token_is_drawn_from_the_last_block_of_text(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("layer-norm", 11), generator)
    needles = torch.Generator().manual_seed(6)
    text = generate(model, torch.zeros(1, 1, dtype=torch.long), 20, generator=needles)
    needles.manual_seed(6)
    for t in range(1, 21):
        logits, _ = model.eval()(text[:, max(0, t - 8) : t])
        needle = torch.rand(1, dtype=torch.float64, generator=needles).item()
        shares = logits[0, -1].double().softmax(-1).tolist()
        token = text[0, t].item()
        assert sum(shares[:token]) - 1e-6 <= needle <= sum(shares[: token + 1]) + 1e-6


def test_temperature_sharpens_and_flattens(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("bigram", 11), generator)
    start = torch.zeros(20_000, 1, dtype=torch.long)
    logits = model(start[:1])[0][0, 0]
    for temperature in (0.5, 2.0):
        text = generate(model, start, 1, generator=generator, config=SamplingConfig(temperature))
        shares = torch.bincount(text[:, 1], minlength=11) / 20_000
        assert torch.allclose(shares, (logits / temperature).softmax(-1), atol=0.02)
    cold = generate(model, start, 1, generator=generator, config=SamplingConfig(1e-6))
    assert set(cold[:, 1].tolist()) == {int(logits.argmax())}


def test_an_empty_start_is_refused() -> None:
    model = build_model(GPTConfig.lecture("bigram", 11))
    start = torch.zeros(1, 0, dtype=torch.long)
    with pytest.raises(ValueError, match="at least one token to continue from"):
        generate(model, start, 1, generator=torch.Generator())


@pytest.mark.parametrize("start", [1, 5, 8])
def test_clamped_positions_read_on_past_the_block(start: int) -> None:
    """With the cache what one pass over the whole text gives, positions held at the last."""
    config = GPTConfig.lecture("layer-norm", 11)
    model = build_model(config, torch.Generator().manual_seed(4)).eval()
    idx = torch.randint(11, (3, start), generator=torch.Generator().manual_seed(5))
    cached, plain = (
        generate(
            model,
            idx,
            20,
            generator=torch.Generator().manual_seed(6),
            past_block="clamp",
            is_cached=is_cached,
        )
        for is_cached in (True, False)
    )
    assert torch.equal(cached, plain)
    longer = build_model(GPTConfig.lecture("layer-norm", 11, block_size=28))
    weights = model.state_dict()
    table = weights["embeddings.position.weight"]
    weights["embeddings.position.weight"] = torch.cat([table, table[-1:].expand(20, -1)])
    longer.load_state_dict(weights)
    expected = longer.eval()(cached)[0][:, -1]
    logits = Continuation(model, "clamp").next_logits(cached)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("position", ["rotary", "none"])
def test_a_sliding_cache_is_attention_within_a_window(position: str) -> None:
    config = GPTConfig.from_dict(
        GPTConfig.lecture("gpt", 11).to_dict() | {"position": position, "token_shift": 2}
    )
    model = build_model(config, torch.Generator().manual_seed(4)).eval()
    idx = torch.randint(11, (2, 40), generator=torch.Generator().manual_seed(5))
    longer = build_model(GPTConfig.from_dict(config.to_dict() | {"block_size": 40})).eval()
    longer.load_state_dict(model.state_dict())
    is_far = torch.ones(40, 40, dtype=torch.bool).tril(-config.block_size)
    within_window = {
        f"blocks.{layer}.attn.masked_scores": lambda scores: scores.masked_fill(is_far, -torch.inf)
        for layer in range(config.n_layer)
    }
    expected, _ = longer(idx, ablate=within_window)
    continuation = Continuation(model, "slide")
    for t in range(1, 41):
        logits = continuation.next_logits(idx[:, :t])
        torch.testing.assert_close(logits, expected[:, t - 1], atol=1e-5, rtol=0)


def test_a_bigram_does_not_notice_the_end_of_the_block_and_a_head_does() -> None:
    start = torch.zeros(1, 1, dtype=torch.long)
    texts = {
        (rung, past_block): generate(
            build_model(GPTConfig.lecture(rung, 11), torch.Generator().manual_seed(4)),
            start,
            60,
            generator=torch.Generator().manual_seed(6),
            past_block=past_block,
        ).tolist()
        for rung in ("bigram", "single-head")
        for past_block in ("crop", "clamp")
    }
    assert texts["bigram", "crop"] == texts["bigram", "clamp"]
    assert texts["single-head", "crop"] != texts["single-head", "clamp"]


def test_a_way_past_the_block_that_the_positions_forbid_is_refused() -> None:
    learned = build_model(GPTConfig.lecture("layer-norm", 11))
    with pytest.raises(ValueError, match="cannot slide what outgrows its block; choose crop or cl"):
        Continuation(learned, "slide")
    rotary = build_model(GPTConfig.lecture("gpt", 11, position="rotary"))
    with pytest.raises(ValueError, match="cannot clamp what outgrows its block; choose crop or sl"):
        Continuation(rotary, "clamp")


def test_a_sequence_that_has_ended_goes_on_with_its_end(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("bigram", 5), generator)
    start = torch.zeros(50, 1, dtype=torch.long)
    endless = generate(model, start, 200, generator=torch.Generator().manual_seed(6))[:, 1:]
    text = generate(model, start, 200, generator=torch.Generator().manual_seed(6), end=4)[:, 1:]
    lengths = [row.index(4) for row in endless.tolist()]
    assert text.shape[1] == max(lengths) + 1
    for row, plain, length in zip(text.tolist(), endless.tolist(), lengths, strict=True):
        assert row[: length + 1] == plain[: length + 1]
        assert set(row[length:]) == {4}


def test_logits_that_are_no_numbers_are_said_so(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("bigram", 5), generator)
    model.get_parameter("token_table.weight").data[3] = torch.nan
    with pytest.raises(NotANumberError, match="choose an earlier checkpoint"):
        generate(model, torch.full((1, 1), 3), 1, generator=generator)
