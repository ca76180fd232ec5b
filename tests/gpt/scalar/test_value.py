import gc
import math
from collections.abc import Callable

import pytest

from gpt.scalar.families import Matrix
from gpt.scalar.functions import add, dot, linear, relu, rmsnorm
from gpt.scalar.value import (
    Computed,
    DuplicateNameError,
    UndefinedError,
    Value,
    backward,
    computed_values,
)


def leaves(**numbers: float) -> list[Value]:
    return [Value.leaf(number, name) for name, number in numbers.items()]


def test_micrograds_sanity_check() -> None:
    (x,) = leaves(x=-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    assert y.data == -20.0
    assert backward(y)["x"] == 46.0


def test_micrograds_more_operations() -> None:
    a, b = leaves(a=-4.0, b=2.0)
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + (b + a).relu())
    d = d + (3 * d + (b - a).relu())
    e = c - d
    f = e**2
    g = f / 2.0
    g = g + 10.0 / f
    gradients = backward(g)
    assert g.data == pytest.approx(24.70408163265306, rel=1e-14)
    assert gradients["a"] == pytest.approx(138.83381924198252, rel=1e-14)
    assert gradients["b"] == pytest.approx(645.5772594752187, rel=1e-14)


def test_the_lectures_neuron() -> None:
    x1, x2, w1, w2, b = leaves(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    output = (x1 * w1 + x2 * w2 + b).tanh()
    gradients = backward(output)
    assert output.data == pytest.approx(math.sqrt(0.5), rel=1e-14)
    expected = {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0}
    assert {name: gradients[name] for name in expected} == pytest.approx(expected, rel=1e-14)


def test_a_value_used_twice_is_owed_twice() -> None:
    (a,) = leaves(a=3.0)
    square = a * a
    assert square.data == 9.0
    assert backward(square)["a"] == 6.0


@pytest.mark.parametrize(
    ("expression", "value", "slope"),
    [
        (lambda a: a + 3, 5.0, 1.0),
        (lambda a: 3 + a, 5.0, 1.0),
        (lambda a: a - 3, -1.0, 1.0),
        (lambda a: 3 - a, 1.0, -1.0),
        (lambda a: a * 3, 6.0, 3.0),
        (lambda a: 3 * a, 6.0, 3.0),
        (lambda a: a / 4, 0.5, 0.25),
        (lambda a: 4 / a, 2.0, -1.0),
        (lambda a: a**3, 8.0, 12.0),
        (lambda a: a**0, 1.0, 0.0),
        (lambda a: a**-1, 0.5, -0.25),
        (lambda a: 3**a, 9.0, 9 * math.log(3)),
        (lambda a: -a, -2.0, -1.0),
        (lambda a: a.exp(), math.e**2, math.e**2),
        (lambda a: a.log(), math.log(2), 0.5),
        (lambda a: a.relu(), 2.0, 1.0),
        (lambda a: (-a).relu(), 0.0, 0.0),
        (lambda a: a.tanh(), math.tanh(2), 1 / math.cosh(2) ** 2),
        (lambda a: a**a, 4.0, 4 * (math.log(2) + 1)),
        (lambda a: a - a, 0.0, 0.0),
        (lambda a: a / a, 1.0, 0.0),
    ],
)
def test_every_operation_at_two(
    expression: Callable[[Value], Value], value: float, slope: float
) -> None:
    (a,) = leaves(a=2.0)
    result = expression(a)
    assert result.data == pytest.approx(value, rel=1e-15)
    assert backward(result)["a"] == pytest.approx(slope, rel=1e-14)


def test_local_gradients_are_there_before_any_backward() -> None:
    a, b = leaves(a=2.0, b=-3.0)
    assert (a * b).local_gradients == (-3.0, 2.0)
    assert (a * b).children == (a, b)
    assert (a / b).local_gradients == pytest.approx((-1 / 3, -2 / 9))
    assert a.children == ()
    assert a.operation == "leaf"
    assert repr(a * b).startswith("Value(data=-6, operation='mul', id=")


def test_gradients_of_all_values_on_the_way_are_filed_under_their_ids() -> None:
    a, b = leaves(a=2.0, b=-3.0)
    product = a * b
    root = product + a
    assert backward(root) == {root.id: 1.0, product.id: 1.0, "a": -2.0, "b": 2.0}
    assert backward(a) == {"a": 1.0}
    assert computed_values(root) == [product, root]
    assert computed_values(a) == []


def test_ids_count_upwards() -> None:
    (a,) = leaves(a=2.0)
    values = [a + 1, a * a, *relu([a, a]), a.exp()]
    ids = [value.id for value in values]
    assert ids == sorted(set(ids))


@pytest.mark.usefixtures("cycle_collector_off")
def test_a_chain_of_100_000_values_is_no_deeper_than_one_of_three() -> None:
    def count_of_nodes() -> int:
        return sum(type(thing) is Computed for thing in gc.get_objects())

    (a,) = leaves(a=1.0)
    value = a
    for _ in range(50_000):
        value = (value + 1.0) * 1.0
    assert value.data == 50_001.0
    assert len(computed_values(value)) == 100_000
    gradients = backward(value)
    assert gradients["a"] == 1.0
    assert len(gradients) == 100_001
    assert count_of_nodes() == 100_000
    del value
    assert count_of_nodes() == 0


def test_a_chain_that_doubles_at_every_link() -> None:
    """2**300 paths, 300 nodes."""
    (a,) = leaves(a=1.0)
    value = a
    for _ in range(300):
        value = value + value
    assert backward(value)["a"] == 2.0**300


def test_two_leaves_of_one_name_are_an_error() -> None:
    with pytest.raises(DuplicateNameError, match="two different leaves are named 'a'; each needs"):
        backward(Value.leaf(1.0, "a") + Value.leaf(2.0, "a"))
    (a,) = leaves(a=1.0)
    assert backward(a + a)["a"] == 2.0


def test_the_one_double_name_among_100_000_is_found_at_once() -> None:
    value = Value.leaf(0.0, "twice")
    for i in range(50_000):
        value = value + Value.leaf(1.0, f"leaf {i}")
    with pytest.raises(DuplicateNameError, match="'twice'"):
        backward(value + Value.leaf(1.0, "twice"))


@pytest.mark.parametrize("is_used_as_leaf", [False, True])
def test_a_parameter_may_not_share_its_name(is_used_as_leaf: bool) -> None:
    matrix = Matrix("w", [[1.0, 2.0], [3.0, 4.0]])
    x = leaves(a=1.0, b=2.0)
    sum_of_rows = dot(linear(x, matrix), leaves(c=1.0, d=1.0))
    if is_used_as_leaf:
        sum_of_rows = sum_of_rows + matrix[1][0]
    with pytest.raises(DuplicateNameError, match=r"\('w', 1, 0\)"):
        backward(sum_of_rows + Value.leaf(1.0, ("w", 1, 0)))
    assert backward(sum_of_rows)["w", 1, 0] == 1.0 + is_used_as_leaf


def test_two_matrices_of_one_name_are_an_error() -> None:
    x = leaves(a=1.0, b=2.0)
    one, other = (linear(x, Matrix("w", [[number, 0.0]])) for number in (1.0, 2.0))
    with pytest.raises(DuplicateNameError, match=r"\('w', 0, 0\)"):
        backward(one[0] + other[0])


def test_backward_changes_nothing() -> None:
    def everything(values: list[Value]) -> list[tuple[object, ...]]:
        return [
            (v, v.data, v.id, v.children, v.local_gradients, v.operation, v.constants, v.family)
            for v in values
        ]

    matrix = Matrix("w", [[1.0, 2.0, -1.0], [3.0, -4.0, 0.5]])
    x = leaves(a=1.0, b=2.0, c=-0.5)
    hidden = relu(linear(rmsnorm(add(x, matrix[0])), matrix))
    root = dot(hidden, hidden) / 3 + (x[0] * x[1] - x[2]).tanh() ** 2
    values = [*computed_values(root), *x, *matrix[0], *matrix[1]]
    before = everything(values)
    rows = [list(row) for row in matrix.rows]
    first = backward(root)
    assert everything(values) == before
    assert matrix.rows == rows
    assert backward(root) == first


UNDEFINED: list[tuple[Callable[[Value], Value], float, str]] = [
    (lambda a: 1 / a, 0.0, "division by zero: 1 / 0 is undefined; the divisor must not be 0"),
    (lambda a: a / 0, 2.0, "division by zero: 2 / 0 is undefined; the divisor must not be 0"),
    (lambda a: a / a, 0.0, "division by zero: 0 / 0 is undefined; the divisor must not be 0"),
    (lambda a: 1 / a, -0.0, "division by zero: 1 / 0 is undefined; the divisor must not be 0"),
    (lambda a: 1 / a, 5e-324, "1 / 4.94066e-324 overflows; the divisor is too close to 0"),
    (lambda a: 1 / a, 1e-200, "1e+200 / 1e-200 overflows; the divisor is too close to 0"),
    (lambda a: a / 5e-324, 1.0, "1 / 4.94066e-324 overflows; the divisor is too close to 0"),
    (lambda a: a.log(), 0.0, "log(0) is undefined; the logarithm needs a positive number"),
    (lambda a: a.log(), -1.0, "log(-1) is undefined; the logarithm needs a positive number"),
    (lambda a: a.log(), 5e-324, "1 / 4.94066e-324 overflows; the divisor is too close to 0"),
    (lambda a: a.exp(), 710.0, "exp(710) overflows; the largest argument is about 709"),
    (lambda a: a**-1, 0.0, "0 ** -1 is undefined; a negative power needs a base other than 0"),
    (lambda a: a**0.5, 0.0, "0 ** 0.5 has no finite slope here"),
    (lambda a: a**0.5, -0.0, "-0 ** 0.5 has no finite slope here"),
    (
        lambda a: a ** (1 / 3),
        -8.0,
        "(-8) ** 0.333333 is not a real number; "
        "a fractional power needs a base that is not negative",
    ),
    (lambda a: a**2, 1e200, "1e+200 ** 2 overflows"),
    (lambda a: a**-1023, 0.5, "0.5 ** -1023 has no finite slope here"),
    (lambda a: a**1023, 2.0, "2 ** 1023 has no finite slope here"),
    (lambda a: a**a, -1.0, "(-1) ** -1: a variable exponent needs a positive base"),
    (lambda a: a**a, 0.0, "0 ** 0: a variable exponent needs a positive base"),
    (lambda a: a**a, 200.0, "200 ** 200 overflows"),
    (lambda a: a ** (a * 0 - 1023), 0.5, "0.5 ** -1023 has no finite slope here"),
    (lambda a: a ** (a * 0 + 1), 1e308, "1e+308 ** 1 has no finite slope here"),
    (lambda a: 0**a, 2.0, "0 ** 2: a variable exponent needs a positive base"),
    (lambda a: (-2) ** a, 2.0, "(-2) ** 2: a variable exponent needs a positive base"),
    (lambda a: 10**a, 309.0, "10 ** 309 overflows"),
    (lambda a: 10**a, 308.0, "10 ** 308 has no finite slope here"),
]


@pytest.mark.parametrize(("expression", "number", "message"), UNDEFINED)
def test_what_is_undefined_says_so(
    expression: Callable[[Value], Value], number: float, message: str
) -> None:
    with pytest.raises(UndefinedError) as caught:
        expression(Value.leaf(number, "a"))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("expression", "number", "value", "slope"),
    [
        (lambda a: a**3, 0.0, 0.0, 0.0),
        (lambda a: a**1, 0.0, 0.0, 1.0),
        (lambda a: a**1.5, 0.0, 0.0, 0.0),
        (lambda a: a**0, 0.0, 1.0, 0.0),
        (lambda a: a**3, -2.0, -8.0, 12.0),
        (lambda a: a**-3, -2.0, -0.125, -3 / 16),
        (lambda a: a.exp(), -1000.0, 0.0, 0.0),
        (lambda a: a.tanh(), 1000.0, 1.0, 0.0),
        (lambda a: a.relu(), 0.0, 0.0, 0.0),
    ],
)
def test_what_is_defined_after_all(
    expression: Callable[[Value], Value], number: float, value: float, slope: float
) -> None:
    result = expression(Value.leaf(number, "a"))
    assert result.data == value
    assert backward(result)["a"] == slope
