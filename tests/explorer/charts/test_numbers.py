import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.charts.numbers import (
    format_fixed,
    format_number,
    format_signed,
    format_typed,
    whole_ticks,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "−1.5"),
        (0.7, "0.7"),
        (0.1 + 0.2, "0.3"),
        (math.pi, "3.142"),
        (1234.5678, "1235"),
        (12345.678, "12346"),
        (99999.4, "99999"),
        (99999.6, "100000"),
        (100000.0, "1e5"),
        (123456.0, "1.23e5"),
        (-2.5e10, "−2.5e10"),
        (1e100, "1e100"),
        (0.001, "0.001"),
        (0.0012345, "0.001234"),
        (0.00099, "9.9e−4"),
        (0.00099999, "1e−3"),
        (-1.2345e-7, "−1.23e−7"),
        (5e-324, "4.94e−324"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not a number"),
    ],
)
def test_how_a_number_is_written(number: float, text: str) -> None:
    assert format_number(number) == text


@pytest.mark.parametrize(
    ("digits", "text"), [(2, "3.1"), (3, "3.14"), (4, "3.142"), (6, "3.14159")]
)
def test_as_many_digits_as_asked_for(digits: int, text: str) -> None:
    assert format_number(math.pi, digits) == text


@given(number=st.floats(-1e308, 1e308))
def test_what_is_written_reads_back_as_nearly_the_same(number: float) -> None:
    text = format_number(number)
    assert "-" not in text
    assert len(text) <= 11
    read = float(text.replace("−", "-"))
    assert math.isclose(read, number, rel_tol=5.1e-3, abs_tol=5e-324)
    if 1e-3 <= abs(number) < 1e5:
        assert math.isclose(read, number, rel_tol=5.1e-4)


def test_what_is_added_keeps_its_sign_and_its_places() -> None:
    assert [format_signed(each) for each in (0.5, -0.25, 0.0)] == ["+0.500", "−0.250", "+0.000"]
    assert format_signed(-12.345, 1) == "−12.3"


def test_in_a_grid_the_places_are_the_same_and_nothing_is_less_than_zero_by_name_only() -> None:
    written = [format_fixed(each) for each in (0.5, -0.25, 0.0, -0.001, -12)]
    assert written == ["0.50", "−0.25", "0.00", "0.00", "−12.00"]


def test_what_was_typed_is_named_as_it_was_typed() -> None:
    typed = (12.7, -1, 70_000.0, 2**31 - 1)
    assert [format_typed(each) for each in typed] == ["12.7", "−1", "70,000", "2,147,483,647"]


def test_of_few_things_each_has_its_tick_and_nothing_between_them() -> None:
    assert whole_ticks(2) == {"dtick": 1}
    assert whole_ticks(300) == {}
