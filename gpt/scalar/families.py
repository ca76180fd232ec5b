"""Values computed in one go: the rows of W·x, a sum of two vectors, a vector scaled, or rectified.

Each family does for whole vectors what `Value` does for single numbers, and every member is still
a value with children and local gradients of its own, to be looked at or expanded like any other.
What is gained is speed: one pass over a list costs far less than as many visits to single values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import mul

from gpt.scalar.value import Gradients, GradientSums, Id, Member, ParameterUses, Value


class Matrix:
    """A matrix of parameters: rows of leaves with the ids (name, row, column). (m, n)

    Its numbers are plain floats; a leaf is made of one when somebody asks for its row.
    """

    def __init__(
        self,
        name: str,
        rows: Sequence[Sequence[float]],
        ids: Sequence[Sequence[Id]] | None = None,
    ) -> None:
        self.name = name
        self.rows = rows
        self.columns = list(zip(*rows, strict=True))
        self.ids = ids or [[(name, i, j) for j in range(len(row))] for i, row in enumerate(rows)]
        self._leaves: dict[int, tuple[Value, ...]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, row: int) -> tuple[Value, ...]:
        """The leaves of one row, the same ones each time."""
        leaves = self._leaves.get(row)
        if leaves is None:
            pairs = zip(self.rows[row], self.ids[row], strict=True)
            leaves = self._leaves[row] = tuple([Value(number, id) for number, id in pairs])
        return leaves

    def hand_down(
        self, uses: Sequence[tuple[Sequence[float], Sequence[float]]], into: GradientSums
    ) -> Gradients:
        """dW = Σ dy·xᵀ over all the products y = W·x."""
        dys = zip(*[dy for dy, _ in uses], strict=True)
        xs = list(zip(*[x for _, x in uses], strict=True))
        by_id: Gradients = {}
        for row, dy in enumerate(dys):
            gradients = [sum(map(mul, dy, x)) for x in xs]
            if row in self._leaves and not into.keys().isdisjoint(self._leaves[row]):
                for leaf, gradient in zip(self._leaves[row], gradients, strict=True):
                    into[leaf] += gradient
            else:
                by_id.update(zip(self.ids[row], gradients, strict=True))
        return by_id


class Product:
    """y = W·x. (m, n) · (n,) -> (m,)"""

    operation = "dot"

    def __init__(self, matrix: Matrix, x: Sequence[Value]) -> None:
        self.matrix = matrix
        self.size = len(matrix)
        self.x = x
        self.x_data = [value.data for value in x]

    def members(self) -> list[Value]:
        x_data = self.x_data
        return [
            Member(sum(map(mul, row, x_data)), self, index)
            for index, row in enumerate(self.matrix.rows)
        ]

    def children(self, index: int) -> tuple[Value, ...]:
        return (*self.matrix[index], *self.x)

    def local_gradients(self, index: int) -> tuple[float, ...]:
        return (*self.x_data, *self.matrix.rows[index])

    def sources(self) -> Iterable[Value]:
        return self.x

    def hand_down(
        self, gradients: Sequence[float], into: GradientSums, uses: ParameterUses
    ) -> None:
        """dx = Wᵀ·dy here; dW is summed over all uses of W at the end."""
        for value, column in zip(self.x, self.matrix.columns, strict=True):
            into[value] += sum(map(mul, gradients, column))
        uses[self.matrix].append((gradients, self.x_data))


class Sum:
    """y = a + b, element by element. (n,), (n,) -> (n,)"""

    operation = "add"

    def __init__(self, left: Sequence[Value], right: Sequence[Value]) -> None:
        self.left = left
        self.right = right
        self.size = len(left)

    def members(self) -> list[Value]:
        pairs = zip(self.left, self.right, strict=True)
        return [Member(a.data + b.data, self, index) for index, (a, b) in enumerate(pairs)]

    def children(self, index: int) -> tuple[Value, ...]:
        return self.left[index], self.right[index]

    def local_gradients(self, index: int) -> tuple[float, ...]:
        return 1.0, 1.0

    def sources(self) -> Iterable[Value]:
        return (*self.left, *self.right)

    def hand_down(
        self, gradients: Sequence[float], into: GradientSums, uses: ParameterUses
    ) -> None:
        """da = dy, db = dy"""
        for left, right, gradient in zip(self.left, self.right, gradients, strict=True):
            into[left] += gradient
            into[right] += gradient


class Scaled:
    """y = x · s for one number s. (n,), () -> (n,)"""

    operation = "mul"

    def __init__(self, x: Sequence[Value], scale: Value) -> None:
        self.x = x
        self.x_data = [value.data for value in x]
        self.scale = scale
        self.size = len(x)

    def members(self) -> list[Value]:
        scale = self.scale.data
        return [Member(number * scale, self, index) for index, number in enumerate(self.x_data)]

    def children(self, index: int) -> tuple[Value, ...]:
        return self.x[index], self.scale

    def local_gradients(self, index: int) -> tuple[float, ...]:
        return self.scale.data, self.x_data[index]

    def sources(self) -> Iterable[Value]:
        return (*self.x, self.scale)

    def hand_down(
        self, gradients: Sequence[float], into: GradientSums, uses: ParameterUses
    ) -> None:
        """dx = s · dy, ds = x · dy"""
        scale = self.scale.data
        for value, gradient in zip(self.x, gradients, strict=True):
            into[value] += gradient * scale
        into[self.scale] += sum(map(mul, gradients, self.x_data))


class Rectified:
    """y = max(0, x), element by element. (n,) -> (n,)"""

    operation = "relu"

    def __init__(self, x: Sequence[Value]) -> None:
        self.x = x
        self.size = len(x)

    def members(self) -> list[Value]:
        return [
            Member(value.data if value.data > 0 else 0.0, self, index)
            for index, value in enumerate(self.x)
        ]

    def children(self, index: int) -> tuple[Value, ...]:
        return (self.x[index],)

    def local_gradients(self, index: int) -> tuple[float, ...]:
        return (1.0 if self.x[index].data > 0 else 0.0,)

    def sources(self) -> Iterable[Value]:
        return self.x

    def hand_down(
        self, gradients: Sequence[float], into: GradientSums, uses: ParameterUses
    ) -> None:
        """dx = dy where x > 0, else 0"""
        for value, gradient in zip(self.x, gradients, strict=True):
            into[value] += gradient if value.data > 0 else 0.0
