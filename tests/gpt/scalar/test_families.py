"""Members of a family are values like any other: what they say of themselves adds up."""

from collections import defaultdict

import pytest

from gpt.scalar.families import Matrix, Scaled
from gpt.scalar.functions import add, dot, linear, relu, rmsnorm
from gpt.scalar.value import Id, Value, backward, computed_values


def gradients_value_by_value(root: Value) -> dict[Id, float]:
    """The chain rule over the children and local gradients that each value states."""
    gradients: defaultdict[Value, float] = defaultdict(float, {root: 1.0})
    for value in reversed(computed_values(root)):
        for child, local_gradient in zip(value.children, value.local_gradients, strict=True):
            gradients[child] += gradients[value] * local_gradient
    return {value.id: gradient for value, gradient in gradients.items()}


def test_as_a_whole_and_one_by_one_the_same_gradients() -> None:
    x = [Value.leaf(number, f"x{i}") for i, number in enumerate((0.5, -1.5, 2.0))]
    weight = Matrix("w", [[0.3, -0.2, 0.9], [-1.0, 0.4, 0.1], [0.7, 0.8, -0.6]])
    embedding = Matrix("e", [[0.1, 0.2, 0.3], [-0.5, 0.6, 0.7]])
    hidden = rmsnorm(add(embedding[1], x))
    hidden = add(relu(linear(hidden, weight)), hidden)
    # The matrix is used twice, and one of its rows as leaves besides.
    hidden = linear(add(hidden, weight[2]), weight)
    root = dot(hidden, x)
    gradients, one_by_one = backward(root), gradients_value_by_value(root)
    assert gradients == pytest.approx(one_by_one, rel=1e-13)
    assert ("e", 1, 0) in gradients
    assert ("e", 0, 0) not in gradients


def test_a_matrix_gives_the_same_leaves_each_time() -> None:
    matrix = Matrix("w", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(matrix) == 3
    assert matrix[1] is matrix[1]
    assert [leaf.id for leaf in matrix[1]] == [("w", 1, 0), ("w", 1, 1)]
    assert [[leaf.data for leaf in row] for row in matrix] == matrix.rows
    assert matrix.columns == [(1.0, 3.0, 5.0), (2.0, 4.0, 6.0)]


def test_to_look_at_a_member_changes_no_gradient() -> None:
    """Its children are leaves of the matrix, which are made when somebody asks."""
    x = [Value.leaf(1.0, "a"), Value.leaf(2.0, "b")]
    product = linear(x, Matrix("w", [[1.0, 2.0], [3.0, 4.0]]))
    root = product[0] * product[1]
    before = backward(root)
    children = product[1].children
    assert [child.id for child in children] == [("w", 1, 0), ("w", 1, 1), "a", "b"]
    assert product[1].local_gradients == (1.0, 2.0, 3.0, 4.0)
    assert backward(root) == before


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError):
        Matrix("w", [[1.0, 2.0], [3.0]])


def test_vectors_that_do_not_fit_are_refused() -> None:
    x = [Value.leaf(1.0, "a"), Value.leaf(2.0, "b")]
    with pytest.raises(ValueError):
        add(x, x[:1])


@pytest.mark.parametrize("operation", [lambda x: relu(x), lambda x: add(x, x), rmsnorm])
def test_a_member_rests_on_what_it_says_and_its_slope_is_there(operation) -> None:
    x = [Value.leaf(2.0, "a"), Value.leaf(-3.0, "b")]
    for member in operation(x):
        assert backward(member) == pytest.approx(
            {"a": 0.0, "b": 0.0} | gradients_value_by_value(member)
        )


def test_a_scale_may_have_other_uses() -> None:
    x, scale = [Value.leaf(2.0, "a"), Value.leaf(-3.0, "b")], Value.leaf(0.5, "s")
    first, second = Scaled(x, scale).members()
    assert (first.data, second.data) == (1.0, -1.5)
    gradients = backward(first * scale + second)
    assert gradients["s"] == 2.0 * 0.5 + 1.0 - 3.0
    assert (gradients["a"], gradients["b"]) == (0.25, 0.5)


def test_at_its_kink_a_relu_hands_nothing_down() -> None:
    x = [Value.leaf(number, f"x{i}") for i, number in enumerate((0.0, -0.0, 5e-324))]
    a, b, c = relu(x)
    gradients = backward(a + b + c)
    assert [gradients[f"x{i}"] for i in range(3)] == [0.0, 0.0, 1.0]
    assert [member.local_gradients for member in (a, b, c)] == [(0.0,), (0.0,), (1.0,)]
