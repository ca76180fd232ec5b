from __future__ import annotations

from collections.abc import Iterator
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.scalar.expression import parse
from gpt.scalar.functions import add, dot, softmax
from gpt.scalar.paths import Path, PathSum, sum_over_paths
from gpt.scalar.value import Value, backward, computed_values


def paths_of(text: str, leaf: str, at_most: int = 5, **numbers: float) -> PathSum:
    evaluation = parse(text).evaluate(numbers)
    gradient = backward(evaluation.output)[leaf]
    return sum_over_paths(evaluation.output, evaluation.leaves[leaf], gradient, at_most)


def enumerate_paths(root: Value, value: Value) -> Iterator[tuple[float, tuple[Value, ...]]]:
    """Every path from `value` up to `root`, by walking them all."""
    if root is value:
        yield 1.0, (root,)
    for child, local_gradient in zip(root.children, root.local_gradients, strict=True):
        for contribution, values in enumerate_paths(child, value):
            yield contribution * local_gradient, (*values, root)


def check(path: Path, root: Value, value: Value) -> None:
    """A path is what it says: from value to root, child by child, worth its slopes' product."""
    assert path.values[0] is value
    assert path.values[-1] is root
    slopes = []
    for child, parent, index in zip(
        path.values[:-1], path.values[1:], path.child_indices, strict=True
    ):
        assert parent.children[index] is child
        slopes.append(parent.local_gradients[index])
    assert path.contribution == pytest.approx(prod(slopes), rel=1e-12)


def test_both_edges_of_a_square() -> None:
    paths = paths_of("a*a", "a", a=3.0)
    assert (paths.count, paths.rest) == (2, 0.0)
    assert [path.contribution for path in paths.largest] == [3.0, 3.0]
    assert {path.child_indices for path in paths.largest} == {(0,), (1,)}


def test_one_direct_way_and_one_around() -> None:
    paths = paths_of("a*b + a**2", "a", a=2.0, b=-3.0)
    assert [path.contribution for path in paths.largest] == [4.0, -3.0]
    assert [[value.operation for value in path.values] for path in paths.largest] == [
        ["leaf", "pow", "add"],
        ["leaf", "mul", "add"],
    ]


def test_the_largest_by_size_come_first_and_the_rest_is_one_number() -> None:
    text = " + ".join(f"{k}*a" for k in (1, -9, 3, -7, 5))
    paths = paths_of(text, "a", at_most=3)
    assert paths.count == 5
    assert [path.contribution for path in paths.largest] == [-9.0, -7.0, 5.0]
    assert paths.rest == 4.0


def test_more_paths_than_atoms_in_the_universe_are_counted_exactly() -> None:
    value = leaf = Value.leaf(1.0, "a")
    for i in range(400):
        value = value * 0.5 + value * (0.5 - (i % 2) / 4)
    gradient = backward(value)["a"]
    paths = sum_over_paths(value, leaf, gradient, at_most=3)
    assert paths.count == 2**400
    assert len(paths.largest) == 3
    assert paths.largest[0].contribution == 0.5**400
    shown = sum(path.contribution for path in paths.largest)
    assert paths.rest + shown == pytest.approx(gradient, rel=1e-12)
    for path in paths.largest:
        check(path, value, leaf)


def test_from_the_output_to_itself_there_is_one_way() -> None:
    leaf = Value.leaf(1.0, "a")
    assert sum_over_paths(leaf, leaf, 1.0) == PathSum(1, (Path(1.0, (leaf,), ()),), 0.0)


def test_where_no_way_leads_there_is_none() -> None:
    a, b = Value.leaf(1.0, "a"), Value.leaf(1.0, "b")
    assert sum_over_paths(a * 2, b, 0.0) == PathSum(0, (), 0.0)


def test_a_part_of_a_family() -> None:
    """What only the other member rests on is no way to this one."""
    a, b = Value.leaf(2.0, "a"), Value.leaf(3.0, "b")
    first, _ = add([a, b * 2], [a, a + b])
    assert sum_over_paths(first, a, 2.0).count == 2
    assert sum_over_paths(first, b, 0.0).count == 0


OPERATIONS = {
    1: (lambda a: a * -1.5, Value.tanh, lambda a: a + 1.0, lambda a: a * a),
    2: (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b),
    3: (lambda a, b, c: dot([a, b], [c, a]), lambda a, b, c: softmax([a, b, c])[1]),
}


@settings(max_examples=150)
@given(data=st.data(), at_most=st.integers(1, 6))
def test_walking_all_paths_finds_the_same(data: st.DataObject, at_most: int) -> None:
    leaves = [Value.leaf(data.draw(st.floats(-2, 2)), name) for name in "ab"]
    values = list(leaves)
    for _ in range(data.draw(st.integers(1, 6))):
        n_operands = data.draw(st.integers(1, 3))
        operands = [data.draw(st.sampled_from(values[-4:])) for _ in range(n_operands)]
        values.append(data.draw(st.sampled_from(OPERATIONS[n_operands]))(*operands))
    root = values[-1]
    gradients = backward(root)
    for value in {*computed_values(root), *leaves}:
        gradient = gradients.get(value.id, 0.0)
        paths = sum_over_paths(root, value, gradient, at_most)
        every = sorted((c for c, _ in enumerate_paths(root, value)), key=abs, reverse=True)
        assert paths.count == len(every)
        assert [abs(path.contribution) for path in paths.largest] == pytest.approx(
            [abs(contribution) for contribution in every[:at_most]]
        )
        assert len({(path.values, path.child_indices) for path in paths.largest}) == len(
            paths.largest
        )
        for path in paths.largest:
            check(path, root, value)
        total = sum(path.contribution for path in paths.largest) + paths.rest
        assert total == pytest.approx(sum(every), abs=1e-9 * (1 + sum(map(abs, every))))
        assert len(paths.largest) == min(at_most, len(every))
        assert paths.rest == 0.0 or len(every) > at_most
