import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS
from gpt.tensor.sampling import draw_multinomial, draw_token, generate, invert_cumulative


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
        text = generate(model, start, 1, generator=generator, temperature=temperature)
        shares = torch.bincount(text[:, 1], minlength=11) / 20_000
        assert torch.allclose(shares, (logits / temperature).softmax(-1), atol=0.02)
    cold = generate(model, start, 1, generator=generator, temperature=1e-6)
    assert set(cold[:, 1].tolist()) == {int(logits.argmax())}


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    model = build_model(GPTConfig.lecture("bigram", 11))
    start = torch.zeros(1, 1, dtype=torch.long)
    with pytest.raises(ValueError, match="temperature must be above 0, not"):
        generate(model, start, 1, generator=torch.Generator(), temperature=temperature)


def test_an_empty_start_is_refused() -> None:
    model = build_model(GPTConfig.lecture("bigram", 11))
    start = torch.zeros(1, 0, dtype=torch.long)
    with pytest.raises(ValueError, match="at least one token to continue from"):
        generate(model, start, 1, generator=torch.Generator())
