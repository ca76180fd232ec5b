import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt.tensor.schedule import learning_rate_at
from gpt.tensor.training_config import TrainingConfig


def test_nanogpts_schedule() -> None:
    config = TrainingConfig(
        steps=2000, warmup_steps=100, learning_rate=1e-3, minimum_learning_rate=1e-4
    )
    assert learning_rate_at(1, config) == pytest.approx(1e-3 / 101)
    assert learning_rate_at(100, config) == pytest.approx(1e-3 * 100 / 101)
    assert learning_rate_at(101, config) == 1e-3
    assert learning_rate_at(101 + 950, config) == pytest.approx((1e-3 + 1e-4) / 2)
    coefficient = 0.5 * (1 + math.cos(math.pi * 1899 / 1900))
    assert learning_rate_at(2000, config) == pytest.approx(1e-4 + coefficient * 9e-4)
    assert learning_rate_at(9999, config) == pytest.approx(1e-4)


def test_microgpts_linear_schedule() -> None:
    config = TrainingConfig(steps=1000, schedule="linear", learning_rate=0.01)
    rates = [learning_rate_at(step, config) for step in (1, 2, 501, 1000)]
    assert rates == pytest.approx([0.01, 0.01 * 0.999, 0.005, 0.01 * 0.001])


def test_a_trapezoid_falls_in_its_second_half() -> None:
    config = TrainingConfig(steps=1000, schedule="trapezoid", learning_rate=0.01)
    rates = [learning_rate_at(step, config) for step in (1, 501, 751, 1000)]
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.01 * 0.002])


def test_a_constant_schedule_stays_at_its_peak() -> None:
    config = TrainingConfig(steps=10, schedule="constant", learning_rate=0.5)
    assert {learning_rate_at(step, config) for step in range(1, 20)} == {0.5}


@given(
    schedule=st.sampled_from(["constant", "linear", "cosine", "trapezoid"]),
    steps=st.integers(2, 200),
    warmup_share=st.floats(0, 0.99),
    minimum_share=st.floats(0, 1),
)
def test_the_rate_rises_to_its_peak_and_then_never_rises(
    schedule: str, steps: int, warmup_share: float, minimum_share: float
) -> None:
    config = TrainingConfig.from_dict(
        {
            "steps": steps,
            "schedule": schedule,
            "warmup_steps": int(warmup_share * (steps - 1)),
            "learning_rate": 0.1,
            "minimum_learning_rate": 0.1 * minimum_share,
        }
    )
    rates = [learning_rate_at(step, config) for step in range(1, steps + 1)]
    peak = config.warmup_steps
    assert rates[peak] == pytest.approx(0.1)
    assert all(a < b for a, b in pairwise(rates[: peak + 1]))
    assert all(a >= b - 1e-12 for a, b in pairwise(rates[peak:]))
    assert min(rates[peak:]) >= config.minimum_learning_rate - 1e-12
